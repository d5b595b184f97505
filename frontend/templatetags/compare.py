"""Two values of one thing as a pair of bars: what holds, and what would."""

from __future__ import annotations

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
def paired_bars(before: int, after: int, most: int = 1, *, less_is_better: bool = False) -> SafeString:
    """Draw the terms that hold above the other terms, to the scale of `most`; the row says the numbers."""
    whole = max(most, before, after, 1)
    return format_html(
        '<svg class="pair" viewBox="0 0 100 16" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="pair-before" y="1" width="{}" height="6"/>'
        '<rect class="pair-after{}" y="9" width="{}" height="6"/></svg>',
        f"{100 * before / whole:.2f}",
        " is-worse" if _is_worse(before, after, less_is_better) else "",
        f"{100 * after / whole:.2f}",
    )


@register.simple_tag
def signed(before: int, after: int, *, less_is_better: bool = False) -> SafeString:
    """Write a difference with its sign."""
    change = after - before
    if not change:
        return format_html('<span class="muted">{}</span>', "no change")
    return format_html(
        '<strong class="{}">{}{}</strong>',
        "is-worse" if _is_worse(before, after, less_is_better) else "is-better",
        "\u2212" if change < 0 else "+",
        abs(change),
    )


def _is_worse(before: int, after: int, less_is_better: bool) -> bool:
    return after > before if less_is_better else after < before
