"""Server-drawn pictures: the ring of a week's hours and the bars of its days.

Colours come from the style sheet by class, so both themes and the printer work. Every picture says its
numbers in words.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import pi

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from frontend.templatetags.times import minutes as in_words

register = template.Library()

RADIUS = 60.0
CIRCUMFERENCE = 2 * pi * RADIUS
MOST_LETTERS = 8  # that fit into the ring at its usual size
WIDTH, HEIGHT, FOOT = 340.0, 160.0, 24.0


def _arc(css: str, share: float) -> SafeString:
    length = CIRCUMFERENCE * min(max(share, 0.0), 1.0)
    if not length:
        return format_html("{}", "")
    return format_html(
        '<circle class="{}" cx="80" cy="80" r="60" stroke-dasharray="{} {}" transform="rotate(-90 80 80)"/>',
        css,
        f"{length:.2f}",
        f"{CIRCUMFERENCE:.2f}",
    )


@register.simple_tag
def hours_ring(credited_min: int, target_min: int, projected: int = 0) -> SafeString:
    """Draw credited minutes as part of the week's target; `projected` minutes are still to come.

    A target of 0 draws an empty ring and says that there is none.
    """
    whole = max(target_min, 1)
    words = f"{in_words(credited_min)} of {in_words(target_min)} this week"
    if not target_min:
        words = f"{in_words(credited_min)} this week, no target set"
    if projected:
        words += f", {in_words(projected)} still scheduled"
    return format_html(
        '<svg viewBox="0 0 160 160" role="img" aria-label="{}">'
        '<circle class="ring-track" cx="80" cy="80" r="60"/>{}{}'
        '<text class="ring-number{}" x="80" y="82">{}</text>'
        '<text class="ring-caption" x="80" y="102">{}</text></svg>',
        words,
        _arc("ring-projected", (credited_min + projected) / whole if target_min and projected else 0),
        _arc("ring-credited", credited_min / whole if target_min else 0),
        " is-long" if len(in_words(credited_min)) > MOST_LETTERS else "",
        in_words(credited_min),
        f"of {in_words(target_min)}" if target_min else "no target",
    )


def _bar(css: str, left: float, width: float, top: float) -> SafeString:
    return format_html(
        '<rect class="{}" x="{}" y="{}" width="{}" height="{}" rx="5"/>',
        css,
        f"{left:.1f}",
        f"{top:.1f}",
        f"{width:.1f}",
        f"{HEIGHT - FOOT - top:.1f}",
    )


def _column(index: int, slot: float, most: int, bar: Mapping[str, object]) -> SafeString:
    scheduled, credited = _number(bar, "scheduled_min"), _number(bar, "credited_min")
    attended = credited + _number(bar, "missed_min")

    def top(value: int) -> float:
        return HEIGHT - FOOT - (HEIGHT - FOOT - 22) * value / most

    left, width = index * slot + slot * 0.2, slot * 0.6
    middle = f"{index * slot + slot / 2:.1f}"
    return format_html(
        '{}{}{}<text class="is-value" x="{}" y="{}" text-anchor="middle">{}</text>'
        '<text x="{}" y="{}" text-anchor="middle">{}</text>',
        _bar("bars-scheduled", left, width, top(scheduled)) if scheduled else "",
        _bar("bars-missed", left, width, top(attended)) if attended > credited else "",
        _bar("bars-credited", left, width, top(credited)) if credited else "",
        middle,
        f"{top(max(scheduled, attended)) - 6:.1f}",
        credited or "",
        middle,
        f"{HEIGHT - 6:.1f}",
        bar["label"],
    )


def _number(bar: Mapping[str, object], key: str) -> int:
    value = bar.get(key) or 0
    return int(str(value))


def _said(bar: Mapping[str, object]) -> str:
    credited, missed = _number(bar, "credited_min"), _number(bar, "missed_min")
    ahead = _number(bar, "scheduled_min") - credited - missed
    parts = [in_words(credited)]
    if missed:
        parts.append(f"{in_words(missed)} missed")
    if ahead > 0:
        parts.append(f"{in_words(ahead)} planned")
    return ", ".join(parts)


@register.simple_tag
def week_bars(bars: Iterable[Mapping[str, object]], target_min: int = 0) -> SafeString:
    """Draw one bar per `{label, credited_min, missed_min, scheduled_min}`.

    What counts is filled, what was missed stands hollow above it, and all that is scheduled, where some of it
    is still to come, is dashed behind both.

    `target_min` draws a line across: for bars that are weeks, not for days of one week.
    """
    columns = list(bars)
    if not columns:
        return format_html("{}", "")
    slot = WIDTH / len(columns)
    values = [
        max(_number(bar, "scheduled_min"), _number(bar, "credited_min") + _number(bar, "missed_min"))
        for bar in columns
    ]
    most = max(*values, target_min, 1)
    words = "; ".join(f"{bar['label']}: {_said(bar)}" for bar in columns)
    line = f"{HEIGHT - FOOT - (HEIGHT - FOOT - 22) * target_min / most:.1f}"
    return format_html(
        '<figure class="bars"><svg viewBox="0 0 {} {}" role="img" aria-label="{}">{}{}</svg></figure>',
        int(WIDTH),
        int(HEIGHT),
        f"Credited time. {words}.",
        format_html_join("", "{}", ((_column(index, slot, most, bar),) for index, bar in enumerate(columns))),
        format_html('<line class="bars-target" x1="0" x2="{}" y1="{}" y2="{}"/>', int(WIDTH), line, line)
        if target_min
        else "",
    )


@register.simple_tag
def hours_bar(credited_min: int, target_min: int, projected: int = 0) -> SafeString:
    """Draw what the ring draws as a thin bar for a row of a table; the row says the numbers."""
    whole = max(target_min, credited_min + projected, 1)
    return format_html(
        '<svg class="hours-bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="hours-bar-track" width="100" height="10"/>'
        '<rect class="hours-bar-projected" width="{}" height="10"/>'
        '<rect class="hours-bar-credited" width="{}" height="10"/>{}</svg>',
        f"{100 * (credited_min + projected) / whole:.2f}",
        f"{100 * credited_min / whole:.2f}",
        format_html('<path class="hours-bar-target" d="M{} 0v10"/>', f"{100 * target_min / whole:.2f}")
        if 0 < target_min < whole
        else "",
    )


@register.simple_tag
def trend(shares: Iterable[int | None]) -> SafeString:
    """Draw the last weeks, oldest first, as shares of their target in whole percent; None is a week without.

    A week that met its target is filled, one that did not is hollow: the shape says it without colour.
    """
    values = list(shares)
    if not values:
        return format_html("{}", "")
    words = ", ".join("none" if value is None else f"{value}%" for value in values)
    return format_html(
        '<svg class="trend" viewBox="0 0 {} 24" width="{}" height="24" role="img" aria-label="{}">'
        '<path class="trend-target" d="M0 5.5h{}"/>{}</svg>',
        len(values) * 12,
        len(values) * 12,
        f"Last weeks, share of the target: {words}",
        len(values) * 12,
        format_html_join(
            "",
            '<rect class="trend-week{}" x="{}" y="{}" width="8" height="{}" rx="1.5"/>',
            (
                (" is-met" if value >= 100 else "", index * 12 + 2, 23 - height, height)
                for index, value in enumerate(values)
                if value is not None and (height := max(round(min(value, 130) * 17.5 / 100), 1))
            ),
        ),
    )
