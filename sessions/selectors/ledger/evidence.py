"""Evidence of sessions, in the file format that anybody can recompute. Product and export both start here."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sessions.models import GroupSession, RosterEntry, SessionState
from sessions.rules import compute, parse
from sessions.rules.conditions.service_types import ServiceType
from sessions.rules.crediting.credit import Result, SessionResult
from sessions.rules.document.export import (
    EnrollmentDescription,
    Json,
    PatientDescription,
    SessionDescription,
    evidence_document,
)
from sessions.rules.presence.facts import Fact
from sessions.rules.presence.fold import SILENCE_SPLIT_SEC, fold
from sessions.rules.presence.incidents import Incident, find_incidents
from sessions.selectors.ledger.facts import RELAY_PATIENCE, facts_horizon, facts_of
from sessions.selectors.weekly.weeks import Week, episodes, week_holding
from sessions.terms import EnrollmentPolicy, enrollment_policies, session_policy, week_policy
from telehealth.enrollment.models import Enrollment
from telehealth.programs.models import Program

Evidence = dict[str, Json]


@dataclass(frozen=True, slots=True)
class Gathered:
    """What decides about the minutes of one session, and what the product keeps beside the minutes.

    `others` overlap the session; `own_terms` are what patients' episodes lay over its terms.
    """

    evidence: Evidence
    incidents: tuple[Incident, ...]
    others: tuple[UUID, ...]
    own_terms: Mapping[UUID, EnrollmentPolicy]


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
    add_overlapping(sessions, program, patient_ids, at)
    own_terms = own_terms_of(program, patient_ids, week)
    return document_of(
        program,
        read_sessions(sessions.values(), at),
        week=week,
        at=at,
        enrollments=with_own_terms(episodes(program, patient_ids, week), own_terms),
    )


def evidence_to_compute(group_session: GroupSession, *, at: datetime, every: bool = False) -> Evidence:
    """Gather just what decides about the minutes of one session: itself and whatever overlaps it."""
    return gather(group_session, at=at, every=every).evidence


def gather(group_session: GroupSession, *, at: datetime, every: bool = False) -> Gathered:
    """Gather one session and whatever overlaps it; `every` reads also the facts that credit does not need."""
    program, week = group_session.program, week_holding(group_session)
    roster = RosterEntry.objects.evidential().filter(group_session=group_session)
    patient_ids = set(roster.values_list("patient_id", flat=True))
    sessions = {group_session.pk: group_session}
    add_overlapping(sessions, program, patient_ids, at)
    own_terms = own_terms_of(program, patient_ids, week)
    read = read_sessions(sessions.values(), at, every=every)
    return Gathered(
        evidence=document_of(program, read, week=week, at=at, enrollments=with_own_terms((), own_terms)),
        incidents=next(one.incidents for one in read if one.group_session.pk == group_session.pk),
        others=tuple(pk for pk in sessions if pk != group_session.pk),
        own_terms={patient_id: own for patient_id, (_, own) in own_terms.items()},
    )


OwnTerms = Mapping[UUID, tuple[Enrollment, EnrollmentPolicy]]


def own_terms_of(program: Program, patient_ids: Collection[UUID], week: Week) -> OwnTerms:
    """Give each patient's episode in a week and what it lays over session and file; four queries."""
    found: dict[UUID, Enrollment] = {}
    rows = Enrollment.objects.filter(program=program, patient__in=patient_ids, admitted_on__lte=week.last_day)
    for row in rows.order_by("admitted_on"):
        if row.discharged_on is None or row.discharged_on >= week.first_day:
            found[row.patient_id] = row
    policies = enrollment_policies(program, list(found.values()), [week.first_day])
    return {patient_id: (row, policies[row.pk, week.first_day]) for patient_id, row in found.items()}


