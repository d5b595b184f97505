"""App configuration of telehealth.demo."""

from django.apps import AppConfig


class DemoConfig(AppConfig):
    """Register telehealth.demo under the label `demo`."""

    name = "telehealth.demo"
    label = "demo"
    default_auto_field = "django.db.models.BigAutoField"
