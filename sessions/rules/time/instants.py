"""Instants as whole UTC seconds since 1970; text, datetimes and time zones exist only at the edges."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

Instant: TypeAlias = int

MINUTE = 60
DAY = 86_400

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
_RFC3339 = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.[0-9]+)?"
    r"(?:[Zz]|([+-])([0-9]{2}):([0-9]{2}))"
)
_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*")
# What these names mean differs between machines, or they count leap seconds.
_LOCAL_ZONES = frozenset({"localtime", "posixrules", "Factory"})
_LOCAL_PREFIXES = ("posix/", "right/")


def parse_instant(text: str) -> Instant:
    """Read an RFC 3339 time with an offset; drop its fraction of a second. ValueError says what is wrong."""
    match = _RFC3339.fullmatch(text)
    if match is None:
        raise ValueError("not an RFC 3339 time with an offset")
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    if second == 60:
        raise ValueError("leap seconds are not accepted")
    if hour > 23 or minute > 59 or second > 59:
        raise ValueError("no such time of day")
    sign, offset_hours, offset_minutes = match.groups()[6:]
    offset = 0
    if sign is not None:
        if int(offset_hours) > 23 or int(offset_minutes) > 59:
            raise ValueError("no such offset")
        offset = (int(offset_hours) * 60 + int(offset_minutes)) * MINUTE * (-1 if sign == "-" else 1)
    days = _day(year, month, day).toordinal() - _EPOCH_ORDINAL
    return days * DAY + hour * 3600 + minute * MINUTE + second - offset


def parse_date(text: str) -> date:
    """Read `YYYY-MM-DD`; ValueError says what is wrong."""
    match = _DATE.fullmatch(text)
    if match is None:
        raise ValueError("not a date of the form YYYY-MM-DD")
    year, month, day = (int(part) for part in match.groups())
    return _day(year, month, day)


def _day(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise ValueError("no such day") from None


def parse_zone(key: str) -> ZoneInfo:
    """Find an IANA time zone by its name, the same on every machine; ValueError if there is none."""
    if not _ZONE.fullmatch(key) or key in _LOCAL_ZONES or key.startswith(_LOCAL_PREFIXES):
        raise ValueError("unknown time zone")
    try:
        return ZoneInfo(key)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("unknown time zone") from None


def floor_instant(moment: datetime) -> Instant:
    """Turn an aware datetime into an instant, dropping the fraction of a second."""
    return (moment - _EPOCH) // timedelta(seconds=1)


def to_datetime(instant: Instant) -> datetime:
    """Turn an instant into an aware UTC datetime."""
    return _EPOCH + timedelta(seconds=instant)


def format_instant(instant: Instant) -> str:
    """Write an instant as RFC 3339 in UTC with `Z`, whole seconds."""
    return to_datetime(instant).isoformat().replace("+00:00", "Z")


def local_date(instant: Instant, zone: ZoneInfo) -> date:
    """Give the date that `zone` reads at the instant."""
    return to_datetime(instant).astimezone(zone).date()


def start_of_day(day: date, zone: ZoneInfo) -> Instant:
    """Give the instant at which a local date begins.

    Where midnight happens twice the first one begins the day; where it is skipped, the first moment after
    the gap (fold 0 reads a skipped midnight with the offset before the gap, which is exactly that moment).
    """
    return floor_instant(datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC))
