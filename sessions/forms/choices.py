"""What a reader may plan with: programs, who leads, who takes part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django import forms

from telehealth.accounts.models import User
from telehealth.enrollment.models import Patient
from telehealth.enrollment.selectors import patients_in
from telehealth.programs.models import Program, Track
from telehealth.programs.selectors import programs_of, staff_of
from telehealth.programs.tracks import tracks_in


@dataclass(frozen=True, slots=True)
class ScheduleChoices:
    """What the reader may plan with: programs, and by program who leads and who takes part."""

    programs: Sequence[Program]
    facilitators: dict[UUID, list[User]]
    patients: dict[UUID, list[Patient]]
    tracks: list[Track]
    today: date
    at: datetime


def schedule_choices(user: User, at: datetime) -> ScheduleChoices:
    """Gather the choices of the planning forms."""
    programs = programs_of(user, at)
    return ScheduleChoices(
        programs=programs,
        facilitators={
            # Who has not accepted the invitation yet cannot lead.
            program.pk: [one for one in staff_of(program, at) if one.is_active]
            for program in programs
        },
        patients={program.pk: patients_in(program, at) for program in programs},
        tracks=[track for program in programs for track in tracks_in(program, program.date_at(at))],
        today=programs[0].date_at(at) if programs else at.date(),
        at=at,
    )


class FacilitatorChoice(forms.TypedChoiceField):
    """Who leads."""

    def __init__(self, choices: ScheduleChoices) -> None:
        people = {str(one.pk): one for group in choices.facilitators.values() for one in group}
        super().__init__(
            choices=[(pk, f"{one.full_name}, {one.credential}".rstrip(", ")) for pk, one in people.items()],
            coerce=people.__getitem__,
            label="Facilitator",
        )


class PatientsChoice(forms.TypedMultipleChoiceField):
    """Who takes part."""

    def __init__(self, choices: ScheduleChoices) -> None:
        people = {str(one.pk): one for group in choices.patients.values() for one in group}
        super().__init__(
            choices=[(pk, f"{one.user.full_name} ({one.record_number})") for pk, one in people.items()],
            coerce=people.__getitem__,
            required=False,
            label="Patients on the roster",
            widget=forms.CheckboxSelectMultiple(),
            help_text="The roster can be changed later.",
        )
