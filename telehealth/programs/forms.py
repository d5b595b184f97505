"""Forms of the people pages and of accepting an invitation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms

from telehealth.accounts.roles import Role

from .models import Program, ProgramMembership, WeekStart
from .people import Person
from .scopes import ServiceDates
from .zones import zone_choices


class DateInput(forms.DateInput):
    """The browser's own date picker, in the only format it understands."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class ProgramChoice(forms.TypedChoiceField):
    """One of the reader's programs; with a single one there is nothing to ask."""

    def __init__(self, programs: Sequence[Program]) -> None:
        self.by_id = {str(program.pk): program for program in programs}
        only_one = len(programs) == 1
        super().__init__(
            choices=[(pk, program.name) for pk, program in self.by_id.items()],
            coerce=self.by_id.__getitem__,
            initial=next(iter(self.by_id), None),
            label="Program",
            widget=forms.HiddenInput() if only_one else forms.Select(),
        )


class PersonForm(forms.Form):
    """Who the person is; parent of the forms that make accounts."""

    given_name = forms.CharField(label="First name", max_length=80)
    family_name = forms.CharField(label="Last name", max_length=80)
    email = forms.EmailField(
        label="Email address",
        help_text="The link to set a password goes here. The message does not name the program.",
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    phone = forms.CharField(
        label="Phone", max_length=40, required=False, widget=forms.TextInput(attrs={"type": "tel"})
    )

    def person(self) -> Person:
        """Give the person as the services take it; only after `is_valid`."""
        data = self.cleaned_data
        return Person(
            email=data["email"],
            given_name=data["given_name"],
            family_name=data["family_name"],
            preferred_name=data.get("preferred_name", ""),
            credential=data.get("credential", ""),
            phone=data["phone"],
            time_zone=data.get("time_zone"),
        )


class InviteForm(PersonForm):
    """Invite a member of staff."""

    credential = forms.CharField(
        label="Credential", max_length=40, required=False, help_text="Shown at signatures, for example LCSW."
    )
    ends_on = forms.DateField(
        label="Last day of access", required=False, widget=DateInput(), help_text="Needed for auditors."
    )
    sees_from = forms.DateField(
        label="First service date the auditor sees",
        required=False,
        widget=DateInput(),
        help_text="For auditors only.",
    )
    sees_until = forms.DateField(
        label="Last service date the auditor sees",
        required=False,
        widget=DateInput(),
        help_text="For auditors only.",
    )

    field_order = (
        "program",
        "role",
        "given_name",
        "family_name",
        "email",
        "phone",
        "credential",
        "ends_on",
        "sees_from",
        "sees_until",
    )

    def __init__(self, *args: Any, programs: Sequence[Program], roles: Iterable[Role], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["program"] = ProgramChoice(programs)
        self.fields["role"] = forms.TypedChoiceField(
            choices=[(role.value, role.label) for role in roles],
            coerce=Role,
            label="Role",
            widget=forms.RadioSelect(),
            error_messages={"required": "Choose what the person will do here."},
        )
        self.order_fields(self.field_order)

    def clean(self) -> dict[str, Any]:
        """Ask for the end of an auditor's access, and for what it is an access to."""
        data = super().clean() or self.cleaned_data
        if data.get("role") is Role.AUDITOR:
            for name, sentence in SEAT_SENTENCES.items():
                if not data.get(name) and name not in self.errors:
                    self.add_error(name, sentence)
        return data

    def sees(self) -> ServiceDates | None:
        """Give the service dates of an auditor's seat; only after `is_valid`."""
        return _sees(self.cleaned_data) if self.cleaned_data["role"] is Role.AUDITOR else None


SEAT_SENTENCES = {
    "ends_on": "Auditors get access for a limited time. Choose the last day.",
    "sees_from": "Auditors see some service dates only. Choose the first one.",
    "sees_until": "Auditors see some service dates only. Choose the last one.",
}


class SeatForm(forms.Form):
    """What may be changed about a person's access; begins with what holds now."""

    def __init__(self, data: Any = None, *, membership: ProgramMembership) -> None:
        super().__init__(data)
        self.initial = {name: getattr(membership, name) for name in self.fields}

    def change(self) -> dict[str, Any]:
        """Give what the service takes; only after `is_valid`."""
        return dict(self.cleaned_data)


class AuditorSeatForm(SeatForm):
    """How long an auditor has access, and to which service dates."""

    ends_on = forms.DateField(
        label="Last day of access",
        widget=DateInput(),
        help_text="After this day the auditor sees nothing any more.",
    )
    sees_from = forms.DateField(
        label="First service date the auditor sees",
        widget=DateInput(),
        help_text="Sessions before it, and weeks that begin before it, stay closed.",
    )
    sees_until = forms.DateField(label="Last service date the auditor sees", widget=DateInput())

    def change(self) -> dict[str, Any]:
        """Give what the service takes; only after `is_valid`."""
        return {"ends_on": self.cleaned_data["ends_on"], "sees": _sees(self.cleaned_data)}


class SupervisorSeatForm(SeatForm):
    """Whether a therapist may approve the corrections that others ask for."""

    is_supervisor = forms.BooleanField(
        label="Clinical supervisor",
        required=False,
        help_text="May approve corrections of credited minutes that other people ask for, never their own.",
    )


def _sees(data: dict[str, Any]) -> ServiceDates:
    return ServiceDates(data["sees_from"], data["sees_until"])


class ProgramForm(forms.Form):
    """Found a program."""

    name = forms.CharField(label="Name", max_length=120)
    time_zone = forms.ChoiceField(
        label="Time zone", help_text="Sessions and weeks follow this clock.", initial="America/New_York"
    )
    week_start = forms.TypedChoiceField(
        label="A week starts on", choices=WeekStart.choices, coerce=WeekStart, initial=WeekStart.SUN
    )
    callback_phone = forms.CharField(
        label="Phone number patients can call", max_length=40, widget=forms.TextInput(attrs={"type": "tel"})
    )
    part2_covered = forms.BooleanField(
        label="Treats substance use (42 CFR Part 2 applies)", required=False, initial=True
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["time_zone"].choices = zone_choices()  # type: ignore[attr-defined]


class PasswordForm(forms.Form):
    """Choose the password of an invited account."""

    password = forms.CharField(
        label="Password",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="At least 12 characters. Several words in a row are easy to remember.",
    )
    password_again = forms.CharField(
        label="Password again",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean(self) -> dict[str, Any]:
        """Catch a slip of the keys."""
        data = super().clean() or self.cleaned_data
        if "password_again" in data and data.get("password") != data["password_again"]:
            self.add_error("password_again", "The two passwords differ. Type the same one twice.")
        return data
