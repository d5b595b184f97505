"""Sign a roster, correct minutes, decide about corrections, object and answer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django import forms

from sessions.selectors.signing.corrections import EVIDENCE_NEEDED, CorrectionRow

from ..models import CorrectionReason, DisputeOutcome

LONGEST_TEXT = 2000


def _words(label: str, hint: str, *, required: bool = True, rows: int = 4) -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=hint,
        required=required,
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": rows}),
    )


class SignOffForm(forms.Form):
    """Sign; the hash of what was shown stands beside the form in the page."""

    credential = forms.CharField(
        max_length=40,
        label="Your credential",
        help_text="It stands beside your name under the roster, for example LCSW.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    agreed = forms.BooleanField()

    def __init__(self, *args: Any, statement: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["agreed"].label = statement


class CorrectionForm(forms.Form):
    """Ask for other minutes. An outage has a form of its own, since it is signed."""

    new_min = forms.IntegerField(label="Minutes that should count", min_value=0)
    reason = forms.ChoiceField()
    narrative = _words("What happened", "The patient reads this, too. Name no other patient.")
    evidence = _words(
        "What it rests on",
        "A call log, a note, the number of a ticket. Needed for an outage and for a phone call.",
        required=False,
        rows=2,
    )

    def __init__(self, *args: Any, most_min: int, is_outage: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.is_outage = is_outage
        outage = CorrectionReason.PLATFORM_OUTAGE
        reasons = [outage] if is_outage else [one for one in CorrectionReason if one is not outage]
        self.fields["reason"] = forms.ChoiceField(
            label="Reason",
            choices=[(one.value, one.label) for one in reasons],
            initial=outage.value if is_outage else None,
        )
        new_min = self.fields["new_min"]
        new_min.help_text = f"Whole minutes, {most_min} at most."
        new_min.widget.attrs.update({"max": most_min, "inputmode": "numeric"})

    def clean(self) -> dict[str, Any]:
        """Ask for the evidence that some reasons rest on."""
        data = super().clean() or {}
        needed = data.get("reason") in {one.value for one in EVIDENCE_NEEDED}
        if needed and not (data.get("evidence") or "").strip():
            self.add_error("evidence", "Say what this rests on: a call log, a note, the number of a ticket.")
        return data

    def arguments(self) -> dict[str, Any]:
        """Give what `request_correction` takes."""
        data = self.cleaned_data
        return {
            "new_min": data["new_min"],
            "reason": CorrectionReason(data["reason"]),
            "narrative": data["narrative"],
            "evidence": data["evidence"],
        }


class DecisionForm(forms.Form):
    """Approve or refuse a correction."""

    note = _words(
        "Your note", "Needed when you refuse. The person who asked reads it.", required=False, rows=2
    )


class DisputeForm(forms.Form):
    """Object to one's own minutes."""

    text = _words("What is not right?", "Your clinician and the program's administrators read this.")


class AnswerForm(forms.Form):
    """Answer a patient's objection."""

    outcome = forms.ChoiceField(
        label="What follows", choices=DisputeOutcome.choices, widget=forms.RadioSelect, initial=None
    )
    correction = forms.ChoiceField()
    text = _words("In words", "The patient reads this.")

    def __init__(self, *args: Any, corrections: Iterable[CorrectionRow], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        made = [
            (str(one.id), f"{one.old_min} to {one.new_min} minutes: {one.reason_words}")
            for one in corrections
        ]
        self.fields["correction"] = forms.ChoiceField(
            label="The correction that answers it",
            required=False,
            help_text="Needed if the minutes were corrected.",
            choices=[("", "None"), *made],
            widget=forms.Select if made else forms.HiddenInput,
        )

    def arguments(self) -> dict[str, Any]:
        """Give what `answer_dispute` takes."""
        data = self.cleaned_data
        chosen = data["correction"]
        return {
            "outcome": DisputeOutcome(data["outcome"]),
            "text": data["text"],
            "correction_id": UUID(chosen) if chosen else None,
        }
