"""Forms of the schedule. Times are typed as the program's wall clock shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator

from telehealth.accounts.models import User
from telehealth.enrollment.models import Patient
from telehealth.enrollment.selectors import patients_in
from telehealth.programs.forms import DateInput, ProgramChoice
from telehealth.programs.models import Program
from telehealth.programs.selectors import programs_of, staff_of

from .models import GroupSession, ServiceType, SessionState
from .selectors import SessionFilters

WEEKDAYS = [
    (0, "Monday"),
    (1, "Tuesday"),
    (2, "Wednesday"),
    (3, "Thursday"),
    (4, "Friday"),
    (5, "Saturday"),
    (6, "Sunday"),
]
MAX_MINUTES = 480
BREAKS = ("break", "second_break")
# A day outside is a slip of the keys, and near the ends of the calendar no zone can be computed.
EARLIEST, LATEST = date(2000, 1, 1), date(2100, 12, 31)


@dataclass(frozen=True, slots=True)
class ScheduleChoices:
    """What the reader may plan with: programs, and by program who leads and who takes part."""

    programs: Sequence[Program]
    facilitators: dict[UUID, list[User]]
    patients: dict[UUID, list[Patient]]
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
        today=programs[0].date_at(at) if programs else at.date(),
        at=at,
    )


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

    def shared(self) -> dict[str, Any]:
        """Give what both services take."""
        data = self.cleaned_data
        return {
            "program": data["program"],
            "title": data["title"],
            "service_type": ServiceType(data["service_type"]),
            "facilitator": data["facilitator"],
            "patients": data["patients"],
        }

    def planned_breaks(self) -> list[tuple[int, int]]:
        """Give the breaks as (minutes after the start, length in minutes)."""
        pairs = [(self.cleaned_data[f"{one}_after"], self.cleaned_data[f"{one}_length"]) for one in BREAKS]
        return [(after, length) for after, length in pairs if after is not None]


class SessionForm(PlanForm):
    """Plan one session."""

    day = DayField(label="Day")

    field_order = (
        "program",
        "title",
        "service_type",
        "facilitator",
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


class PatientForm(forms.Form):
    """One patient to put on a roster."""

    def __init__(self, *args: Any, candidates: Sequence[Patient], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        by_id = {str(one.pk): one for one in candidates}
        self.fields["patient"] = forms.TypedChoiceField(
            choices=[("", "Choose a patient")]
            + [(pk, f"{one.user.full_name} ({one.record_number})") for pk, one in by_id.items()],
            coerce=by_id.__getitem__,
            label="Add a patient",
        )


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

    def __init__(self, *args: Any, programs: Sequence[Program], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["program"] = forms.TypedChoiceField(
            label="Program",
            choices=[("", "All programs"), *((str(one.pk), one.name) for one in programs)],
            coerce=UUID,
            empty_value=None,
            required=False,
        )

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
            page=data.get("page") or 1,
            newest_first=show == "past",
        )

    def query(self) -> str:
        """Give what was asked for as a query string, without the page."""
        return urlencode([(name, value) for name, value in self.data.items() if name != "page" and value])
