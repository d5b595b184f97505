"""App configuration of telehealth.programs."""

from django.apps import AppConfig


class ProgramsConfig(AppConfig):
    """Register telehealth.programs under the label `programs`."""

    name = "telehealth.programs"
    label = "programs"
    default_auto_field = "django.db.models.BigAutoField"
