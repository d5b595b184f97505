"""The filter of a patient's attendance: a month, or any span of days."""

from __future__ import annotations

from calendar import monthrange
from datetime import date
from typing import Any

from django import forms

from telehealth.programs.forms import DateInput


class MonthInput(forms.TextInput):
    """The browser's own month picker."""

    input_type = "month"


class HistoryForm(forms.Form):
    """Which service dates to show; a month wins over single days."""

    month = forms.RegexField(
        r"^\d{4}-(0[1-9]|1[0-2])$",
        required=False,
        label="Month",
        widget=MonthInput(),
        error_messages={"invalid": "Choose a month such as 2026-11."},
    )
    from_on = forms.DateField(label="From", required=False, widget=DateInput())
    to_on = forms.DateField(label="To", required=False, widget=DateInput())

    def clean(self) -> dict[str, Any]:
        """Refuse days in the wrong order."""
        data = super().clean() or self.cleaned_data
        first, last = data.get("from_on"), data.get("to_on")
        if first and last and last < first:
            self.add_error("to_on", "This day lies before the first one.")
        return data

    def dates(self) -> tuple[date | None, date | None]:
        """Give the first and the last day; nothing of what was not understood."""
        if not self.is_valid():
            return None, None
        month = self.cleaned_data["month"]
        if month and int(month[:4]):
            year, number = int(month[:4]), int(month[5:])
            return date(year, number, 1), date(year, number, monthrange(year, number)[1])
        return self.cleaned_data["from_on"], self.cleaned_data["to_on"]
