"""Forms of the patients' pages and of signing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from django import forms

from telehealth.accounts.models import User
from telehealth.programs.forms import DateInput, PersonForm, ProgramChoice
from telehealth.programs.models import Program, Track
from telehealth.programs.track_forms import TrackChoice
from telehealth.programs.zones import zone_choices

from .holds import HOLD_MAX_DAYS
from .models import ConsentKind, DischargeKind
from .services.changes import MAX_REASON
from .services.enrolment import DEFAULT_TARGET_MINUTES, MAX_TARGET_MINUTES

TARGET_HINT = "540 minutes are 9 hours, the usual minimum for adults; 360 for adolescents."


def target_field(initial: int | None = DEFAULT_TARGET_MINUTES) -> forms.IntegerField:
    """Make the field of a weekly target in minutes."""
    return forms.IntegerField(
        label="Weekly target in minutes",
        min_value=1,
        max_value=MAX_TARGET_MINUTES,
        initial=initial,
        help_text=TARGET_HINT,
    )


class TherapistChoice(forms.ModelChoiceField):
    """A therapist or case manager of the program, by name and role."""

    def label_from_instance(self, obj: User) -> str:
        """Name the person and what they do."""
        return f"{obj.full_name}, {obj.role_enum.label.lower()}"


class EpisodeFields(forms.Form):
    """What an episode begins with; parent of enrolling a new and a known person."""

    admitted_on = forms.DateField(
        label="Day of admission", widget=DateInput(), help_text="Sessions can be joined from this day on."
    )
    weekly_target = target_field()

    def __init__(
        self,
        *args: Any,
        programs: Sequence[Program],
        today: date,
        therapists: Any,
        tracks: Iterable[Track] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["program"] = ProgramChoice(programs)
        self.fields["track"] = TrackChoice(tracks, help_text="It can be changed later, from a day on.")
        self.fields["admitted_on"].initial = today
        # The service asks whether the therapist works in the very program that was chosen.
        self.fields["primary_therapist"] = TherapistChoice(
            queryset=therapists, required=False, label="Primary therapist", empty_label="Not decided yet"
        )


class EnrolForm(EpisodeFields, PersonForm):
    """Enrol a person who has no account yet."""

    preferred_name = forms.CharField(
        label="Preferred first name",
        max_length=80,
        required=False,
        help_text="Other patients see this name and the initial of the last name, nothing else.",
    )
    time_zone = forms.ChoiceField(label="The patient's time zone", help_text="Session times are shown in it.")
    record_number = forms.CharField(label="Record number", max_length=40)

    field_order = (
        "program",
        "given_name",
        "family_name",
        "preferred_name",
        "email",
        "phone",
        "time_zone",
        "record_number",
        "admitted_on",
        "weekly_target",
        "track",
        "primary_therapist",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zone: forms.ChoiceField = self.fields["time_zone"]  # type: ignore[assignment]  # declared above
        zone.choices = zone_choices()
        zone.initial = next((program.time_zone for program in kwargs["programs"]), None)
        self.fields["phone"].help_text = "The number to call when the connection drops."
        self.order_fields(self.field_order)


class EnrolAgainForm(EpisodeFields):
    """Begin a new episode of a patient who was discharged."""


class TargetForm(forms.Form):
    """Add a weekly target."""

    minutes = target_field(initial=None)
    effective_on = forms.DateField(
        label="From this day on",
        widget=DateInput(),
        help_text="Today or later. It counts from the next week start.",
    )


class TrackAssignForm(forms.Form):
    """Choose a track and the day from which it holds."""

    effective_on = forms.DateField(
        label="From this day on",
        widget=DateInput(),
        help_text="Today or later. Weeks follow from the first that begins then or after.",
    )

    def __init__(self, *args: Any, tracks: Iterable[Track], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["track"] = TrackChoice(tracks)
        self.order_fields(["track", "effective_on"])


class ConfirmForm(forms.Form):
    """A yes, with nothing to fill in."""


class HoldForm(forms.Form):
    """Why an episode pauses, and until when."""

    reason = forms.CharField(
        label="Reason",
        max_length=MAX_REASON,
        help_text="For the record of this enrollment; the patient does not see it.",
    )
    expected_return_on = forms.DateField(
        label="Expected return",
        widget=DateInput(),
        help_text=f"At most {HOLD_MAX_DAYS} days from today. For longer, discharge the patient.",
    )


class DischargeForm(forms.Form):
    """How and when an episode ended."""

    discharge_kind = forms.TypedChoiceField(
        label="How did it end?",
        choices=DischargeKind.choices,
        coerce=DischargeKind,
        widget=forms.RadioSelect(),
    )
    discharged_on = forms.DateField(label="Last day of service", widget=DateInput())


class SignForm(forms.Form):
    """The act of signing, apart from the text: a tick and a typed name."""

    agreed = forms.BooleanField(
        label="I have read this agreement and I agree to it.",
        error_messages={"required": "Tick this box if you agree. If you do not, you can leave this page."},
    )
    printed_name = forms.CharField(
        label="Type your full name to sign",
        max_length=160,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": "Type your full name to sign."},
    )


class DocumentForm(forms.Form):
    """Publish a new version of an agreement."""

    kind = forms.TypedChoiceField(label="Agreement", choices=ConsentKind.choices, coerce=ConsentKind)
    title = forms.CharField(label="Title", max_length=160)
    body = forms.CharField(
        label="Text",
        strip=False,
        max_length=60_000,
        widget=forms.Textarea(attrs={"rows": 18}),
        help_text="Plain text. A blank line begins a new paragraph. It cannot be changed once published.",
    )
    valid_days = forms.IntegerField(
        label="A signature is good for this many days",
        min_value=1,
        required=False,
        help_text="Empty: the episode.",
    )
    requires_resigning = forms.BooleanField(
        label="Everybody signs this version before their next session", required=False
    )

    def __init__(self, *args: Any, programs: Sequence[Program], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["program"] = ProgramChoice(programs)
        self.order_fields(["program", "kind", "title", "body", "valid_days", "requires_resigning"])
