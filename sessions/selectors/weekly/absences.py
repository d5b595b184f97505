"""Missed sessions with what staff decided about them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import OuterRef, Q, QuerySet, Subquery

from sessions.models import (
    AbsenceDecision,
    AbsenceKind,
    AbsenceReason,
    AttendanceRecord,
    GroupSession,
    RosterEntry,
    SessionState,
)
from sessions.rules.crediting.status import Status
from sessions.selectors.scope import get_session_for
from sessions.selectors.weekly.week_rows import DECIDED
from telehealth.accounts.models import User
from telehealth.accounts.roles import Role
from telehealth.core.errors import NotFound
from telehealth.enrollment.selectors import get_patient_for
from telehealth.programs.models import Program
from telehealth.programs.selectors import audit_scopes

PAGE = 50
DAYS_SHOWN = 30
UNDECIDED = "UNDECIDED"


@dataclass(frozen=True, slots=True)
class AbsenceFilters:
    """What the list is narrowed to; dates are service dates, both included."""

    from_on: date | None = None
    to_on: date | None = None
    kind: str = ""
    program_id: UUID | None = None
    page: int = 1


@dataclass(frozen=True, slots=True)
class Absence:
    """One missed session of one patient. `kind` is empty while nobody has decided."""

    group_session_id: UUID
    patient_id: UUID
    patient_name: str
    record_number: str
    title: str
    service_date: date
    start: datetime
    end: datetime
    facilitator_name: str
    program: Program
    kind: AbsenceKind | None
    reason: AbsenceReason | None
    noticed_at: datetime | None
    decided_by: str
    decided_at: datetime | None
    made_up_on: date | None
    made_up_in: UUID | None


@dataclass(frozen=True, slots=True)
class AbsenceList:
    """One page of missed sessions, newest first."""

    rows: tuple[Absence, ...]
    page: int
    pages: int
    total: int
    undecided: int
    from_on: date
    to_on: date


@dataclass(frozen=True, slots=True)
class AbsencePage:
    """One absence with every decision about it, newest first."""

    absence: Absence
    decisions: tuple[AbsenceDecision, ...]


def absence_list(user: User, filters: AbsenceFilters, at: datetime) -> AbsenceList:
    """Give a page of the absences in the account's programs; six queries."""
    scopes = audit_scopes(user, at)
    if user.role_enum is Role.PATIENT:
        raise NotFound
    today = max((program.date_at(at) for program in scopes), default=at.date())
    last = filters.to_on or today
    first = filters.from_on or last - timedelta(days=DAYS_SHOWN)
    seen = Q(pk__in=())
    for program, dates in scopes.items():
        if filters.program_id in (None, program.pk):
            seen |= Q(group_session__program=program, service_date__range=dates.clip(first, last))
    rows = missed_records().filter(seen)
    rows = rows.annotate(
        decided=Subquery(
            AbsenceDecision.objects.filter(
                group_session=OuterRef("group_session"), patient=OuterRef("patient")
            )
            .order_by("-decided_at", "-pk")
            .values("kind")[:1]
        )
    )
    undecided = rows.filter(decided__isnull=True).count()
    if filters.kind == UNDECIDED:
        rows = rows.filter(decided__isnull=True)
    elif filters.kind:
        rows = rows.filter(decided=filters.kind)
    total = rows.count()
    pages = max(1, -(-total // PAGE))
    page = min(max(1, filters.page), pages)
    shown = _with_people(rows).order_by("-service_date", "-group_session__scheduled_start", "patient_id")
    return AbsenceList(
        _absences(shown[(page - 1) * PAGE : page * PAGE]), page, pages, total, undecided, first, last
    )


def absence_page(user: User, group_session_id: UUID, patient_id: UUID, at: datetime) -> AbsencePage:
    """Give one absence inside the account's scope."""
    group_session = get_session_for(user, group_session_id, at)
    patient = get_patient_for(user, patient_id, at)
    if user.role_enum is Role.PATIENT:
        raise NotFound
    rows = _with_people(missed_records().filter(group_session=group_session, patient=patient))
    found = _absences(rows)
    if not found:
        raise NotFound("absence_not_found", "This patient did not miss this session.")
    decisions = AbsenceDecision.objects.filter(group_session=group_session, patient=patient)
    return AbsencePage(found[0], tuple(decisions.select_related("decided_by").order_by("-decided_at", "-pk")))


def missed_records() -> QuerySet[AttendanceRecord]:
    """Give the records of no-shows that no correction credits."""
    return (
        AttendanceRecord.objects.filter(status=Status.NO_SHOW, group_session__state=SessionState.ENDED)
        .alias(_standing=DECIDED)
        .filter(_standing=0)
    )


def newest_kinds(keys: Iterable[tuple[UUID, UUID]]) -> dict[tuple[UUID, UUID], AbsenceKind]:
    """Give what stands about absences, by (session, patient); one query."""
    wanted = set(keys)
    rows = AbsenceDecision.objects.filter(
        group_session__in={one for one, _ in wanted}, patient__in={one for _, one in wanted}
    ).order_by("decided_at", "pk")
    return {
        (group_session_id, patient_id): AbsenceKind(kind)
        for group_session_id, patient_id, kind in rows.values_list("group_session_id", "patient_id", "kind")
        if (group_session_id, patient_id) in wanted
    }


def _with_people(rows: QuerySet[AttendanceRecord]) -> QuerySet[AttendanceRecord]:
    return rows.select_related("group_session__program", "group_session__facilitator", "patient__user")


def _absences(rows: Iterable[AttendanceRecord]) -> tuple[Absence, ...]:
    records = list(rows)
    sessions = {row.group_session_id for row in records}
    decisions: dict[tuple[UUID, UUID], AbsenceDecision] = {}
    for one in (
        AbsenceDecision.objects.filter(group_session__in=sessions)
        .select_related("decided_by")
        .defer("note")
        .order_by("decided_at", "pk")
    ):
        decisions[one.group_session_id, one.patient_id] = one
    made_up = _made_up(sessions)
    return tuple(
        _absence(
            row,
            decisions.get((row.group_session_id, row.patient_id)),
            made_up.get((row.group_session_id, row.patient_id)),
        )
        for row in records
    )


def _made_up(sessions: Iterable[UUID]) -> dict[tuple[UUID, UUID], GroupSession]:
    entries = (
        RosterEntry.objects.current()
        .filter(makes_up__group_session__in=list(sessions))
        .exclude(group_session__state=SessionState.CANCELLED)
        .select_related("group_session__program", "makes_up")
    )
    found: defaultdict[tuple[UUID, UUID], list[GroupSession]] = defaultdict(list)
    for entry in entries:
        if entry.makes_up is not None:
            found[entry.makes_up.group_session_id, entry.patient_id].append(entry.group_session)
    return {key: min(held, key=lambda one: one.scheduled_start) for key, held in found.items()}


def _absence(
    row: AttendanceRecord, decision: AbsenceDecision | None, made_up: GroupSession | None
) -> Absence:
    group_session, user = row.group_session, row.patient.user
    program = group_session.program
    return Absence(
        group_session_id=group_session.pk,
        patient_id=row.patient_id,
        patient_name=user.full_name,
        record_number=row.patient.record_number,
        title=group_session.title,
        service_date=row.service_date,
        start=group_session.scheduled_start,
        end=group_session.scheduled_end,
        facilitator_name=group_session.facilitator.full_name,
        program=program,
        kind=None if decision is None else AbsenceKind(decision.kind),
        reason=None if decision is None else AbsenceReason(decision.reason),
        noticed_at=None if decision is None else decision.noticed_at,
        decided_by="" if decision is None else decision.decided_by.full_name,
        decided_at=None if decision is None else decision.decided_at,
        made_up_on=None if made_up is None else program.date_at(made_up.scheduled_start),
        made_up_in=None if made_up is None else made_up.pk,
    )