def with_own_terms(
    described: Iterable[EnrollmentDescription], own_terms: OwnTerms
) -> list[EnrollmentDescription]:
    """Write each episode's own terms on it, and list episodes that have nothing but such terms.

    One without a weekly target is no valid line of an evidence file; it then has the target 0, which every
    week meets.
    """
    by_patient = {one.patient: one for one in described}
    for patient_id, (enrollment, own) in own_terms.items():
        if not own.policy:
            continue
        known = by_patient.get(str(patient_id)) or EnrollmentDescription(
            patient=str(patient_id),
            targets=[(enrollment.admitted_on, 0)],
            admitted_on=enrollment.admitted_on,
            discharged_on=enrollment.discharged_on,
        )
        by_patient[known.patient] = replace(known, policy=own.policy)
    return [by_patient[patient] for patient in sorted(by_patient)]


def results_of(evidence: Evidence) -> Result:
    """Compute by way of the very text that anybody else would compute from."""
    return compute(parse(json.dumps(evidence)))


def result_of(evidence: Evidence, group_session_id: UUID) -> SessionResult:
    """Compute, and give one session."""
    return next(one for one in results_of(evidence).sessions if one.id == str(group_session_id))


def add_overlapping(
    sessions: dict[UUID, GroupSession], program: Program, patient_ids: Collection[UUID], at: datetime
) -> None:
    """Add sessions of the patients that share real time with those at hand, and so on from these.

    The first-started session keeps shared time, and may have lost some to a still earlier one: hence the
    closure.
    """
    while True:
        spans = [real_span(one, at) for one in sessions.values() if one.opened_at is not None]
        if not spans:
            return
        candidates = (
            GroupSession.objects.with_people()
            .filter(program=program)
            .held_during(min(start for start, _ in spans), max(end for _, end in spans))
            .listing(patient_ids)
            .exclude(pk__in=list(sessions))
        )
        found = [one for one in candidates if any(touch(real_span(one, at), span) for span in spans)]
        if not found:
            return
        sessions.update({one.pk: one for one in found})


def real_span(group_session: GroupSession, at: datetime) -> tuple[datetime, datetime]:
    """Give the time a session really took; a running one lasts until `at`."""
    start = group_session.opened_at or group_session.scheduled_start
    return start, max(start, group_session.ended_at or at)


def touch(one: tuple[datetime, datetime], other: tuple[datetime, datetime]) -> bool:
    """Say whether two spans share at least an instant, their ends included."""
    return one[0] <= other[1] and other[0] <= one[1]


@dataclass(frozen=True, slots=True)
class ReadSession:
    """One session with its facts, and up to when these are complete."""

    group_session: GroupSession
    facts: list[Fact]
    known_to: datetime
    incidents: tuple[Incident, ...]


def read_sessions(
    sessions: Iterable[GroupSession], at: datetime, *, every: bool = False
) -> list[ReadSession]:
    """Read the facts of sessions, in the order of their time, so that the same evidence is the same file."""
    ordered = sorted(sessions, key=lambda one: (one.scheduled_start, str(one.pk)))
    facts = facts_of([one.pk for one in ordered], every=every)
    found = []
    for one in ordered:
        known_to = _known_to(one, at)
        incidents = find_incidents(facts[one.pk], silence_split_sec=SILENCE_SPLIT_SEC, as_of=known_to)
        found.append(ReadSession(one, facts[one.pk], known_to, incidents))
    return found


def document_of(
    program: Program,
    read: list[ReadSession],
    *,
    week: Week,
    at: datetime,
    enrollments: Iterable[EnrollmentDescription],
) -> Evidence:
    """Write the evidence file of sessions whose facts were read; two queries."""
    patients = _patients(one.group_session for one in read)
    return evidence_document(
        as_of=min([at, *(one.known_to for one in read)]),
        program_tz=program.time_zone,
        sessions=[
            (_describe(one, patients[one.group_session.pk]), fold(one.facts, as_of=one.known_to))
            for one in read
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


def _describe(one: ReadSession, patients: list[PatientDescription]) -> SessionDescription:
    group_session = one.group_session
    return SessionDescription(
        id=str(group_session.pk),
        service_type=ServiceType(group_session.service_type),
        scheduled_start=group_session.scheduled_start,
        scheduled_end=group_session.scheduled_end,
        patients=patients,
        planned_breaks=group_session.break_spans,
        incidents=[(incident.began_at, incident.ended_at) for incident in one.incidents],
        cancelled_by_program=group_session.state == SessionState.CANCELLED,
        policy=session_policy(group_session),
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
