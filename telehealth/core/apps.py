"""App configuration of telehealth.core."""

from django.apps import AppConfig


class CoreConfig(AppConfig):
    """Register telehealth.core under the label `core`."""

    name = "telehealth.core"
    label = "core"
    default_auto_field = "django.db.models.BigAutoField"
