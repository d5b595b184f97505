"""The `badge` tag: a state in a word, its colour and drawing chosen by the value, so that all pages agree.

{% load badges %}
{% badge row.week.flag %}                       known values bring their words
{% badge record.status record.status_words %}   or take the page's
{% badge "LATE" words %}                        a value without a kind of its own is neutral
"""

from __future__ import annotations

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from frontend.templatetags.icon import icon

register = template.Library()

# value: (kind of badge, drawing, words). Values are the closed vocabularies of the sessions' domain.
BADGES: dict[str, tuple[str, str, str]] = {
    # where a week stands
    "MET": ("ok", "check", "Target met"),
    "ON_TRACK": ("ok", "", "On track"),
    "AT_RISK": ("warn", "warning", "Close"),
    "SHORTFALL_CERTAIN": ("bad", "flag", "Cannot reach it"),
    "ON_HOLD": ("", "pause", "On hold"),
    "SHORTFALL": ("bad", "flag", "Too few hours"),
    "MIN_DAYS": ("warn", "", "Too few days"),
    "OVER_LOC": ("warn", "", "Review level of care"),
    # what a session came to
    "PRESENT": ("ok", "", "Present"),
    "PARTIAL": ("warn", "", "Present for a part"),
    "PARTIAL_LOW": ("warn", "", "Present for a small part"),
    "NO_CREDIT": ("bad", "", "Too brief to count"),
    "NO_SHOW": ("bad", "", "Did not come"),
    "CANCELLED_BY_PROGRAM": ("", "", "Cancelled by the program"),
    "IN_PROGRESS": ("ok", "", "Running"),
    "EXPECTED": ("", "", "Expected"),
    "SCHEDULED": ("", "", "Planned"),
    # where a roster stands
    "computed": ("warn", "sign", "Not signed"),
    "attested": ("ok", "sign", "Signed"),
    "locked": ("ok", "lock", "Signed and locked"),
    "amended": ("warn", "edit", "Amended, sign again"),
    # what became of a request, a dispute, an absence
    "pending": ("warn", "clock", "Waiting"),
    "open": ("warn", "clock", "Waiting"),
    "approved": ("ok", "check", "Approved"),
    "refused": ("bad", "close", "Refused"),
    "withdrawn": ("", "", "Withdrawn"),
    "corrected": ("ok", "check", "Corrected"),
    "upheld": ("", "", "Stays as it is"),
    "excused": ("", "check", "Excused"),
    "unexcused": ("bad", "", "Unexcused"),
    "no_show": ("bad", "", "Did not come"),
}


@register.simple_tag
def badge(value: object, words: str = "") -> SafeString:
    """Write a badge; one without words of its own and without any given shows nothing."""
    kind, drawing, own = BADGES.get(str(value), ("", "", ""))
    said = words or own
    if not said:
        return format_html("{}", "")
    return format_html(
        '<span class="badge{}">{}{}</span>',
        f" is-{kind}" if kind else "",
        icon(drawing) if drawing else "",
        said,
    )
