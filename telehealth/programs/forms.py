"""Forms of the people pages and of accepting an invitation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms

from telehealth.accounts.roles import Role

from .models import Program, WeekStart
from .people import Person
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

    field_order = ("program", "role", "given_name", "family_name", "email", "phone", "credential", "ends_on")

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
        """Ask for the end of an auditor's access."""
        data = super().clean() or self.cleaned_data
        if data.get("role") is Role.AUDITOR and not data.get("ends_on") and "ends_on" not in self.errors:
            self.add_error("ends_on", "Auditors get access for a limited time. Choose the last day.")
        return data


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
