"""Freeze the credit terms of its date with a session: the program's, and what its track lays over them."""

from __future__ import annotations

from datetime import date
from typing import TypedDict

from sessions.models import GroupSession, SessionState
from sessions.selectors.planned import planned_under
from telehealth.programs.models import CreditTerms, Program, Track
from telehealth.programs.selectors import terms_in_force
from telehealth.programs.tracks import require_track_of, track_terms_in_force


class FrozenTerms(TypedDict):
    """The columns of a session that hold its terms."""

    terms: CreditTerms
    track_terms: CreditTerms | None


def frozen_terms(program: Program, track: Track | None, on: date) -> FrozenTerms:
    """Give the terms of a date to a new session; `Conflict` if the track is over by then. Two queries."""
    require_track_of(program, track, [on])
    return {
        "terms": terms_in_force(program, on),
        "track_terms": None if track is None else track_terms_in_force(track, on),
    }


def freeze_terms(group_session: GroupSession) -> None:
    """Give a session that moved the terms of its new date; the caller saves it."""
    program = group_session.program
    on = program.date_at(group_session.scheduled_start)
    found = frozen_terms(program, group_session.track, on)
    group_session.terms, group_session.track_terms = found["terms"], found["track_terms"]


def apply_to_planned(terms: CreditTerms) -> int:
    """Freeze new terms with the sessions planned for their time that have not begun; gives how many.

    One that opens at this very moment keeps what it has.
    """
    rows = GroupSession.objects.filter(
        pk__in=[one.pk for one in planned_under(terms)], state=SessionState.SCHEDULED
    )
    return rows.update(terms=terms) if terms.track_id is None else rows.update(track_terms=terms)
