"""The limits of what people may do to computed minutes: how much, by whom alone, until when.

They are of the product, not of the calculation: no evidence file names them, so they are not credit terms,
and all programs share them (domain.md 3.2 marks them as policy). Here they stand in one place.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sessions.rules.crediting.timeline import PieceKind
from sessions.rules.time.instants import MINUTE, parse_instant
from sessions.rules.time.intervals import Intervals

DUAL_CONTROL_MIN = 15
"""`dual_control_min`: a larger change of credited minutes needs a second person."""

LATE_ENTRY_AFTER = timedelta(hours=72)
"""`late_entry_hours`: a correction entered later after the session's end is marked as a late entry."""

ATTEST_DUE_AFTER = timedelta(hours=24)
"""`attest_due_hours`: a roster that is unsigned for longer after the session's end is overdue."""

DISPUTE_WITHIN = timedelta(days=7)
"""How long a patient may object: after the session's end, and after each correction of their minutes."""

_CREDITED = frozenset({PieceKind.CREDITED, PieceKind.BRIDGED})

Timeline = Iterable[Mapping[str, object]]


@dataclass(frozen=True, slots=True)
class OtherCredit:
    """What another session of the same patient credits: its timeline, and whether a person raised it."""

    timeline: Timeline
    is_raised: bool


@dataclass(frozen=True, slots=True)
class Bounds:
    """How many minutes one row may be given: by the session's length, and beside the other sessions."""

    countable_min: int
    free_min: int


def bounds(timeline: Timeline, others: Iterable[OtherCredit] = ()) -> Bounds:
    """Give the most that a session may be credited with.

    `countable_min` are the whole minutes of the session's window without its breaks: `W - B` of `credit.md`
    section 4, which the stored timeline covers exactly. It is not `D`, the time a clinician was seen in the
    room: where our platform failed, nobody was seen, and that is what such a correction is for.
    `free_min` also leaves out the time for which another session credits the patient. Where a person raised
    that other session, nobody knows which minutes were meant, so that all of its time counts as taken.
    """
    countable = _spans(timeline, but=frozenset({PieceKind.BREAK}))
    taken = Intervals.union(
        _spans(other.timeline, but=frozenset({PieceKind.BREAK}))
        if other.is_raised
        else _spans(other.timeline, only=_CREDITED)
        for other in others
    )
    return Bounds(countable.seconds // MINUTE, (countable - taken).seconds // MINUTE)


def needs_second_person(*, new_min: int, base_min: int, by_clinician: bool) -> bool:
    """Say whether a change takes a second person.

    `base_min` is what two people agreed on last, or else what was computed: several small steps of one person
    are judged by where they lead. Whoever did not lead the session changes nothing alone.
    """
    return not by_clinician or abs(new_min - base_min) > DUAL_CONTROL_MIN


def is_late_entry(ended_at: datetime, at: datetime) -> bool:
    """Say whether a correction entered now is a late entry."""
    return at - ended_at > LATE_ENTRY_AFTER


def is_overdue(ended_at: datetime, at: datetime) -> bool:
    """Say whether a roster should have been signed by now."""
    return at - ended_at > ATTEST_DUE_AFTER


def dispute_until(ended_at: datetime, corrected_at: datetime | None) -> datetime:
    """Give the last instant at which the patient may object."""
    return max(ended_at, corrected_at or ended_at) + DISPUTE_WITHIN


def _spans(
    timeline: Timeline,
    *,
    only: frozenset[PieceKind] | None = None,
    but: frozenset[PieceKind] = frozenset(),
) -> Intervals:
    pieces = ((piece, PieceKind(str(piece["kind"]))) for piece in timeline)
    return Intervals.of(
        (parse_instant(str(piece["from"])), parse_instant(str(piece["to"])))
        for piece, kind in pieces
        if kind not in but and (only is None or kind in only)
    )
