"""App configuration of telehealth.enrollment."""

from django.apps import AppConfig


class EnrollmentConfig(AppConfig):
    """Register telehealth.enrollment under the label `enrollment`."""

    name = "telehealth.enrollment"
    label = "enrollment"
    default_auto_field = "django.db.models.BigAutoField"
