"""The only reader of the wall clock. Pages, consumers, tasks and commands pass its instant down."""

from datetime import UTC, datetime


def now() -> datetime:
    """Give the current instant in UTC."""
    return datetime.now(tz=UTC)
