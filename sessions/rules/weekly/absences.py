"""Missed sessions in a row, and what the program does about them.

The steps are data with their words in one place. Their source is domain.md 3.1 (outreach to those who do not
join: a reminder at once, a clinician's call within the hour, the supervisor after two) and 7 (three no-shows,
or 14 days without contact, open outreach before a discharge is considered).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

DAYS_WITHOUT_CONTACT = 14
"""Days after the last contact from which staying away asks for the last step, whatever the count."""
TRY_AGAIN_AFTER = timedelta(hours=24)
"""How long after an attempt that reached nobody the next one is due."""


class Visit(StrEnum):
    """What one expected session says about staying away."""

    ATTENDED = "ATTENDED"  # came, however briefly
    MISSED = "MISSED"  # a no-show, undecided or unexcused
    EXCUSED = "EXCUSED"  # passed over: neither counted nor a return
    NOT_HELD = "NOT_HELD"  # the program's doing: passed over


@dataclass(frozen=True, slots=True)
class OutreachStep:
    """One step: from how many missed sessions in a row, what to do, and how soon after the last one's end.

    `due_within` None means by the end of that day of the program's calendar.
    """

    number: int
    misses: int
    title: str
    what_to_do: str
    due_within: timedelta | None


STEPS = (
    OutreachStep(
        1,
        1,
        "Reminder and message",
        "Send a reminder and a message the same day, and ask what got in the way.",
        None,
    ),
    OutreachStep(
        2,
        2,
        "Clinician's call",
        "A clinician calls within the hour and tells the supervisor.",
        timedelta(hours=1),
    ),
    OutreachStep(
        3,
        3,
        "Discharge review",
        "Call, try the emergency contact if that is allowed, and review the case before any discharge.",
        timedelta(hours=24),
    ),
)


def missed_in_a_row(visits: Iterable[Visit]) -> int:
    """Count missed sessions since the patient last came; `visits` run from the oldest to the newest.

    An excused absence and a session that was not held pause the count: they are no sign of having stayed away
    and no return either. Only coming ends it.
    """
    count = 0
    for visit in visits:
        if visit is Visit.ATTENDED:
            count = 0
        elif visit is Visit.MISSED:
            count += 1
    return count


def step_due(misses: int, *, last_contact_on: date, today: date) -> OutreachStep | None:
    """Give the step that so many missed sessions in a row ask for; None without any."""
    if not misses:
        return None
    if (today - last_contact_on).days >= DAYS_WITHOUT_CONTACT:
        return STEPS[-1]
    return next(step for step in reversed(STEPS) if misses >= step.misses)
