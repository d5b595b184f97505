"""Evidence of several weeks of a program, read at once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from uuid import UUID

from sessions.models import GroupSession
from sessions.selectors.ledger.evidence import (
    Evidence,
    ReadSession,
    add_overlapping,
    document_of,
    own_terms_of,
    read_sessions,
    real_span,
    touch,
    with_own_terms,
)
from sessions.selectors.weekly.weeks import Week, episodes, week_holding
from telehealth.programs.models import Program


def evidence_of_weeks(
    program: Program, patient_ids: Collection[UUID], weeks: Sequence[Week], *, at: datetime
) -> tuple[dict[date, Evidence], dict[UUID, GroupSession]]:
    """Gather weeks that follow each other, a document each by first day, and all their sessions.

    The number of queries grows with the weeks, not with patients or sessions.
    """
    rows = GroupSession.objects.with_people().filter(program=program)
    span = weeks[0].span[0], weeks[-1].span[1]
    sessions = {row.pk: row for row in rows.serving_between(*span).listing(patient_ids)}
    add_overlapping(sessions, program, patient_ids, at)
    read = read_sessions(sessions.values(), at)
    found = {}
    for week in weeks:
        own_terms = own_terms_of(program, patient_ids, week)
        found[week.first_day] = document_of(
            program,
            _of_week(read, week, at),
            week=week,
            at=at,
            enrollments=with_own_terms(episodes(program, patient_ids, week), own_terms),
        )
    return found, sessions


def _of_week(read: Sequence[ReadSession], week: Week, at: datetime) -> list[ReadSession]:
    """Pick the sessions of a week and, from the weeks around it, whatever shares real time with them."""
    chosen = {one.group_session.pk for one in read if week_holding(one.group_session) == week}
    while True:
        spans = [real_span(one.group_session, at) for one in read if one.group_session.pk in chosen]
        more = {
            one.group_session.pk
            for one in read
            if one.group_session.pk not in chosen
            and one.group_session.opened_at is not None
            and any(touch(real_span(one.group_session, at), span) for span in spans)
        }
        if not more:
            return [one for one in read if one.group_session.pk in chosen]
        chosen |= more
