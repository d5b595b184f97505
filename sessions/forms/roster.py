"""Put a patient on a roster."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms

from telehealth.enrollment.models import Patient


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
