"""The only reader of the wall clock. Pages, consumers, tasks and commands call it and pass the instant down."""

from datetime import UTC, datetime


def now() -> datetime:
    """Give the current instant in UTC."""
    return datetime.now(tz=UTC)
