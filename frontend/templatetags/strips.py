"""The strip of a session: when somebody was where, as a picture with patterns and as a table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from zoneinfo import ZoneInfo

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

# What each kind is called and how its pattern is drawn in an 8 by 8 cell. Colours come from the style sheet.
KINDS: dict[str, tuple[str, str]] = {
    "waiting": ("Waiting room", "M0 4h3"),
    "credited": ("Present, credited", ""),
    "bridged": ("Short drop, credited", "M-2 2l4-4M0 8l8-8M6 10l4-4"),
    "break": ("Break", "M4 0v8"),
    "no_facilitator": ("No clinician in the room", "M0 4h8M4 0v8"),
    "absent": ("Not present", ""),
    "overlap": ("Credited in another session", "M0 4h8"),
    "excluded_modality": ("Camera or audio rule, not credited", "M-2 6l4 4M0 0l8 8M6-2l4 4"),
}
WIDTH, HEIGHT = 720.0, 34.0
_ids = count(1)


@dataclass(frozen=True, slots=True)
class Piece:
    """One stretch of a timeline."""

    start: datetime
    end: datetime
    kind: str


def _instant(value: object) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(str(value))


def read_pieces(pieces: Iterable[Mapping[str, object]]) -> list[Piece]:
    """Take pieces as `credit.md` section 7 writes them: `{"from", "to", "kind"}`, texts or datetimes."""
    return [Piece(_instant(p["from"]), _instant(p["to"]), str(p["kind"])) for p in pieces]


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


def _length(piece: Piece) -> str:
    whole = int((piece.end - piece.start).total_seconds())
    hours, minutes, seconds = whole // 3600, whole % 3600 // 60, whole % 60
    return f"{hours}:{minutes:02d}:{seconds:02d}"


def _clock(value: datetime) -> str:
    return f"{value.hour % 12 or 12}:{value:%M:%S} {value:%p}"


def _ticks(start: datetime, end: datetime, zone: ZoneInfo) -> Iterable[tuple[float, str]]:
    span = (end - start).total_seconds()
    step = next((m for m in (1, 5, 15, 30, 60, 120) if span / 60 / m <= 8), 240) * 60
    first = start + timedelta(seconds=-start.timestamp() % step)
    for number in range(int((end - first).total_seconds() // step) + 1):
        at = first + timedelta(seconds=number * step)
        local = at.astimezone(zone)
        yield (at - start).total_seconds() / span * WIDTH, f"{local.hour % 12 or 12}:{local:%M}"


@register.inclusion_tag("components/_strip.html")
def strip(
    pieces: Iterable[Mapping[str, object]],
    zone: str = "UTC",
    label: str = "",
    start: object = None,
    end: object = None,
) -> dict[str, object]:
    """Draw pieces on one line between `start` and `end` (default: what they cover), times in `zone`."""
    known = read_pieces(pieces)
    if not known:
        return {"empty": True}
    first = _instant(start) if start else min(piece.start for piece in known)
    last = _instant(end) if end else max(piece.end for piece in known)
    local = ZoneInfo(zone)
    scale = WIDTH / max((last - first).total_seconds(), 1.0)
    prefix = f"strip{next(_ids)}"
    rects = format_html_join(
        "",
        '<rect class="piece" x="{}" y="0" width="{}" height="{}" fill="url(#{}-{})"><title>{}</title></rect>',
        (
            (
                f"{(piece.start - first).total_seconds() * scale:.2f}",
                f"{(piece.end - piece.start).total_seconds() * scale:.2f}",
                int(HEIGHT),
                prefix,
                piece.kind,
                KINDS[piece.kind][0],
            )
            for piece in known
        ),
    )
    return {
        "label": label,
        "zone_words": zone.rsplit("/", 1)[-1].replace("_", " "),
        "patterns": format_html_join("", "{}", ((_pattern(prefix, kind),) for kind in _kinds(known))),
        "pieces": rects,
        "ticks": [
            {"x": f"{x:.2f}", "text": text, "anchor": _anchor(x)} for x, text in _ticks(first, last, local)
        ],
        "rows": [
            {
                # Words, not datetimes: a template would turn those back into the server's zone.
                "start": _clock(piece.start.astimezone(local)),
                "end": _clock(piece.end.astimezone(local)),
                "length": _length(piece),
                "words": KINDS[piece.kind][0],
            }
            for piece in known
        ],
    }


def _anchor(x: float) -> str:
    if x < 15:
        return "start"
    return "end" if x > WIDTH - 15 else "middle"


def _kinds(pieces: Iterable[Piece]) -> list[str]:
    used = {piece.kind for piece in pieces}
    return [kind for kind in KINDS if kind in used]


@register.simple_tag
def strip_legend(*kinds: str) -> SafeString:
    """Explain the patterns; without names, all of them."""
    shown = kinds or tuple(KINDS)
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
