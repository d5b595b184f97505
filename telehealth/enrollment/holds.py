"""Periods of hold, read from the dated steps of an episode. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from .models import EnrollmentState

HOLD_MAX_DAYS = 14
"""Days after which somebody on hold is expected back at the latest (domain.md 7, `hold_max_days`)."""

Hold = tuple[date, date | None]
"""First day on hold, and the first day back; None while the hold lasts."""


def hold_spans(steps: Iterable[tuple[EnrollmentState, date]]) -> tuple[Hold, ...]:
    """Give the periods of hold from the steps of one episode, in the order in which they were written.

    A discharge from hold ends it after the last day of service. A step that repeats the state (another track)
    changes nothing; a hold taken back on the day it began was none.
    """
    found: list[Hold] = []
    since: date | None = None
    for state, effective_on in steps:
        if state is EnrollmentState.ON_HOLD:
            since = effective_on if since is None else since
        elif since is not None:
            is_discharge = state is EnrollmentState.DISCHARGED
            back = effective_on + timedelta(days=1) if is_discharge else effective_on
            if since < back:
                found.append((since, back))
            since = None
    return (*found, (since, None)) if since is not None else tuple(found)
