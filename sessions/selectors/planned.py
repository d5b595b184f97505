"""Sessions that are planned, have not begun, and could still be given other terms."""

from __future__ import annotations

from datetime import date

from sessions.models import GroupSession, SessionState
from telehealth.programs.models import CreditTerms, Program, Track


def planned_from(program: Program, track: Track | None, first: date) -> list[GroupSession]:
    """List the sessions not begun that terms starting on a date would rule, in their order; two queries.

    That is until terms already decided for a later date take over. With a track only its sessions.
    """
    later = CreditTerms.objects.filter(program=program, track=track, effective_on__gt=first)
    until = later.order_by("effective_on").values_list("effective_on", flat=True).first()
    rows = GroupSession.objects.filter(program=program, state=SessionState.SCHEDULED)
    if track is not None:
        rows = rows.filter(track=track)
    return [
        row
        for row in rows.order_by("scheduled_start")
        if first <= program.date_at(row.scheduled_start) < (until or date.max)
    ]


def planned_under(terms: CreditTerms) -> list[GroupSession]:
    """List the sessions not begun whose date these terms rule, though they were frozen with others."""
    rows = planned_from(terms.program, terms.track, terms.effective_on)
    return [row for row in rows if terms.pk not in (row.terms_id, row.track_terms_id)]
