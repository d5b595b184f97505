"""The answer of a policy or gate: allowed, or not and why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from .errors import Denied


@dataclass(frozen=True, slots=True)
class Decision:
    """An answer fit for the person (`text`, `way_out`) and for the auditor (`reason`)."""

    allowed: bool
    reason: StrEnum | None
    text: str
    way_out: str | None

    @classmethod
    def allow(cls) -> Decision:
        """Answer yes."""
        return cls(allowed=True, reason=None, text="", way_out=None)

    @classmethod
    def deny(cls, reason: StrEnum, text: str, way_out: str | None = None) -> Decision:
        """Answer no; `way_out` says what the person can do about it."""
        return cls(allowed=False, reason=reason, text=text, way_out=way_out)

    def __bool__(self) -> bool:
        return self.allowed

    def require(self) -> None:
        """Raise `Denied` unless allowed."""
        if not self.allowed:
            raise Denied(self)
