"""A weekly series."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms

from .choices import ScheduleChoices
from .clock import DayField
from .planning import PlanForm

WEEKDAYS = [
    (0, "Monday"),
    (1, "Tuesday"),
    (2, "Wednesday"),
    (3, "Thursday"),
    (4, "Friday"),
    (5, "Saturday"),
    (6, "Sunday"),
]


class SeriesForm(PlanForm):
    """Plan a weekly series."""

    weekdays = forms.TypedMultipleChoiceField(
        label="Days of the week", choices=WEEKDAYS, coerce=int, widget=forms.CheckboxSelectMultiple()
    )
    starts_on = DayField(label="First day")
    until_on = DayField(label="Last day")

    field_order = (
        "program",
        "title",
        "service_type",
        "facilitator",
        "track",
        "weekdays",
        "starts_at",
        "duration_min",
        "break_after",
        "break_length",
        "second_break_after",
        "second_break_length",
        "starts_on",
        "until_on",
        "patients",
    )

    def __init__(self, *args: Any, choices: ScheduleChoices, **kwargs: Any) -> None:
        super().__init__(*args, choices=choices, **kwargs)
        self.fields["starts_on"].initial = choices.today + timedelta(days=1)
        self.fields["until_on"].initial = choices.today + timedelta(weeks=12)
        self.order_fields(self.field_order)

    def clean(self) -> dict[str, Any]:
        """Ask for days to come, in their order."""
        data = super().clean()
        first, last, program = (data.get(name) for name in ("starts_on", "until_on", "program"))
        if first and program and first < program.date_at(self.choices.at):
            self.add_error("starts_on", "This day is over already.")
        if first and last and last < first:
            self.add_error("until_on", "The last day comes before the first one.")
        return data

    def arguments(self) -> dict[str, Any]:
        """Give what `create_series` takes."""
        data = self.cleaned_data
        return {
            **self.shared(),
            "weekdays": data["weekdays"],
            "starts_at": data["starts_at"],
            "duration_min": data["duration_min"],
            "breaks": self.planned_breaks(),
            "starts_on": data["starts_on"],
            "until_on": data["until_on"],
        }
