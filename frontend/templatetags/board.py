"""Pictures of the week board: the days of a week as dots."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Protocol

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from frontend.templatetags.times import minutes as in_words

register = template.Library()

STEP = 18
WORDS = {"missed": "nothing counted", "coming": "still to come"}
# Drawn in an 18 by 14 box: filled, crossed out, hollow, a point. The shape says it without colour.
SHAPES = {
    "attended": "M9 2a5 5 0 1 1 0 10a5 5 0 1 1 0-10z",
    "missed": "M5 3l8 8M13 3l-8 8",
    "coming": "M9 2.5a4.5 4.5 0 1 1 0 9a4.5 4.5 0 1 1 0-9z",
    "": "M9 6a1 1 0 1 1 0 2a1 1 0 1 1 0-2z",
}


class Dot(Protocol):
    """One weekday as the board knows it."""

    @property
    def day(self) -> date:
        """Give the date."""
        ...

    @property
    def state(self) -> str:
        """Give `attended`, `missed`, `coming` or nothing."""
        ...

    @property
    def minutes(self) -> int:
        """Give the minutes that count."""
        ...


@register.simple_tag
def day_dots(dots: Iterable[Dot]) -> SafeString:
    """Draw a dot for each day; days without any session are left out of the words."""
    days = list(dots)
    said = [
        f"{dot.day:%A} {in_words(dot.minutes) if dot.minutes else WORDS[dot.state]}"
        for dot in days
        if dot.state
    ]
    return format_html(
        '<svg class="day-dots" viewBox="0 0 {} 28" width="{}" height="28" role="img" aria-label="{}">'
        "{}</svg>",
        len(days) * STEP,
        len(days) * STEP,
        "; ".join(said) or "no sessions this week",
        format_html_join(
            "",
            '<g transform="translate({} 0)"><path class="day-dot is-{}" d="{}"/>'
            '<text x="9" y="26" text-anchor="middle">{}</text></g>',
            (
                (index * STEP, dot.state or "none", SHAPES[dot.state], f"{dot.day:%a}"[0])
                for index, dot in enumerate(days)
            ),
        ),
    )
