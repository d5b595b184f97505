"""The field that chooses a track, for every form that has one."""

from __future__ import annotations

from collections.abc import Iterable

from django import forms

from .models import Track


class TrackChoice(forms.TypedChoiceField):
    """One of the tracks, or none; the service judges whose program it is."""

    def __init__(self, tracks: Iterable[Track], *, help_text: str = "") -> None:
        by_id = {str(one.pk): one for one in tracks}
        super().__init__(
            choices=[("", "No track"), *((pk, one.name) for pk, one in by_id.items())],
            coerce=by_id.__getitem__,
            empty_value=None,
            required=False,
            label="Track",
            help_text=help_text,
        )
