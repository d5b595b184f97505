"""What to compare: a month, whose terms, and what they would be instead."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from django import forms

from sessions.rules.conditions.packs import Pack
from sessions.selectors.conditions.what_if import Question
from telehealth.programs.forms import ProgramChoice
from telehealth.programs.models import CreditTerms, Program, Track
from telehealth.programs.track_forms import TrackChoice

from .clock import EARLIEST, LATEST
from .terms import ValuesForm, shown_value

MAX_TARGET_MINUTES = 2400


class MonthField(forms.CharField):
    """A month as `2026-10`, by the browser's own picker."""

    widget = forms.TextInput(attrs={"type": "month", "placeholder": "2026-10"})

    def to_python(self, value: Any) -> Any:
        """Read the month's first day."""
        text = super().to_python(value)
        if not text:
            return None
        try:
            month = date.fromisoformat(f"{text}-01")
        except ValueError as error:
            raise forms.ValidationError("Write the month as year and month, for example 2026-10.") from error
        if not EARLIEST <= month <= LATEST:
            raise forms.ValidationError("Choose a month of this century.")
        return month


class WhatIfForm(ValuesForm):
    """The question. With `edited` the values typed count, otherwise those of the pack or version chosen."""

    month = MonthField(label="Month", help_text="Its weeks that are over are computed anew.")
    target = forms.IntegerField(
        label="Weekly target instead (minutes)",
        min_value=1,
        max_value=MAX_TARGET_MINUTES,
        required=False,
        help_text="Empty: every patient keeps the target of their plan.",
    )
    edited = forms.BooleanField(required=False)
    patient = forms.UUIDField(required=False)

    def __init__(
        self,
        *args: Any,
        programs: Sequence[Program],
        tracks: Iterable[Track],
        packs: Iterable[Pack],
        versions: Iterable[CreditTerms],
        names: tuple[str, ...],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, names=names, below={}, **kwargs)
        self.fields["program"] = ProgramChoice(programs)
        self.fields["track"] = TrackChoice(
            tracks, help_text="Empty: the program's own terms are replaced, those of tracks stay over them."
        )
        self.by_source: dict[str, Pack | CreditTerms] = {
            **{pack.key: pack for pack in packs},
            **{str(version.pk): version for version in versions},
        }
        self.fields["source"] = forms.ChoiceField(
            label="Other terms",
            choices=[
                ("Packs", [(key, one.name) for key, one in self.by_source.items() if isinstance(one, Pack)]),
                (
                    "Versions",
                    [
                        (key, _version(one))
                        for key, one in self.by_source.items()
                        if isinstance(one, CreditTerms)
                    ],
                ),
            ],
        )
        self.order_fields(["program", "month", "track", "source", "target", *names])

    def clean(self) -> dict[str, Any]:
        """Keep a track inside its program."""
        data: dict[str, Any] = super().clean() or {}
        track, program = data.get("track"), data.get("program")
        if track is not None and program is not None and track.program_id != program.pk:
            self.add_error("track", "This track belongs to another program.")
        return data

    def with_values(self) -> dict[str, Any]:
        """Give the data of a form that shows the values that were compared with."""
        values = self.question().parameters
        shown = {name: shown_value(values[name]) if name in values else "" for name in self.names}
        return {**{name: self.data.get(name, "") for name in self.fields}, **shown}

    def pack(self) -> Pack | None:
        """Give the pack that was chosen to start from."""
        chosen = self.by_source[self.cleaned_data["source"]]
        return chosen if isinstance(chosen, Pack) else None

    def question(self) -> Question:
        """Give the question as the selector takes it."""
        data = self.cleaned_data
        start = self.by_source[data["source"]]
        return Question(
            program=data["program"],
            track=data["track"],
            month=data["month"],
            parameters=self.parameters() if data["edited"] else dict(start.parameters),
            target_min=data["target"],
        )


def _version(terms: CreditTerms) -> str:
    place = f" ({terms.track.name})" if terms.track is not None else ""
    return f"Version {terms.version}: {terms.name}{place}, from {terms.effective_on.isoformat()}"
