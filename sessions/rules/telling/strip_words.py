"""A strip in one or two sentences: the same ones for the patient, the clinician and the auditor."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sessions.rules.telling.strip import Stretch, StripKind, seconds_by_kind
from sessions.rules.telling.words import REASON_WORDS, in_words

_ELSEWHERE = (StripKind.EARLY, StripKind.BREAK)
_NOT_THERE = (StripKind.EARLY, StripKind.WAITING, StripKind.BEFORE, StripKind.AFTER, StripKind.ABSENT)


def sentences(
    strip: Sequence[Stretch], *, zone: ZoneInfo, is_running: bool = False, adjusted_min: int | None = None
) -> tuple[str, ...]:
    """Say when the patient was there, how much counts, and what became of every other second.

    Minutes that count, the seconds beyond the last whole one and the reasons add up to the session's time
    without its breaks.
    """
    by_kind = seconds_by_kind(strip)
    if not by_kind:
        return ("Nothing was held, so there is nothing to count.",)
    return tuple(_sentences(strip, by_kind, zone, is_running, adjusted_min))


def counted_seconds(by_kind: dict[StripKind, int]) -> int:
    """Give the seconds that count."""
    return sum(seconds for kind, seconds in by_kind.items() if kind.counts)


def countable_seconds(by_kind: dict[StripKind, int]) -> int:
    """Give the session's time without its breaks."""
    return sum(seconds for kind, seconds in by_kind.items() if kind not in _ELSEWHERE)


def clock(at: datetime, zone: ZoneInfo) -> str:
    """Write a time of day, its seconds only where they say something: `9:12:20 AM`, `12:09 PM`."""
    local = at.astimezone(zone)
    seconds = f":{local:%S}" if local.second else ""
    return f"{local.hour % 12 or 12}:{local:%M}{seconds} {local:%p}"


def _sentences(
    strip: Sequence[Stretch],
    by_kind: dict[StripKind, int],
    zone: ZoneInfo,
    is_running: bool,
    adjusted_min: int | None,
) -> Iterator[str]:
    so_far = " so far" if is_running else ""
    there = [one for one in strip if one.kind not in _NOT_THERE and one.kind is not StripKind.BREAK]
    if there:
        yield f"In the room {clock(there[0].start, zone)} to {clock(there[-1].end, zone)}{so_far}."
    else:
        yield f"Not in the room{so_far}."
    counted, countable = counted_seconds(by_kind), countable_seconds(by_kind) // 60
    if adjusted_min is None:
        yield f"{counted // 60} of {countable} minutes count{so_far}."
    else:
        yield f"{adjusted_min} minutes count by a correction; {counted // 60} of {countable} were observed."
    lost = [
        f"{in_words(seconds)} {REASON_WORDS[kind]}"
        for kind, seconds in by_kind.items()
        if not kind.counts and kind not in _ELSEWHERE
    ]
    if counted % 60 and not is_running:
        lost.append(f"{counted % 60} s beyond the last whole minute")
    if lost and there:
        yield f"Not counted: {', '.join(lost)}."
    if StripKind.BRIDGED in by_kind:
        yield f"Counted although the connection dropped: {in_words(by_kind[StripKind.BRIDGED])}."
    if StripKind.BREAK in by_kind:
        yield f"Breaks count for nobody: {in_words(by_kind[StripKind.BREAK])}."
