"""Credit terms as a form: one optional field for each, of its kind; empty means as the level below says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from django import forms
from django.forms import BoundField

from sessions.rules.conditions.term_words import (
    TERM_WORDS,
    VALUE_WORDS,
    TermGroup,
    TermWords,
    default_words,
    value_words,
)
from sessions.rules.conditions.terms import PARAMETERS
from sessions.selectors.conditions.terms import TermsStart

from .clock import DayField

MAX_NUMBER = 100_000


@dataclass(frozen=True, slots=True)
class FieldGroup:
    """The fields of one group of terms."""

    title: str
    fields: tuple[BoundField, ...]


class ValuesForm(forms.Form):
    """The values of terms; parent of every form that takes some."""

    def __init__(
        self,
        *args: Any,
        names: tuple[str, ...],
        below: Mapping[str, Any],
        otherwise: str = "default",
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.names = names
        for name in names:
            self.fields[name] = _field(TERM_WORDS[name], below, otherwise)

    def groups(self) -> Iterator[FieldGroup]:
        """Give the fields group by group."""
        for group in TermGroup:
            names = [name for name in self.names if TERM_WORDS[name].group is group]
            if names:
                yield FieldGroup(group.value, tuple(self[name] for name in names))

    def parameters(self) -> dict[str, int | bool | str]:
        """Give what was filled in as it is stored."""
        return {
            name: _stored(self.cleaned_data[name])
            for name in self.names
            if self.cleaned_data[name] not in (None, "")
        }


class TermsForm(ValuesForm):
    """New terms of a program, a track or one patient."""

    name = forms.CharField(
        label="Name of these terms",
        max_length=120,
        help_text="Your own words, for example: Payer X from June.",
    )
    effective_on = DayField(label="From this day on")
    pack = forms.CharField(required=False, widget=forms.HiddenInput())

    def __init__(self, *args: Any, start: TermsStart, **kwargs: Any) -> None:
        initial = {
            "name": start.pack.name if start.pack else "",
            "effective_on": start.earliest,
            "pack": start.pack.key if start.pack else "",
            **{name: shown_value(value) for name, value in start.parameters.items()},
        }
        super().__init__(
            *args,
            names=start.names,
            below=start.below,
            otherwise="default" if start.is_lowest else "as below",
            initial=initial,
            **kwargs,
        )
        self.start = start
        day = start.earliest
        if start.enrollment is None:
            hint = "Today or later. What is asked of days and weeks follows from the next week that begins."
        else:
            week_later = day + timedelta(weeks=1)
            hint = (
                f"A program week that has not begun: {day:%B} {day.day}, {week_later:%B} {week_later.day} "
                "and so on."
            )
        self.fields["effective_on"].help_text = hint

    def clean(self) -> dict[str, Any]:
        """Ask for days to come."""
        data: dict[str, Any] = super().clean() or {}
        effective_on = data.get("effective_on")
        if effective_on is not None and effective_on < self.start.earliest:
            self.add_error(
                "effective_on", "This day is too early: weeks and sessions of the past keep theirs."
            )
        elif effective_on is not None and not self._may_start(effective_on):
            first = self.start.program.get_week_start_display()
            self.add_error("effective_on", f"A patient's own terms start with a program week, on a {first}.")
        return data

    def _may_start(self, day: date) -> bool:
        return self.start.enrollment is None or self.start.program.first_day_of_week(day) == day


class ApplyForm(forms.Form):
    """Whether sessions planned already get the new terms, too."""

    also_planned = forms.BooleanField(required=False)

    def __init__(self, *args: Any, planned: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        number = "the one session" if planned == 1 else f"the {planned} sessions"
        self.fields[
            "also_planned"
        ].label = f"Apply them also to {number} planned from that day on that have not begun"
        self.fields["also_planned"].help_text = "Otherwise they keep the terms they were planned with."


def _field(words: TermWords, below: Mapping[str, Any], otherwise: str) -> forms.Field:
    kind = PARAMETERS[words.name].kind
    shared: dict[str, Any] = {"label": words.label, "required": False, "help_text": words.explanation}
    if words.name in below or not words.by_type:
        inherited = f"{otherwise}: {_inherited(words.name, below)}"
    else:
        inherited = f"{otherwise}: by service"
        shared["help_text"] += f" By default {words.by_type}."
    if kind is bool:
        choices = [("", inherited[0].upper() + inherited[1:]), ("true", "Yes"), ("false", "No")]
        return forms.TypedChoiceField(
            choices=choices, coerce=lambda text: text == "true", empty_value=None, **shared
        )
    if issubclass(kind, StrEnum):
        choices = [
            ("", inherited[0].upper() + inherited[1:]),
            *((one.value, VALUE_WORDS[one]) for one in kind),
        ]
        return forms.ChoiceField(choices=choices, **shared)
    attributes = {"placeholder": inherited}
    if kind is Decimal:
        return forms.DecimalField(
            min_value=Decimal(0),
            max_value=Decimal(1),
            max_digits=5,
            decimal_places=4,
            widget=forms.NumberInput(attrs={**attributes, "step": "0.01"}),
            **shared,
        )
    shared["label"] = f"{words.label} ({words.unit.value})" if words.unit.value else words.label
    return forms.IntegerField(
        min_value=0, max_value=MAX_NUMBER, widget=forms.NumberInput(attrs=attributes), **shared
    )


def _inherited(name: str, below: Mapping[str, Any]) -> str:
    return value_words(name, below[name]) if name in below else default_words(name)


def _stored(value: Any) -> int | bool | str:
    return format(value, "f") if isinstance(value, Decimal) else value


def shown_value(value: Any) -> Any:
    """Give a stored value as its field shows it."""
    return ("true" if value else "false") if isinstance(value, bool) else value
