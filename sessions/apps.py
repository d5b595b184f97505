"""App configuration of the group-session domain."""

from django.apps import AppConfig


class SessionsConfig(AppConfig):
    """Register `sessions` under the label `iop`, since Django's own sessions app owns `sessions`."""

    name = "sessions"
    label = "iop"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Connect receivers and register checks; both need the apps' models."""
        from sessions import checks, receivers  # noqa: F401 - importing registers the checks

        receivers.connect()
