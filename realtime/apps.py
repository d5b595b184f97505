"""App configuration of the live rooms."""

from django.apps import AppConfig


class RealtimeConfig(AppConfig):
    """Connect the rooms to what the sessions announce and put them on the health page."""

    name = "realtime"
