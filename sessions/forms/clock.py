"""Days and times as a person types them: what the program's wall clock shows."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator

from telehealth.programs.forms import DateInput

# A day outside is a slip of the keys, and near the ends of the calendar no zone can be computed.
EARLIEST, LATEST = date(2000, 1, 1), date(2100, 12, 31)


def wall_clock(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """Read a wall-clock time as an instant; ValidationError for an hour that the spring change skips.

    An hour that the autumn change repeats means its first turn.
    """
    instant = datetime.combine(day, clock, tzinfo=zone).astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) != datetime.combine(day, clock):
        raise forms.ValidationError("The clocks go forward then: this hour does not exist on that day.")
    return instant


class DayField(forms.DateField):
    """A day of this century."""

    widget = DateInput

    def __init__(self, *, label: str, required: bool = True) -> None:
        near = [MinValueValidator(EARLIEST), MaxValueValidator(LATEST)]
        super().__init__(label=label, required=required, validators=near)


class TimeInput(forms.TimeInput):
    """The browser's own time picker."""

    input_type = "time"
