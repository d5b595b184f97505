"""Named checks of the parts the product stands on; apps register theirs when they start."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Health:
    """Whether a part works, and a sentence a person understands."""

    ok: bool
    text: str


@dataclass(frozen=True, slots=True)
class Report:
    """One line of the health page."""

    name: str
    health: Health


_checks: dict[str, Callable[[], Health]] = {}


def register(name: str, check: Callable[[], Health]) -> None:
    """Add a check under a name shown on the health page; the same name replaces the earlier check."""
    _checks[name] = check


def reports() -> list[Report]:
    """Run every check; one that breaks counts as a part that does not work."""
    return [Report(name, _run(name, check)) for name, check in _checks.items()]


def _run(name: str, check: Callable[[], Health]) -> Health:
    try:
        return check()
    except Exception:
        logger.warning("health.check_failed", exc_info=True, extra={"check": name})
        return Health(ok=False, text="The check itself failed; the log says why.")
