"""The strip of a session: what every second was, as a picture with patterns, in words and as a table.

    {% load strips %}
    {% strip one.strip label="Ana, Tuesday" %}
    {% strip one.strip label=one.name start=page.strip_start end=page.strip_end %}
    {% strip_legend one.strip %}     the kinds this strip draws; {% strip_legend page.lines %} those of each
                                     line's `strip`; {% strip_legend %} all of them

`one.strip` is a `sessions.selectors.homes.strips.Strip`: make one with
`strip_of_record(record, zone=, lobby_at=)`, `make_strip(timeline, status=, zone=, lobby_at=)` or, for a whole
roster, `strips_of(group_session, zone=)`. It brings its words, its incidents and the zone its times are
written in; `words=False` leaves the sentences out where the page says them elsewhere. `start` and `end` put
several strips on one axis; of a session that still runs they show the time to come as an empty frame. Plain
pieces `{"from", "to", "kind"}` with a zone, `{% strip pieces zone label %}`, are drawn too, without
sentences.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Protocol
from zoneinfo import ZoneInfo

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

# What each kind is called (as in the sessions' own vocabulary, a test compares them) and how its pattern is
# drawn in an 8 by 8 cell. Colours come from the style sheet.
KINDS: dict[str, tuple[str, str]] = {
    "credited": ("In the room, counts", ""),
    "bridged": ("Short drop, counts all the same", "M-2 2l4-4M0 8l8-8M6 10l4-4"),
    "early": ("Here before the session's time", "M2 2h.1M6 6h.1"),
    "waiting": ("In the waiting room", "M0 4h3"),
    "before": ("Not here yet", "M4 4h.1"),
    "away": ("Out of the room", "M1 4h6"),
    "after": ("Left", "M0 7h8"),
    "absent": ("Not in the room", ""),
    "break": ("Break", "M4 0v8"),
    "no_facilitator": ("No clinician in the room", "M0 4h8M4 0v8"),
    "excluded_modality": ("Without the camera that counting needs", "M-2 6l4 4M0 0l8 8M6-2l4 4"),
    "overlap": ("Counted in another session", "M0 2h8M0 6h8"),
    "too_short": ("In the room, too little to count", "M0 0l8 8M0 8l8-8"),
    "cancelled": ("In the room, session cancelled", "M2 2l4 4M2 6l4-4"),
}
COUNTING = ("credited", "bridged")
FEW_TICKS, MANY_TICKS = 4, 8
STEPS = (1, 2, 5, 10, 15, 30, 60, 120)
_ids = count(1)


@dataclass(frozen=True, slots=True)
class Piece:
    """One stretch; of a mark only times and words are read."""

    start: datetime
    end: datetime
    words: str
    kind: str = ""
    counts: bool | None = None


class Strip(Protocol):
    """What a selector hands over: `sessions.selectors.homes.strips.Strip`."""

    @property
    def pieces(self) -> Iterable[Piece]:
        """Give the stretches in order."""

    @property
    def marks(self) -> Iterable[Piece]:
        """Give what the strip points out."""

    @property
    def sentences(self) -> tuple[str, ...]:
        """Say all of it."""

    @property
    def zone(self) -> str:
        """Name the zone of its times."""

    @property
    def kinds(self) -> tuple[str, ...]:
        """Name the kinds it draws."""


@dataclass(frozen=True, slots=True)
class PlainStrip:
    """Plain pieces, which bring no words of their own."""

    pieces: tuple[Piece, ...]
    zone: str = "UTC"
    marks: tuple[Piece, ...] = ()
    sentences: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Axis:
    """The line that a strip is drawn on."""

    start: datetime
    end: datetime
    zone: ZoneInfo

    def share(self, at: datetime) -> float:
        """Say how far along an instant lies, from 0 to 100."""
        whole = max((self.end - self.start).total_seconds(), 1.0)
        return min(max((at - self.start).total_seconds() / whole, 0.0), 1.0) * 100

    def place(self, start: datetime, end: datetime) -> tuple[str, str]:
        """Give left edge and width as shares of the picture, so that patterns and words never shrink."""
        left = self.share(start)
        return f"{left:.3f}%", f"{self.share(end) - left:.3f}%"

    def ticks(self) -> Iterator[tuple[datetime, bool]]:
        """Give whole times of the clock; those that a narrow screen has no room for are minor."""
        minutes = (self.end - self.start).total_seconds() / 60
        step = next((m for m in STEPS if minutes / m <= MANY_TICKS), 240)
        wide = next((k for k in (1, 2, 3, 4) if minutes / (step * k) <= FEW_TICKS), 6) * step * 60
        offset = self.start.astimezone(self.zone).utcoffset() or timedelta()
        at = self.start + timedelta(seconds=-(self.start.timestamp() + offset.total_seconds()) % (step * 60))
        while at <= self.end:
            yield at, (at.timestamp() + offset.total_seconds()) % wide != 0
            at += timedelta(minutes=step)


def _instant(value: object) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(str(value))


def read_pieces(pieces: Iterable[Mapping[str, object]]) -> tuple[Piece, ...]:
    """Take pieces as `credit.md` section 7 writes them: `{"from", "to", "kind"}`, texts or datetimes."""
    read = ((_instant(one["from"]), _instant(one["to"]), str(one["kind"])) for one in pieces)
    return tuple(
        Piece(start, end, KINDS[kind][0], kind, counts=kind in COUNTING) for start, end, kind in read
    )


def _pattern(prefix: str, kind: str) -> SafeString:
    # Kind and drawing come from the table above, never from input.
    drawing = mark_safe(  # noqa: S308
        f'<rect class="piece-base is-{kind}" width="8" height="8"/>'
        f'<path class="piece-mark is-{kind}" d="{KINDS[kind][1]}"/>'
    )
    return format_html(
        '<pattern id="{}-{}" width="8" height="8" patternUnits="userSpaceOnUse">{}</pattern>',
        prefix,
        kind,
        drawing,
    )


def _length(start: datetime, end: datetime) -> str:
    whole = int((end - start).total_seconds())
    hours, minutes, seconds = whole // 3600, whole % 3600 // 60, whole % 60
    return f"{hours}:{minutes:02d}:{seconds:02d}"


def _clock(value: datetime) -> str:
    return f"{value.hour % 12 or 12}:{value:%M:%S} {value:%p}"


def _ticks(axis: Axis) -> list[dict[str, object]]:
    found = []
    for at, is_minor in axis.ticks():
        local, share = at.astimezone(axis.zone), axis.share(at)
        anchor = "start" if share < 4 else "end" if share > 96 else "middle"
        text = f"{local.hour % 12 or 12}:{local:%M}"
        found.append({"x": f"{share:.3f}%", "text": text, "anchor": anchor, "is_minor": is_minor})
    return found


def _rects(axis: Axis, pieces: Iterable[Piece], prefix: str) -> SafeString:
    return format_html_join(
        "",
        '<rect class="piece" x="{}" y="8" width="{}" height="34" fill="url(#{}-{})"><title>{}</title></rect>',
        ((*axis.place(one.start, one.end), prefix, one.kind, one.words) for one in pieces),
    )


def _marks(axis: Axis, marks: Iterable[Piece]) -> SafeString:
    return format_html_join(
        "",
        # A line with round ends: one of no length is still a dot.
        '<line class="strip-mark" x1="{}" x2="{}" y1="3" y2="3"><title>{}</title></line>',
        ((f"{axis.share(one.start):.3f}%", f"{axis.share(one.end):.3f}%", one.words) for one in marks),
    )


def _row(one: Piece, zone: ZoneInfo, counts: str) -> dict[str, str]:
    return {
        # Words, not datetimes: a template would turn those back into the server's zone.
        "start": _clock(one.start.astimezone(zone)),
        "end": _clock(one.end.astimezone(zone)),
        "length": _length(one.start, one.end),
        "words": one.words,
        "counts": counts,
    }


@register.inclusion_tag("components/_strip.html")
def strip(
    what: Strip | Iterable[Mapping[str, object]],
    zone: str = "",
    label: str = "",
    start: object = None,
    end: object = None,
    words: bool = True,
) -> dict[str, object]:
    """Draw, say and tabulate a strip between `start` and `end` (default: what it covers)."""
    one: Strip = PlainStrip(read_pieces(what)) if isinstance(what, Iterable) else what
    sentences = one.sentences if words else ()
    pieces = tuple(one.pieces)
    if not pieces:
        return {"empty": True, "sentences": sentences}
    name = zone or one.zone
    axis = Axis(
        _instant(start) if start else min(piece.start for piece in pieces),
        _instant(end) if end else max(piece.end for piece in pieces),
        ZoneInfo(name),
    )
    prefix = f"strip{next(_ids)}"
    return {
        "label": label,
        "sentences": sentences,
        "zone_words": name.rsplit("/", 1)[-1].replace("_", " "),
        "patterns": format_html_join("", "{}", ((_pattern(prefix, kind),) for kind in _kinds(pieces))),
        "pieces": _rects(axis, pieces, prefix),
        "marks": _marks(axis, one.marks),
        "ticks": _ticks(axis),
        "rows": [_row(piece, axis.zone, "yes" if piece.counts else "no") for piece in pieces],
        "mark_rows": [_row(mark, axis.zone, "on our side") for mark in one.marks],
    }


def _kinds(pieces: Iterable[Piece]) -> list[str]:
    used = {piece.kind for piece in pieces}
    return [kind for kind in KINDS if kind in used]


class HasStrip(Protocol):
    """A line of a page that shows a strip."""

    @property
    def strip(self) -> Strip | None:
        """Give the strip, if there is one."""


def _named(what: str | Strip | Iterable[HasStrip]) -> Iterable[str]:
    if isinstance(what, str):
        return (what,)
    if isinstance(what, Iterable):
        return {kind for line in what if line.strip is not None for kind in line.strip.kinds}
    return what.kinds


@register.simple_tag
def strip_legend(*what: str | Strip | Iterable[HasStrip]) -> SafeString:
    """Explain the patterns of some kinds, strips or lines that have one; without any, all of them."""
    named = {kind for one in what for kind in _named(one)}
    shown = [kind for kind in KINDS if not what or kind in named]
    prefix = f"legend{next(_ids)}"
    return format_html(
        '<ul class="legend">{}</ul>',
        format_html_join(
            "",
            '<li><svg viewBox="0 0 28 16" aria-hidden="true"><defs>{}</defs>'
            '<rect width="28" height="16" fill="url(#{}-{})"/></svg>{}</li>',
            ((_pattern(prefix, kind), prefix, kind, KINDS[kind][0]) for kind in shown),
        ),
    )
