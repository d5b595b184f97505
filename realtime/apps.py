"""App configuration of the live rooms."""

from django.apps import AppConfig


class RealtimeConfig(AppConfig):
    """Connect the rooms to what the sessions announce and put them on the health page."""

    name = "realtime"

    def ready(self) -> None:
        """Connect receivers and checks; both need the apps' models."""
        from realtime import health, receivers

        receivers.connect()
        health.register_checks()
