"""Who stays away, and what the program should do about it now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sessions.models import (
    AbsenceKind,
    AttendanceRecord,
    GroupSession,
    OutreachAttempt,
    OutreachChannel,
    OutreachOutcome,
    SessionState,
)
from sessions.rules.crediting.status import Status
from sessions.rules.time.instants import start_of_day, to_datetime
from sessions.rules.weekly.absences import (
    STEPS,
    TRY_AGAIN_AFTER,
    OutreachStep,
    Visit,
    missed_in_a_row,
    step_due,
)
from sessions.selectors.weekly.absences import missed_records, newest_kinds
from telehealth.accounts.models import User
from telehealth.accounts.roles import Role
from telehealth.core.errors import NotFound
from telehealth.enrollment.models import Enrollment, EnrollmentState
from telehealth.programs.selectors import programs_of

LOOK_BACK = timedelta(days=60)
_RUNNING = frozenset({Status.SCHEDULED, Status.EXPECTED, Status.IN_PROGRESS})
_SETTLES = frozenset({OutreachOutcome.REACHED, OutreachOutcome.SAFETY_CONCERN})
"""Outcomes after which nothing is due until the next missed session."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """The last attempt to reach somebody. The note stays in its row."""

    made_at: datetime
    channel: OutreachChannel
    outcome: OutreachOutcome
    made_by: str


@dataclass(frozen=True, slots=True)
class OutreachRow:
    """One patient who missed sessions in a row. `due_at` is None once nothing is left to do."""

    enrollment_id: UUID
    patient_id: UUID
    name: str
    record_number: str
    phone: str
    program_name: str
    program_zone: str
    misses: int
    step: OutreachStep
    missed_title: str
    missed_start: datetime
    last_contact_on: date
    days_without_contact: int
    last_attempt: Attempt | None
    due_at: datetime | None
    is_overdue: bool


@dataclass(frozen=True, slots=True)
class OutreachList:
    """Who to contact now, the most urgent first, and whom somebody has reached since."""

    due: tuple[OutreachRow, ...]
    settled: tuple[OutreachRow, ...]
    steps: tuple[OutreachStep, ...] = STEPS


@dataclass(frozen=True, slots=True)
class _Missed:
    """What one run of missed sessions rests on."""

    misses: int
    newest: AttendanceRecord
    last_came_on: date | None


def outreach_list(user: User, at: datetime) -> OutreachList:
    """Gather the outreach list of the account's programs; seven queries.

    Patients on hold or discharged are not on it: nobody expects them.
    """
    if user.role_enum in (Role.PATIENT, Role.SYSTEM_ADMIN):
        raise NotFound
    enrollments = list(
        Enrollment.objects.filter(
            program__in=programs_of(user, at),
            state__in=[EnrollmentState.ACTIVE, EnrollmentState.TAPER],
        ).select_related("program", "patient__user")
    )
    runs = _runs(enrollments, at)
    attempts = _last_attempts(runs)
    rows = [_row(one, runs[one.pk], attempts[one.pk], at) for one in enrollments if one.pk in runs]
    due = [row for row in rows if row.due_at is not None]
    return OutreachList(
        due=tuple(sorted(due, key=lambda row: (row.due_at or at, -row.step.number, row.name))),
        settled=tuple(
            sorted(
                (row for row in rows if row.due_at is None and row.last_attempt is not None),
                key=lambda row: row.last_attempt.made_at if row.last_attempt else at,
                reverse=True,
            )
        ),
    )


def last_missed(enrollment: Enrollment) -> UUID | None:
    """Give the session that the patient of an episode missed last; one query."""
    rows = missed_records().filter(
        patient=enrollment.patient_id,
        group_session__program=enrollment.program_id,
        service_date__gte=enrollment.admitted_on,
    )
    return rows.order_by("-group_session__scheduled_start").values_list("group_session_id", flat=True).first()


def _runs(enrollments: Collection[Enrollment], at: datetime) -> dict[UUID, _Missed]:
    """Find the runs of missed sessions that last until now, by episode; three queries."""
    by_place = {(one.patient_id, one.program_id): one for one in enrollments}
    since = (at - LOOK_BACK).date()
    away = set(
        missed_records()
        .filter(patient__in={one.patient_id for one in enrollments}, service_date__gte=since)
        .values_list("patient_id", flat=True)
    )
    records: defaultdict[UUID, list[AttendanceRecord]] = defaultdict(list)
    rows = (
        AttendanceRecord.objects.filter(
            patient__in=away, service_date__gte=since, group_session__state=SessionState.ENDED
        )
        .select_related("group_session")
        .defer("timeline", "units", "flags")
        .order_by("group_session__scheduled_start", "pk")
    )
    for row in rows:
        episode = by_place.get((row.patient_id, row.group_session.program_id))
        if episode is not None and row.service_date >= episode.admitted_on and row.status not in _RUNNING:
            records[episode.pk].append(row)
    kinds = newest_kinds(
        (row.group_session_id, row.patient_id)
        for found in records.values()
        for row in found
        if row.status == Status.NO_SHOW
    )
    runs = {}
    for pk, found in records.items():
        visits = [_visit(row, kinds.get((row.group_session_id, row.patient_id))) for row in found]
        misses = missed_in_a_row(visits)
        if misses:
            missed = [row for row, visit in zip(found, visits, strict=True) if visit is Visit.MISSED]
            came = [
                row.service_date for row, visit in zip(found, visits, strict=True) if visit is Visit.ATTENDED
            ]
            runs[pk] = _Missed(misses, missed[-1], came[-1] if came else None)
    return runs


def _visit(row: AttendanceRecord, kind: AbsenceKind | None) -> Visit:
    if row.status == Status.CANCELLED_BY_PROGRAM:
        return Visit.NOT_HELD
    if row.status != Status.NO_SHOW or row.decided_min:
        return Visit.ATTENDED
    return Visit.EXCUSED if kind is AbsenceKind.EXCUSED else Visit.MISSED


def _last_attempts(enrollment_ids: Iterable[UUID]) -> defaultdict[UUID, list[OutreachAttempt]]:
    found: defaultdict[UUID, list[OutreachAttempt]] = defaultdict(list)
    rows = OutreachAttempt.objects.filter(enrollment__in=list(enrollment_ids)).defer("note")
    for row in rows.select_related("made_by").order_by("made_at", "pk"):
        found[row.enrollment_id].append(row)
    return found


def _row(one: Enrollment, run: _Missed, attempts: list[OutreachAttempt], at: datetime) -> OutreachRow:
    program, user, missed = one.program, one.patient.user, run.newest.group_session
    reached = [program.date_at(row.made_at) for row in attempts if row.outcome == OutreachOutcome.REACHED]
    contact = max([one.admitted_on, *reached, *([run.last_came_on] if run.last_came_on else [])])
    today = program.date_at(at)
    step = step_due(run.misses, last_contact_on=contact, today=today) or STEPS[0]
    since = [row for row in attempts if row.made_at >= missed.scheduled_start]
    due_at = _due_at(step, missed, since, program.zone)
    last = attempts[-1] if attempts else None
    return OutreachRow(
        enrollment_id=one.pk,
        patient_id=one.patient_id,
        name=user.full_name,
        record_number=one.patient.record_number,
        phone=user.phone,
        program_name=program.name,
        program_zone=program.time_zone,
        misses=run.misses,
        step=step,
        missed_title=missed.title,
        missed_start=missed.scheduled_start,
        last_contact_on=contact,
        days_without_contact=(today - contact).days,
        last_attempt=None
        if last is None
        else Attempt(
            last.made_at,
            OutreachChannel(last.channel),
            OutreachOutcome(last.outcome),
            last.made_by.full_name,
        ),
        due_at=due_at,
        is_overdue=due_at is not None and due_at <= at,
    )


def _due_at(
    step: OutreachStep, missed: GroupSession, since: list[OutreachAttempt], zone: ZoneInfo
) -> datetime | None:
    """Say when the step is due: by its own time, a day after the last attempt in vain, or not any more."""
    if any(OutreachOutcome(row.outcome) in _SETTLES for row in since):
        return None
    if since:
        return since[-1].made_at + TRY_AGAIN_AFTER
    over_at = missed.ended_at or missed.scheduled_end
    if step.due_within is not None:
        return over_at + step.due_within
    # A day of the program's calendar ends where the next begins, also on the days a clock changes.
    day = over_at.astimezone(zone).date() + timedelta(days=1)
    return to_datetime(start_of_day(day, zone))
