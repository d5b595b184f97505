"""Two values of one thing as a pair of bars: what holds, and what would."""

from __future__ import annotations

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
def paired_bars(before: int, after: int, most: int) -> SafeString:
    """Draw the terms that hold above the other terms, to the scale of `most`; the row says the numbers."""
    whole = max(most, before, after, 1)
    return format_html(
        '<svg class="pair" viewBox="0 0 100 16" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="pair-before" y="1" width="{}" height="6"/>'
        '<rect class="pair-after{}" y="9" width="{}" height="6"/></svg>',
        f"{100 * before / whole:.2f}",
        " is-less" if after < before else "",
        f"{100 * after / whole:.2f}",
    )


@register.simple_tag
def signed(before: int, after: int) -> SafeString:
    """Write a difference with its sign; nothing where there is none."""
    change = after - before
    if not change:
        return format_html('<span class="muted">{}</span>', "no change")
    return format_html(
        '<strong class="{}">{}{}</strong>',
        "is-less" if change < 0 else "is-more",
        "\u2212" if change < 0 else "+",
        abs(change),
    )
