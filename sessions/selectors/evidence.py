"""Evidence of sessions, in the file format that anybody can recompute. Product and export both start here."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from uuid import UUID

from sessions.models import GroupSession, RosterEntry, SessionState
from sessions.rules import compute, parse
from sessions.rules.credit import SessionResult
from sessions.rules.export import (
    EnrollmentDescription,
    Json,
    PatientDescription,
    SessionDescription,
    evidence_document,
)
from sessions.rules.fold import fold
from sessions.rules.service_types import ServiceType
from sessions.rules.terms import Place
from sessions.terms import terms_at, week_policy
from telehealth.programs.models import Program

from .facts import facts_horizon, facts_of
from .weeks import Week, episodes, week_holding

Evidence = dict[str, Json]

RELAY_PATIENCE = timedelta(hours=1)
"""How long an ended session is shown as unfinished because a relay has not handed over its journal."""


def evidence_for_session(group_session: GroupSession, *, at: datetime) -> Evidence:
    """Gather all that decides about one session's patients: the session, their week, whatever overlaps."""
    roster = RosterEntry.objects.evidential().filter(group_session=group_session)
    week = week_holding(group_session)
    return evidence_for_patients(
        group_session.program,
        set(roster.values_list("patient_id", flat=True)),
        week,
        at=at,
        also=group_session,
    )


def evidence_for_patients(
    program: Program,
    patient_ids: Collection[UUID],
    week: Week,
    *,
    at: datetime,
    also: GroupSession | None = None,
) -> Evidence:
    """Gather one program week of some patients: sessions, what overlaps them, enrollments and targets."""
    rows = GroupSession.objects.with_people().filter(program=program)
    sessions = {row.pk: row for row in rows.serving_between(*week.span).listing(patient_ids)}
    if also is not None:
        sessions.setdefault(also.pk, also)
    _add_overlapping(sessions, program, patient_ids, at)
    return _document(
        program, sessions.values(), at=at, week=week, enrollments=episodes(program, patient_ids, week)
    )


def evidence_to_compute(group_session: GroupSession, *, at: datetime) -> Evidence:
    """Gather just what decides about the minutes of one session: itself and whatever overlaps it."""
    roster = RosterEntry.objects.evidential().filter(group_session=group_session)
    sessions = {group_session.pk: group_session}
    _add_overlapping(sessions, group_session.program, set(roster.values_list("patient_id", flat=True)), at)
    return _document(group_session.program, sessions.values(), at=at, week=week_holding(group_session))


def result_of(evidence: Evidence, group_session_id: UUID) -> SessionResult:
    """Compute one session by way of the very text that anybody else would compute from."""
    result = compute(parse(json.dumps(evidence)))
    return next(one for one in result.sessions if one.id == str(group_session_id))


def _add_overlapping(
    sessions: dict[UUID, GroupSession], program: Program, patient_ids: Collection[UUID], at: datetime
) -> None:
    """Add sessions of the patients that share real time with those at hand, and so on from these.

    The first-started session keeps shared time, and may have lost some to a still earlier one: hence the
    closure.
    """
    while True:
        spans = [_span(one, at) for one in sessions.values() if one.opened_at is not None]
        if not spans:
            return
        candidates = (
            GroupSession.objects.with_people()
            .filter(program=program)
            .held_during(min(start for start, _ in spans), max(end for _, end in spans))
            .listing(patient_ids)
            .exclude(pk__in=list(sessions))
        )
        found = [one for one in candidates if any(_touch(_span(one, at), span) for span in spans)]
        if not found:
            return
        sessions.update({one.pk: one for one in found})


def _span(group_session: GroupSession, at: datetime) -> tuple[datetime, datetime]:
    start = group_session.opened_at or group_session.scheduled_start
    return start, max(start, group_session.ended_at or at)


def _touch(one: tuple[datetime, datetime], other: tuple[datetime, datetime]) -> bool:
    return one[0] <= other[1] and other[0] <= one[1]


def _document(
    program: Program,
    sessions: Iterable[GroupSession],
    *,
    at: datetime,
    week: Week,
    enrollments: Iterable[EnrollmentDescription] = (),
) -> Evidence:
    # In the order of their time, so that the same evidence is the same file.
    ordered = sorted(sessions, key=lambda one: (one.scheduled_start, str(one.pk)))
    facts = facts_of([one.pk for one in ordered])
    known_to = {one.pk: _known_to(one, at) for one in ordered}
    patients = _patients(ordered)
    return evidence_document(
        as_of=min([at, *known_to.values()]),
        program_tz=program.time_zone,
        sessions=[
            (_describe(one, patients[one.pk]), fold(facts[one.pk], as_of=known_to[one.pk])) for one in ordered
        ],
        enrollments=enrollments,
        policy=week_policy(program, week.first_day),
    )


def _known_to(group_session: GroupSession, at: datetime) -> datetime:
    """Give the time up to which the session counts as known.

    One that ended long ago counts as known even if a relay never came back with its journal; only it is not
    final.
    """
    if group_session.ended_at is not None and at >= group_session.ended_at + RELAY_PATIENCE:
        return at
    return at if group_session.opened_at is None else facts_horizon(group_session, at=at)


def _describe(group_session: GroupSession, patients: list[PatientDescription]) -> SessionDescription:
    return SessionDescription(
        id=str(group_session.pk),
        service_type=ServiceType(group_session.service_type),
        scheduled_start=group_session.scheduled_start,
        scheduled_end=group_session.scheduled_end,
        patients=patients,
        planned_breaks=group_session.break_spans,
        cancelled_by_program=group_session.state == SessionState.CANCELLED,
        policy=terms_at(group_session.terms.parameters, Place.SESSION),
    )


def _patients(sessions: Iterable[GroupSession]) -> dict[UUID, list[PatientDescription]]:
    found: defaultdict[UUID, list[PatientDescription]] = defaultdict(list)
    entries = (
        RosterEntry.objects.evidential()
        .filter(group_session__in=[one.pk for one in sessions])
        .values_list("group_session_id", "patient_id", "patient__user_id")
    )
    for group_session_id, patient_id, user_id in sorted(entries, key=lambda entry: str(entry[1])):
        found[group_session_id].append(PatientDescription(str(patient_id), str(user_id)))
    return found
