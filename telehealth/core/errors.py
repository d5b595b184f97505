"""Errors of the domain. One handler turns them into pages, JSON or messages; nothing else catches them."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from .decision import Decision


class DomainError(Exception):
    """A refusal with a stable id, a sentence for people and, where there is one, the way out."""

    status: ClassVar[int] = 409

    def __init__(self, error: str, text: str, way_out: str | None = None) -> None:
        # Only the id goes into the exception's text: it ends in logs, sentences may name people.
        super().__init__(error)
        self.error = error
        self.text = text
        self.way_out = way_out


class Denied(DomainError):
    """The actor may not do this; carries the decision that said so."""

    status = 403

    def __init__(self, decision: Decision) -> None:
        super().__init__(str(decision.reason or "denied"), decision.text, decision.way_out)
        self.decision = decision


class Conflict(DomainError):
    """The state has moved on; the request no longer fits it."""


class NotReady(DomainError):
    """The state is not there yet; the same request may succeed later."""


class NotFound(DomainError):
    """The thing does not exist within the actor's scope."""

    status = 404

    def __init__(
        self, error: str = "not_found", text: str = "This does not exist, or you cannot see it."
    ) -> None:
        super().__init__(error, text)
