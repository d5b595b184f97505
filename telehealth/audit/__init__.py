"""The audit trail: `from telehealth import audit`, then `audit.record(audit.AuditAction.SESSION_OPENED, ...)`."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .actions import AuditAction
    from .services import ChainReport, record, record_denial, verify

__all__ = ["AuditAction", "ChainReport", "record", "record_denial", "verify"]


def __getattr__(name: str) -> Any:  # the type checker reads the imports above
    """Import on first use: models may not be imported while Django is still loading this package."""
    from . import actions, services

    if name == "AuditAction":
        return actions.AuditAction
    if name in __all__:
        return getattr(services, name)
    raise AttributeError(name)
