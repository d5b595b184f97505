"""Tracks: make one, end one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms

from telehealth.programs.forms import ProgramChoice
from telehealth.programs.models import Program

from .clock import DayField


class TrackForm(forms.Form):
    """Add a track."""

    name = forms.CharField(
        label="Name", max_length=80, help_text="For example Morning, Evening or Adolescents. Staff see it."
    )

    def __init__(self, *args: Any, programs: Sequence[Program], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["program"] = ProgramChoice(programs)
        self.order_fields(["program", "name"])


class TrackEndForm(forms.Form):
    """The last day of a track."""

    ended_on = DayField(label="Last day")

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["ended_on"].initial = today
