"""Minutes, status and flags of one patient in one session (steps 7 to 9 of the credit)."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from sessions.rules.conditions.service_types import ServiceType
from sessions.rules.conditions.terms import CreditTerms, PartialCreditMode
from sessions.rules.crediting.held import Held, Stage
from sessions.rules.crediting.qualify import Qualified
from sessions.rules.document.evidence import SessionEvidence
from sessions.rules.time.instants import MINUTE
from sessions.rules.time.intervals import Intervals

PRESENT_RATIO = Fraction(9, 10)
ADMIT_DELAY_SEC = 120


class Status(StrEnum):
    """What a session was for a patient."""

    CANCELLED_BY_PROGRAM = "CANCELLED_BY_PROGRAM"
    SCHEDULED = "SCHEDULED"
    EXPECTED = "EXPECTED"
    IN_PROGRESS = "IN_PROGRESS"
    NO_SHOW = "NO_SHOW"
    NO_CREDIT = "NO_CREDIT"
    PRESENT = "PRESENT"
    PARTIAL = "PARTIAL"
    PARTIAL_LOW = "PARTIAL_LOW"


class Flag(StrEnum):
    """Something a reader of the attendance should know."""

    LATE = "LATE"
    ADMIT_DELAY = "ADMIT_DELAY"
    EARLY_LEAVE = "EARLY_LEAVE"
    BRIDGED = "BRIDGED"
    FACILITATOR_GAP = "FACILITATOR_GAP"
    AUDIO_ONLY = "AUDIO_ONLY"
    CAMERA_OFF = "CAMERA_OFF"
    OVERLAP = "OVERLAP"
    GROUP_TOO_SMALL = "GROUP_TOO_SMALL"
    GROUP_TOO_LARGE = "GROUP_TOO_LARGE"


GROUP_FLAGS = frozenset({Flag.GROUP_TOO_SMALL, Flag.GROUP_TOO_LARGE})
_WITHOUT_FLAGS = frozenset({Status.SCHEDULED, Status.EXPECTED, Status.CANCELLED_BY_PROGRAM})


@dataclass(frozen=True, slots=True)
class Credit:
    """The minutes of one patient in one session."""

    credited_min: int
    billable_min: int
    hours_min: int
    ratio: Fraction
    status: Status


def is_cancelled(session: SessionEvidence, held: Held) -> bool:
    """Say whether the program did not deliver: it cancelled, or the session is over and nothing was led."""
    return session.cancelled_by_program or (held.stage.is_over and not held.delivered)


def credit(session: SessionEvidence, held: Held, one: Qualified, terms: CreditTerms) -> Credit:
    """Turn qualified seconds into minutes, floored once."""
    ratio = presence_ratio(held, one.qualified)
    minutes = one.qualified.seconds // MINUTE
    is_threshold = terms.partial_credit_mode is PartialCreditMode.THRESHOLD
    has_none = (
        is_cancelled(session, held)
        or minutes < terms.min_credit_min
        or (is_threshold and ratio < Fraction(terms.min_presence_ratio))
    )
    credited_min = 0 if has_none else minutes
    return Credit(
        credited_min=credited_min,
        billable_min=one.strict.seconds // MINUTE if credited_min else 0,
        hours_min=credited_min if session.service_type.counts else 0,
        ratio=ratio,
        status=_status(session, held, one, terms, credited_min=credited_min, ratio=ratio),
    )


def presence_ratio(held: Held, qualified: Intervals) -> Fraction:
    """Give the share of what was delivered, leaving out incidents the patient could not attend."""
    countable = (held.delivered - (held.incidents - qualified)).seconds
    return Fraction(qualified.seconds, countable) if countable else Fraction(0)


def _status(
    session: SessionEvidence,
    held: Held,
    one: Qualified,
    terms: CreditTerms,
    *,
    credited_min: int,
    ratio: Fraction,
) -> Status:
    if is_cancelled(session, held):
        return Status.CANCELLED_BY_PROGRAM
    if held.stage is Stage.SCHEDULED:
        return Status.SCHEDULED
    if held.stage is Stage.RUNNING:
        return Status.IN_PROGRESS if one.present else Status.EXPECTED
    if not one.present:
        return Status.NO_SHOW
    if not credited_min:
        return Status.NO_CREDIT
    if ratio >= PRESENT_RATIO:
        return Status.PRESENT
    return Status.PARTIAL if ratio >= Fraction(terms.min_presence_ratio) else Status.PARTIAL_LOW


def flags(
    session: SessionEvidence,
    held: Held,
    one: Qualified,
    terms: CreditTerms,
    *,
    status: Status,
    group_flags: frozenset[Flag],
) -> tuple[Flag, ...]:
    """List a patient's flags, sorted; `group_flags` are those of the whole session."""
    if status in _WITHOUT_FLAGS:
        return ()
    if status is Status.NO_SHOW:
        return tuple(sorted(group_flags))
    return tuple(sorted({*_own_flags(session, held, one, terms), *group_flags}))


def _own_flags(session: SessionEvidence, held: Held, one: Qualified, terms: CreditTerms) -> Iterable[Flag]:
    """Judge a patient with presence in a session that was opened."""
    window, present = held.window, one.present
    if held.opened_at is None or not present:
        return
    arrived_at = present.start if one.lobby_at is None else one.lobby_at
    if arrived_at > max(held.opened_at, session.scheduled_start) + terms.late_grace_min * MINUTE:
        yield Flag.LATE
    if one.lobby_at is not None and present.start > max(one.lobby_at, held.opened_at) + ADMIT_DELAY_SEC:
        yield Flag.ADMIT_DELAY
    if (
        held.stage is not Stage.RUNNING
        and window
        and present.end < window.end - terms.early_leave_grace_min * MINUTE
    ):
        yield Flag.EARLY_LEAVE
    if one.bridged_gaps & one.qualified:
        yield Flag.BRIDGED
    if window - held.led_bridged:
        yield Flag.FACILITATOR_GAP
    if one.audio_only & present & window:
        yield Flag.AUDIO_ONLY
    if one.camera_off & present & window:
        yield Flag.CAMERA_OFF
    if one.lost:
        yield Flag.OVERLAP


def group_flags(
    session: SessionEvidence,
    held: Held,
    terms: CreditTerms,
    *,
    present: Iterable[Intervals],
    patients_with_credit: int,
) -> frozenset[Flag]:
    """Judge the size of a group; `terms` are the session's own."""
    if not session.service_type.is_group:
        return frozenset()
    found: set[Flag] = set()
    if held.stage is not Stage.RUNNING and patients_with_credit < terms.group_min:
        found.add(Flag.GROUP_TOO_SMALL)
    is_education = session.service_type is ServiceType.PSYCHOEDUCATION
    limit = terms.education_max if is_education else terms.group_max
    if most_at_once(one & held.window for one in present) > limit:
        found.add(Flag.GROUP_TOO_LARGE)
    return frozenset(found)


def most_at_once(sets: Iterable[Intervals]) -> int:
    """Count the sets that share one instant, where they are most."""
    edges: list[tuple[int, int]] = []
    for one in sets:
        for start, end in one:
            edges += ((start, 1), (end, -1))
    most = now = 0
    # Sorted, an end comes before a start at the same instant: half-open intervals that touch do not meet.
    for _, step in sorted(edges):
        now += step
        most = max(most, now)
    return most
