"""What a single session and a series share."""

from __future__ import annotations

from typing import Any

from django import forms

from telehealth.programs.forms import ProgramChoice
from telehealth.programs.models import Program
from telehealth.programs.track_forms import TrackChoice

from ..models import ServiceType
from .choices import FacilitatorChoice, PatientsChoice, ScheduleChoices
from .clock import TimeInput

MAX_MINUTES = 480
BREAKS = ("break", "second_break")


class PlanForm(forms.Form):
    """What a single session and a series share."""

    title = forms.CharField(
        label="Title",
        max_length=120,
        help_text="Patients see it. Keep diagnoses and the program's name out of it.",
    )
    service_type = forms.ChoiceField(label="Service", choices=ServiceType.choices)
    starts_at = forms.TimeField(
        label="Start", widget=TimeInput(format="%H:%M"), help_text="As the clock of the program shows it."
    )
    duration_min = forms.IntegerField(
        label="Length in minutes",
        min_value=10,
        max_value=MAX_MINUTES,
        initial=195,
        help_text="Breaks included: 195 with a break of 15 leaves 180 that count.",
    )
    break_after = forms.IntegerField(
        label="Break after minutes", min_value=1, max_value=MAX_MINUTES, required=False
    )
    break_length = forms.IntegerField(
        label="Length of the break in minutes", min_value=1, max_value=120, required=False
    )
    second_break_after = forms.IntegerField(
        label="Second break after minutes",
        min_value=1,
        max_value=MAX_MINUTES,
        required=False,
        help_text="From the start of the session.",
    )
    second_break_length = forms.IntegerField(
        label="Length of the second break in minutes", min_value=1, max_value=120, required=False
    )

    def __init__(self, *args: Any, choices: ScheduleChoices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.choices = choices
        self.fields["program"] = ProgramChoice(choices.programs)
        self.fields["facilitator"] = FacilitatorChoice(choices)
        self.fields["track"] = TrackChoice(
            choices.tracks, help_text="Its credit terms lie over the program's. Anybody can be on the roster."
        )
        self.fields["patients"] = PatientsChoice(choices)

    def clean(self) -> dict[str, Any]:
        """Hold breaks inside their session, and people inside their program."""
        data: dict[str, Any] = super().clean() or {}
        for prefix in BREAKS:
            self._hold_break(prefix, data)
        first_end = (data.get("break_after") or 0) + (data.get("break_length") or 0)
        second = data.get("second_break_after")
        if second is not None and not self.has_error("break_after") and second < first_end:
            self.add_error("second_break_after", "The second break begins before the first one is over.")
        program = data.get("program")
        if program is not None:
            self._hold_people(program, data)
        return data

    def _hold_break(self, prefix: str, data: dict[str, Any]) -> None:
        after, length = data.get(f"{prefix}_after"), data.get(f"{prefix}_length")
        whole = data.get("duration_min")
        if (after is None) != (length is None):
            self.add_error(
                f"{prefix}_length", "Give both when the break begins and how long it is, or neither."
            )
        elif after is not None and length is not None and whole and after + length >= whole:
            self.add_error(f"{prefix}_after", "The break must end before the session does.")

    def _hold_people(self, program: Program, data: dict[str, Any]) -> None:
        facilitator = data.get("facilitator")
        if facilitator is not None and facilitator not in self.choices.facilitators[program.pk]:
            self.add_error("facilitator", "This person does not work in that program.")
        strangers = [one for one in data.get("patients", []) if one not in self.choices.patients[program.pk]]
        if strangers:
            self.add_error("patients", "Some of these patients are not enrolled in that program.")
        track = data.get("track")
        if track is not None and track.program_id != program.pk:
            self.add_error("track", "This track belongs to another program.")

    def shared(self) -> dict[str, Any]:
        """Give what both services take."""
        data = self.cleaned_data
        return {
            "program": data["program"],
            "title": data["title"],
            "service_type": ServiceType(data["service_type"]),
            "facilitator": data["facilitator"],
            "track": data["track"],
            "patients": data["patients"],
        }

    def planned_breaks(self) -> list[tuple[int, int]]:
        """Give the breaks as (minutes after the start, length in minutes)."""
        pairs = [(self.cleaned_data[f"{one}_after"], self.cleaned_data[f"{one}_length"]) for one in BREAKS]
        return [(after, length) for after, length in pairs if after is not None]
