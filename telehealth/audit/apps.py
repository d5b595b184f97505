"""App configuration of telehealth.audit."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """Register telehealth.audit under the label `audit`."""

    name = "telehealth.audit"
    label = "audit"
    default_auto_field = "django.db.models.BigAutoField"
