"""Forms of the desk: the filters of board and absences, a decision, an attempt, a make-up."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms

from sessions.selectors.weekly.absences import UNDECIDED, AbsenceFilters
from sessions.selectors.weekly.board_shapes import BoardFilters
from sessions.services.weekly.absences import MAX_NOTE
from telehealth.programs.forms import DateInput

from ..models import AbsenceKind, AbsenceReason, OutreachChannel, OutreachOutcome


class _Filters(forms.Form):
    """Filters from an address: what cannot be read narrows nothing."""

    def values(self) -> dict[str, Any]:
        """Give what could be read."""
        self.is_valid()
        return getattr(self, "cleaned_data", {})

    def query(self, *without: str) -> str:
        """Give what was asked for as a query string, leaving some names out."""
        left_out = {"page", "all", *without}
        return urlencode(
            [(name, value) for name, value in self.data.items() if name not in left_out and value]
        )


class BoardFilterForm(_Filters):
    """What the week board is narrowed to."""

    program = forms.UUIDField(required=False)
    week = forms.DateField(required=False)
    track = forms.UUIDField(required=False)
    therapist = forms.UUIDField(required=False)
    flag = forms.CharField(required=False, max_length=24)
    page = forms.IntegerField(required=False, min_value=1)
    all = forms.BooleanField(required=False)

    def filters(self) -> BoardFilters:
        """Give the filters."""
        data = self.values()
        return BoardFilters(
            program_id=data.get("program"),
            day=data.get("week"),
            track_id=data.get("track"),
            therapist_id=data.get("therapist"),
            flag=data.get("flag") or "",
            page=data.get("page") or 1,
            show_all=bool(data.get("all")),
        )


class AbsenceFilterForm(_Filters):
    """What the list of missed sessions is narrowed to."""

    KINDS = (("", "All"), (UNDECIDED, "Not decided yet"), *AbsenceKind.choices)

    kind = forms.ChoiceField(label="How they count", choices=KINDS, required=False)
    from_on = forms.DateField(label="From", required=False, widget=DateInput())
    to_on = forms.DateField(label="To", required=False, widget=DateInput())
    page = forms.IntegerField(required=False, min_value=1)

    def __init__(self, *args: Any, programs: list[tuple[UUID, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["program"] = forms.TypedChoiceField(
            label="Program",
            choices=[("", "All programs"), *((str(pk), name) for pk, name in programs)],
            coerce=UUID,
            empty_value=None,
            required=False,
        )

    def filters(self) -> AbsenceFilters:
        """Give the filters."""
        data = self.values()
        return AbsenceFilters(
            from_on=data.get("from_on"),
            to_on=data.get("to_on"),
            kind=data.get("kind") or "",
            program_id=data.get("program"),
            page=data.get("page") or 1,
        )


class NoticeInput(forms.DateTimeInput):
    """The browser's own picker of a day and a time."""

    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M")


class AbsenceForm(forms.Form):
    """How an absence counts. Times are typed as the program's wall clock shows them."""

    kind = forms.TypedChoiceField(
        label="This absence is",
        choices=AbsenceKind.choices,
        coerce=AbsenceKind,
        widget=forms.RadioSelect(),
    )
    reason = forms.TypedChoiceField(
        label="Reason", choices=[("", "Choose a reason"), *AbsenceReason.choices], coerce=AbsenceReason
    )
    noticed_at = forms.DateTimeField(
        label="When the patient gave notice",
        required=False,
        widget=NoticeInput(),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
        help_text="In the program's time. Leave it empty if there was none.",
    )
    note = forms.CharField(
        label="Note", required=False, max_length=MAX_NOTE, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, *args: Any, zone: ZoneInfo, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = zone

    def arguments(self) -> dict[str, Any]:
        """Give what `decide_absence` takes."""
        data = dict(self.cleaned_data)
        noticed = data["noticed_at"]
        # Django read the digits in its own zone; what was meant is the program's clock.
        data["noticed_at"] = noticed and noticed.replace(tzinfo=self.zone)
        return data


class OutreachForm(forms.Form):
    """One attempt to reach somebody."""

    channel = forms.TypedChoiceField(
        label="How", choices=OutreachChannel.choices, coerce=OutreachChannel, initial=OutreachChannel.PHONE
    )
    outcome = forms.TypedChoiceField(
        label="What came of it",
        choices=[("", "Choose"), *OutreachOutcome.choices],
        coerce=OutreachOutcome,
    )
    note = forms.CharField(
        label="Note", required=False, max_length=MAX_NOTE, widget=forms.Textarea(attrs={"rows": 2})
    )


class MakeUpForm(forms.Form):
    """Which patient goes into which session, and for which missed place."""

    patient = forms.UUIDField()
    session = forms.UUIDField()
    absence = forms.IntegerField(required=False, min_value=1)
    next = forms.CharField(required=False)
