"""Narrow the list of sessions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms

from sessions.selectors import SessionFilters
from telehealth.accounts.models import User
from telehealth.programs.models import Program, Track

from ..models import SessionState
from .clock import DayField


class SessionFilterForm(forms.Form):
    """Narrow the list of sessions."""

    SHOW = (("coming", "Today and coming"), ("past", "Past"), ("all", "All"))

    show = forms.ChoiceField(choices=SHOW, required=False)
    state = forms.ChoiceField(
        label="State", choices=[("", "Any state"), *SessionState.choices], required=False
    )
    from_on = DayField(label="From", required=False)
    to_on = DayField(label="To", required=False)
    page = forms.IntegerField(min_value=1, required=False)

    def __init__(
        self, *args: Any, programs: Sequence[Program], tracks: Sequence[Track] = (), **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["program"] = forms.TypedChoiceField(
            label="Program",
            choices=[("", "All programs"), *((str(one.pk), one.name) for one in programs)],
            coerce=UUID,
            empty_value=None,
            required=False,
        )
        self.fields["track"] = forms.TypedChoiceField(
            label="Track",
            choices=[("", "Any track"), *((str(one.pk), one.name) for one in tracks)],
            coerce=UUID,
            empty_value=None,
            required=False,
        )

    @property
    def has_tracks(self) -> bool:
        """Say whether there is anything to choose among."""
        return len(self["track"].subwidgets) > 1

    def filters(self, *, user: User, at: datetime) -> SessionFilters:
        """Give the filters; what cannot be read narrows nothing."""
        self.is_valid()
        data = getattr(self, "cleaned_data", {})
        today = at.astimezone(ZoneInfo(user.time_zone)).date()
        show = data.get("show") or "coming"
        return SessionFilters(
            from_on=data.get("from_on") or (today if show == "coming" else None),
            to_on=data.get("to_on"),
            begun_by=at if show == "past" else None,
            state=SessionState(data["state"]) if data.get("state") else None,
            program_id=data.get("program"),
            track_id=data.get("track"),
            page=data.get("page") or 1,
            newest_first=show == "past",
        )

    def query(self) -> str:
        """Give what was asked for as a query string, without the page."""
        return urlencode([(name, value) for name, value in self.data.items() if name != "page" and value])
