"""One session: plan it, move it, cancel it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms

from ..models import GroupSession
from .choices import ScheduleChoices
from .clock import DayField, TimeInput, wall_clock
from .planning import PlanForm


class SessionForm(PlanForm):
    """Plan one session."""

    day = DayField(label="Day")

    field_order = (
        "program",
        "title",
        "service_type",
        "facilitator",
        "track",
        "day",
        "starts_at",
        "duration_min",
        "break_after",
        "break_length",
        "second_break_after",
        "second_break_length",
        "patients",
    )

    def __init__(self, *args: Any, choices: ScheduleChoices, **kwargs: Any) -> None:
        super().__init__(*args, choices=choices, **kwargs)
        self.fields["day"].initial = choices.today
        self.order_fields(self.field_order)

    def clean(self) -> dict[str, Any]:
        """Find the instant the wall clock means."""
        data = super().clean()
        if {"day", "starts_at", "program"} <= data.keys():
            try:
                data["start"] = wall_clock(data["day"], data["starts_at"], data["program"].zone)
            except forms.ValidationError as error:
                self.add_error("starts_at", error)
            else:
                self._refuse_the_past(data)
        return data

    def _refuse_the_past(self, data: dict[str, Any]) -> None:
        if data["start"] + timedelta(minutes=data.get("duration_min") or 0) <= self.choices.at:
            self.add_error("day", "This time is over already.")

    def arguments(self) -> dict[str, Any]:
        """Give what `create_session` takes."""
        start = self.cleaned_data["start"]
        return {
            **self.shared(),
            "start": start,
            "end": start + timedelta(minutes=self.cleaned_data["duration_min"]),
            "breaks": [
                (start + timedelta(minutes=after), start + timedelta(minutes=after + length))
                for after, length in self.planned_breaks()
            ],
        }


class MoveForm(forms.Form):
    """Another time for one session; its length stays."""

    day = DayField(label="Day")
    starts_at = forms.TimeField(label="Start", widget=TimeInput(format="%H:%M"))

    def __init__(self, *args: Any, group_session: GroupSession, **kwargs: Any) -> None:
        self.group_session = group_session
        super().__init__(*args, **kwargs)
        local = group_session.scheduled_start.astimezone(group_session.program.zone)
        self.initial = {"day": local.date(), "starts_at": local.time()}
        self.fields["starts_at"].help_text = f"On the clock of {group_session.program.time_zone}."

    def clean(self) -> dict[str, Any]:
        """Find the instant the wall clock means."""
        data: dict[str, Any] = super().clean() or {}
        if {"day", "starts_at"} <= data.keys():
            try:
                data["start"] = wall_clock(data["day"], data["starts_at"], self.group_session.program.zone)
            except forms.ValidationError as error:
                self.add_error("starts_at", error)
        return data

    def span(self) -> tuple[datetime, datetime]:
        """Give the new start and end."""
        start: datetime = self.cleaned_data["start"]
        return start, start + (self.group_session.scheduled_end - self.group_session.scheduled_start)


class CancelForm(forms.Form):
    """Why a session is cancelled."""

    reason = forms.CharField(
        label="Reason",
        max_length=200,
        help_text="Patients see it. For example: the facilitator is ill.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
