"""Times as people read them: the reader's own zone first, the program's zone beside it when it differs."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


def _day(value: date) -> str:
    return f"{value:%A, %B} {value.day}"


def _clock(value: datetime) -> str:
    return f"{value.hour % 12 or 12}:{value:%M} {value:%p}"


def _zone_words(zone: str) -> str:
    """Turn `America/Los_Angeles` into `Los Angeles`."""
    return zone.rsplit("/", 1)[-1].replace("_", " ")


def _words(value: datetime, show: str) -> str:
    texts = {"date": _day(value), "time": _clock(value), "datetime": f"{_day(value)}, {_clock(value)}"}
    return texts[show]


def _element(value: datetime, text: str) -> SafeString:
    return format_html('<time datetime="{}">{}</time>', f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}", text)


def _differs(value: datetime, zone: str, program_zone: str) -> bool:
    other = value.astimezone(ZoneInfo(program_zone)).utcoffset()
    return bool(program_zone) and value.astimezone(ZoneInfo(zone)).utcoffset() != other


@register.simple_tag
def local_time(
    value: datetime | None, zone: str, program_zone: str = "", show: str = "datetime"
) -> SafeString:
    """Write an instant in the reader's zone; `show` is `datetime`, `date` or `time`.

    With a program zone whose clock differs at that instant, the program's time stands beside it.
    """
    if value is None:
        return format_html("{}", "")
    own = value.astimezone(ZoneInfo(zone))
    written = format_html("{} {}", _element(own, _words(own, show)), f"{own:%Z}")
    if show == "date":
        return _element(own, _words(own, show))
    if not program_zone or not _differs(value, zone, program_zone):
        return written
    theirs = value.astimezone(ZoneInfo(program_zone))
    words = _words(theirs, "time" if theirs.date() == own.date() else "datetime")
    return format_html(
        '{} <span class="zone-other">({} {}, {})</span>',
        written,
        words,
        f"{theirs:%Z}",
        _zone_words(program_zone),
    )


@register.simple_tag
def local_span(
    start: datetime, end: datetime, zone: str, program_zone: str = "", show: str = "datetime"
) -> SafeString:
    """Write a span such as `Tuesday, November 17, 9:00 AM - 12:15 PM EST`, the program's clock beside it."""
    own_start, own_end = start.astimezone(ZoneInfo(zone)), end.astimezone(ZoneInfo(zone))
    last = _clock(own_end) if own_start.date() == own_end.date() else _words(own_end, "datetime")
    written = format_html(
        "{} \N{EN DASH} {} {}",
        _element(own_start, _words(own_start, show)),
        _element(own_end, last),
        f"{own_end:%Z}",
    )
    if not program_zone or not _differs(start, zone, program_zone):
        return written
    first, second = start.astimezone(ZoneInfo(program_zone)), end.astimezone(ZoneInfo(program_zone))
    return format_html(
        '{} <span class="zone-other">({} \N{EN DASH} {} {}, {})</span>',
        written,
        _clock(first) if first.date() == own_start.date() else _words(first, "datetime"),
        _clock(second),
        f"{second:%Z}",
        _zone_words(program_zone),
    )


@register.simple_tag
def clock(value: datetime, zone: str) -> SafeString:
    """Write a time of day to the second, with the zone's name: what an auditor compares with a journal."""
    own = value.astimezone(ZoneInfo(zone))
    return format_html("{} {}", _element(own, f"{own.hour % 12 or 12}:{own:%M:%S} {own:%p}"), f"{own:%Z}")


@register.filter
def minutes(value: int | timedelta | None) -> str:
    """Write minutes as people say them: `154` becomes `2 h 34 min`."""
    if value is None:
        return ""
    total = int(value.total_seconds() // 60) if isinstance(value, timedelta) else int(value)
    hours, rest = divmod(abs(total), 60)
    sign = "-" if total < 0 else ""
    if not hours:
        return f"{sign}{rest} min"
    return f"{sign}{hours} h {rest} min" if rest else f"{sign}{hours} h"


@register.filter
def hours(value: int | None) -> str:
    """Write minutes as decimal hours, floored to a hundredth as reports do: `154` becomes `2.56`."""
    if value is None:
        return ""
    hundredths = int(value) * 100 // 60
    return f"{hundredths // 100}.{hundredths % 100:02d}"
