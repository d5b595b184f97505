"""The filter of every report: program, track, service dates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django import forms

from telehealth.core.errors import NotFound
from telehealth.programs.forms import DateInput, ProgramChoice
from telehealth.programs.models import Program
from telehealth.programs.tracks import tracks_in

USUAL_DAYS = timedelta(days=27)
MOST_DAYS = timedelta(days=400)


class ReportForm(forms.Form):
    """What a report is about; what is left empty is the last four weeks of the first program."""

    def __init__(self, data: Mapping[str, str], *, programs: Sequence[Program], at: datetime) -> None:
        super().__init__(_filled(data, programs, at))
        self.programs, self.at = programs, at
        program = ProgramChoice(programs)
        program.required = False
        self.fields["program"] = program
        self.fields["track"] = forms.ChoiceField(
            label="Track", required=False, choices=[("", "All tracks"), *_tracks(programs)]
        )
        self.fields["from_on"] = forms.DateField(label="From", required=False, widget=DateInput())
        self.fields["to_on"] = forms.DateField(label="To", required=False, widget=DateInput())

    def clean(self) -> dict[str, Any]:
        """Refuse days in the wrong order and spans that no page can hold."""
        data = super().clean() or self.cleaned_data
        first, last = self._dates(data)
        if last < first:
            self.add_error("to_on", "This day lies before the first one.")
        elif last - first > MOST_DAYS:
            self.add_error("to_on", "A report spans 400 days at most. Choose a later first day.")
        return data

    def query(self) -> dict[str, Any]:
        """Give what the services take: of days that were not understood, the usual ones."""
        data = self.cleaned_data if self.is_valid() else {}
        if {"program", "track"} & self.errors.keys():
            # The lists hold all there is for this reader: anything else was not chosen from them.
            raise NotFound("program_not_found", "There is no such program or track among yours.")
        first, last = self._dates(data)
        track = data.get("track") or None
        return {
            "program_id": self._program(data).pk,
            "track_id": None if track is None else UUID(track),
            "first": first,
            "last": last,
        }

    def _program(self, data: dict[str, Any]) -> Program:
        found = data.get("program")
        return found if isinstance(found, Program) else self.programs[0]

    def _dates(self, data: dict[str, Any]) -> tuple[date, date]:
        last = data.get("to_on") or self._program(data).date_at(self.at)
        return data.get("from_on") or last - USUAL_DAYS, last


def _filled(data: Mapping[str, str], programs: Sequence[Program], at: datetime) -> dict[str, str]:
    """Put the usual days where none were asked for, so that the page shows what it is about."""
    given = {name: value for name, value in data.items() if value}
    asked = next((one for one in programs if str(one.pk) == given.get("program")), programs[0])
    last = _day(given.get("to_on", "")) or asked.date_at(at)
    usual = {"from_on": (last - USUAL_DAYS).isoformat(), "to_on": last.isoformat()}
    return {**usual, **given}


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _tracks(programs: Sequence[Program]) -> list[tuple[str, str]]:
    several = len(programs) > 1
    return [
        (str(track.pk), f"{program.name}: {track.name}" if several else track.name)
        for program in programs
        for track in tracks_in(program)
    ]
