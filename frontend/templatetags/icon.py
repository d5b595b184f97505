"""The `icon` tag: one of our own drawings, inline, so that it takes the colour of its text."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

register = template.Library()
FOLDER = Path(__file__).resolve().parent.parent / "icons"


@cache
def _drawing(name: str) -> str:
    """Read what is inside one icon's `<svg>` element, attributes included."""
    return (FOLDER / f"{name}.svg").read_text().strip().removeprefix("<svg ")


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """Draw an icon; without a label it is decoration and hidden from screen readers."""
    # The drawing is a file of this repository, never input: it is safe by origin.
    drawing = mark_safe(_drawing(name))  # noqa: S308
    if label:
        return format_html('<svg class="icon" role="img" aria-label="{}" {}', label, drawing)
    return format_html('<svg class="icon" aria-hidden="true" focusable="false" {}', drawing)
