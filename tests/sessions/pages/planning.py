"""What an administrator types into the planning forms."""

from __future__ import annotations

from typing import Any

from sessions.models import GroupSession, SessionSeries
from telehealth.accounts.models import User
from tests.cast import Cast


def typed(cast: Cast, **changes: Any) -> dict[str, Any]:
    """Give the fields both planning forms share; None leaves a field out."""
    fields = {
        "program": str(cast.program.pk),
        "title": "Afternoon group",
        "service_type": "group_therapy",
        "facilitator": str(cast.covering_therapist.pk),
        "starts_at": "14:00",
        "duration_min": "60",
        "break_after": "",
        "break_length": "",
        "patients": ids(cast, cast.patient),
        **changes,
    }
    return {name: value for name, value in fields.items() if value is not None}


def one(cast: Cast, **changes: Any) -> dict[str, Any]:
    """Fill in the form of a single session."""
    return typed(cast, **{"day": "2026-03-05", **changes})


def weekly(cast: Cast, **changes: Any) -> dict[str, Any]:
    """Fill in the form of a weekly series on Sundays and Mondays."""
    span = {"weekdays": ["6", "0"], "starts_on": "2026-03-05", "until_on": "2026-03-16"}
    return typed(cast, **{**span, **changes})


def ids(cast: Cast, *people: User) -> list[str]:
    """Give the patients' ids as the check boxes send them."""
    return [str(cast.record_of(person).pk) for person in people]


def planned(title: str = "Afternoon group") -> list[GroupSession]:
    """Give what was planned under a title, in order."""
    return list(GroupSession.objects.filter(title=title).order_by("scheduled_start"))


def series_of(title: str = "Afternoon group") -> SessionSeries:
    """Give the series of a title."""
    return SessionSeries.objects.get(title=title)
