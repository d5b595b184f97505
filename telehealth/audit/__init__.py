"""The audit trail: `from telehealth import audit`, then `audit.record(audit.AuditAction...., ...)`."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .actions import AuditAction
    from .services import ChainReport, record, record_denial, verify

__all__ = ["AuditAction", "ChainReport", "record", "record_denial", "verify"]


def __getattr__(name: str) -> Any:  # the type checker reads the imports above
    """Import on first use: models may not be imported while Django is still loading this package."""
    if name not in __all__:
        # Also while a submodule is on its way in: `from . import` asks here first.
        raise AttributeError(name)
    return getattr(import_module(f"{__name__}.{'actions' if name == 'AuditAction' else 'services'}"), name)
