"""App configuration of telehealth.core."""

from django.apps import AppConfig


class CoreConfig(AppConfig):
    """Register telehealth.core under the label `core`."""

    name = "telehealth.core"
    label = "core"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the system checks and the health checks of the kernel."""
        from . import checks, health_checks  # noqa: F401

        health_checks.register_all()
