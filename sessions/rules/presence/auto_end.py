"""The auto-end rule: a session without a clinician warns, and then has ended when the last one left."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class AutoEndStep(StrEnum):
    """What is to be done now."""

    NOTHING = "nothing"
    WARN = "warn"
    END = "end"


@dataclass(frozen=True, slots=True)
class AutoEnd:
    """The step, when the session ends unless a clinician returns, and when it will then have ended."""

    step: AutoEndStep
    deadline: datetime | None = None
    ended_at: datetime | None = None


def auto_end(*, departed_at: datetime, as_of: datetime, auto_end_min: int) -> AutoEnd:
    """Decide for an open session.

    `departed_at` is when the last facilitator left, or the opening if none was there since; `as_of` itself
    while one is in the room (`SessionPresence.facilitators_left_at` gives all three). `as_of` is the time up
    to which facts have been read, so that a slow journal never ends a session.
    """
    if departed_at >= as_of:
        return AutoEnd(AutoEndStep.NOTHING)
    deadline = departed_at + timedelta(minutes=auto_end_min)
    step = AutoEndStep.END if as_of >= deadline else AutoEndStep.WARN
    return AutoEnd(step, deadline=deadline, ended_at=departed_at)
