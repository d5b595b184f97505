"""App configuration of telehealth.accounts."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Register telehealth.accounts under the label `accounts`."""

    name = "telehealth.accounts"
    label = "accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Connect the receivers."""
        from . import receivers  # noqa: F401
