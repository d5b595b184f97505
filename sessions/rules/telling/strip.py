"""The strip of one patient in one session: its timeline as people read it, each second with one reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sessions.rules.crediting.timeline import PieceKind


class StripKind(StrEnum):
    """What a stretch was. Two kinds count; every other one is the reason why its seconds do not."""

    EARLY = "early"
    BEFORE = "before"
    WAITING = "waiting"
    AWAY = "away"
    AFTER = "after"
    ABSENT = "absent"
    BREAK = "break"
    NO_FACILITATOR = "no_facilitator"
    EXCLUDED_MODALITY = "excluded_modality"
    OVERLAP = "overlap"
    TOO_SHORT = "too_short"
    CANCELLED = "cancelled"
    BRIDGED = "bridged"
    CREDITED = "credited"

    @property
    def counts(self) -> bool:
        """Say whether its seconds count toward the patient's minutes."""
        return self in (StripKind.CREDITED, StripKind.BRIDGED)


@dataclass(frozen=True, slots=True)
class Stretch:
    """The time `[start, end)` with what it was."""

    start: datetime
    end: datetime
    kind: StripKind

    @property
    def seconds(self) -> int:
        """Give its length."""
        return int((self.end - self.start) / timedelta(seconds=1))


def read_timeline(timeline: Iterable[Mapping[str, object]]) -> tuple[Stretch, ...]:
    """Read a stored timeline, `{"from", "to", "kind"}`; each piece keeps its kind's name."""
    return tuple(
        Stretch(_at(piece["from"]), _at(piece["to"]), StripKind(PieceKind(str(piece["kind"]))))
        for piece in timeline
    )


def strip_of(
    timeline: Sequence[Stretch], *, lobby_at: datetime | None, void: StripKind | None = None
) -> tuple[Stretch, ...]:
    """Say why the patient was absent where they were, and what came before the session's own time.

    What lies in the window stays covered once. `void` replaces the kinds that count where the whole session
    gave nothing: too short a presence, or a session that was cancelled.
    """
    there = [number for number, one in enumerate(timeline) if _is_presence(one.kind)]
    if not there:
        return tuple(timeline)
    shown: list[Stretch] = []
    start = timeline[0].start
    if lobby_at is not None and lobby_at < start:
        shown.append(Stretch(lobby_at, start, StripKind.EARLY))
    for number, one in enumerate(timeline):
        if one.kind is StripKind.ABSENT:
            shown += _absence(one, number < there[0], number > there[-1], lobby_at)
        elif void is not None and one.kind.counts:
            shown.append(Stretch(one.start, one.end, void))
        else:
            shown.append(one)
    return _joined(shown)


def seconds_by_kind(strip: Iterable[Stretch]) -> dict[StripKind, int]:
    """Sum the seconds of each kind, in the order of the kinds."""
    found = dict.fromkeys(StripKind, 0)
    for one in strip:
        found[one.kind] += one.seconds
    return {kind: seconds for kind, seconds in found.items() if seconds}


def _is_presence(kind: StripKind) -> bool:
    return kind not in (StripKind.ABSENT, StripKind.BREAK)


def _absence(one: Stretch, is_first: bool, is_last: bool, lobby_at: datetime | None) -> list[Stretch]:
    if is_first:
        arrived = one.end if lobby_at is None else min(max(lobby_at, one.start), one.end)
        parts = (Stretch(one.start, arrived, StripKind.BEFORE), Stretch(arrived, one.end, StripKind.WAITING))
        return [part for part in parts if part.start < part.end]
    return [Stretch(one.start, one.end, StripKind.AFTER if is_last else StripKind.AWAY)]


def _joined(strip: Iterable[Stretch]) -> tuple[Stretch, ...]:
    found: list[Stretch] = []
    for one in strip:
        if found and found[-1].kind is one.kind and found[-1].end == one.start:
            found[-1] = Stretch(found[-1].start, one.end, one.kind)
        else:
            found.append(one)
    return tuple(found)


def _at(value: object) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
