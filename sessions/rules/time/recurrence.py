"""Weekly series by wall-clock rule in a time zone, so that a group meets at 9 in winter and in summer."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeAlias
from zoneinfo import ZoneInfo

from sessions.rules.time.instants import parse_zone

Span: TypeAlias = tuple[datetime, datetime]

_DAY = timedelta(days=1)


class RuleError(ValueError):
    """A series that describes no meeting."""


@dataclass(frozen=True, slots=True)
class PlannedBreak:
    """A break by its distance from the start."""

    after: timedelta
    length: timedelta


@dataclass(frozen=True, slots=True)
class WeeklyRule:
    """Which weekdays (0 is Monday), at what local time, for how long, with which breaks.

    The length and the breaks are elapsed time: a 60-minute group in the night of a clock change lasts 60
    minutes.
    """

    zone: str
    weekdays: frozenset[int]
    starts_at: time
    duration: timedelta
    breaks: tuple[PlannedBreak, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a rule that cannot be followed."""
        parse_zone(self.zone)
        if not self.weekdays or not self.weekdays <= frozenset(range(7)):
            raise RuleError("a series needs weekdays from 0 (Monday) to 6 (Sunday)")
        if self.starts_at.tzinfo is not None or self.starts_at.microsecond:
            raise RuleError("a series starts at a wall-clock time in whole seconds")
        if self.duration <= timedelta(0):
            raise RuleError("a series needs a length")
        for planned in self.breaks:
            if planned.after < timedelta(0) or planned.length <= timedelta(0):
                raise RuleError("a break needs a length and lies inside the meeting")
            if planned.after + planned.length > self.duration:
                raise RuleError("a break lies inside the meeting")


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One meeting: the local date it stands for, and its instants in UTC."""

    local_date: date
    start: datetime
    end: datetime
    breaks: tuple[Span, ...]


def occurrences(rule: WeeklyRule, *, first: date, last: date) -> Iterator[Occurrence]:
    """Give the meetings of the local dates from `first` to `last`, both included, in order."""
    zone = parse_zone(rule.zone)
    day = first
    while day <= last:
        if day.weekday() in rule.weekdays:
            start = local_instant(day, rule.starts_at, zone)
            # Where a zone jumps over a whole day, that day has no meeting; the next day has its own.
            wall_clock = datetime.combine(day, rule.starts_at, tzinfo=zone)
            if start.astimezone(zone).replace(tzinfo=None) - wall_clock.replace(tzinfo=None) < _DAY:
                yield _occurrence(rule, day, start)
        day += _DAY


def local_instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    """Turn a wall-clock time into the instant it means, in UTC.

    A time that happens twice (clocks go back) is the first of the two; one that does not exist (clocks go
    forward) moves forward by the gap: 02:30 becomes 03:30. Both are what fold 0 means, which reads the time
    with the offset in force before the change.
    """
    return datetime.combine(day, at.replace(fold=0), tzinfo=zone).astimezone(UTC)


def _occurrence(rule: WeeklyRule, day: date, start: datetime) -> Occurrence:
    return Occurrence(
        local_date=day,
        start=start,
        end=start + rule.duration,
        breaks=tuple(
            (start + planned.after, start + planned.after + planned.length) for planned in rule.breaks
        ),
    )
