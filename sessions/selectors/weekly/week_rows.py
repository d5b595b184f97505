"""What weeks are read from: lean rows, so that five hundred patients take no longer than a page may."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import CharField, Max, Q, QuerySet, Sum
from django.db.models.functions import Cast, Coalesce

from sessions.models import AttendanceRecord, GroupSession, RosterEntry, SessionState
from sessions.rules.conditions.service_types import COUNTING_TYPES
from sessions.rules.document.evidence import Target
from sessions.rules.time.instants import MINUTE, floor_instant
from sessions.rules.time.intervals import Intervals
from sessions.rules.weekly.week_overlays import Hold
from sessions.rules.weekly.weeks import remaining_minutes
from telehealth.enrollment.models import Enrollment, WeeklyTarget
from telehealth.enrollment.selectors import Holds, holds_of
from telehealth.programs.models import CreditTerms, Program

Patients = Collection[UUID] | None
"""Ids of patients; None means all of the program."""

DECIDED = Coalesce("adjusted_hours_min", "hours_min")
"""The minutes of a record that stand toward the week, as `AttendanceRecord.decided_hours_min` gives them."""


@dataclass(frozen=True, slots=True)
class Episode:
    """An episode of care with its targets as prescribed, and its periods of hold."""

    enrollment: Enrollment
    targets: tuple[Target, ...]
    held: Holds

    @property
    def holds(self) -> tuple[Hold, ...]:
        """Give the periods of hold."""
        return self.held.spans


@dataclass(frozen=True, slots=True)
class SessionFigures:
    """A session as weeks see it: minutes planned to count, and those still ahead at the time of asking."""

    id: UUID
    state: SessionState
    start: datetime
    end: datetime
    service_on: date
    planned_min: int
    ahead_min: int


def episodes_between(program: Program, patient_ids: Patients, first: date, last: date) -> dict[UUID, Episode]:
    """Give each patient's newest episode that touches a span of days and has a target; three queries."""
    rows = Enrollment.objects.filter(program=program, admitted_on__lte=last)
    rows = rows.filter(Q(discharged_on__isnull=True) | Q(discharged_on__gte=first))
    if patient_ids is not None:
        rows = rows.filter(patient__in=patient_ids)
    found = {row.patient_id: row for row in rows.order_by("admitted_on")}
    # Any: a set of ids for few, the query itself for a whole program.
    of_them: Any = {row.pk for row in found.values()} if patient_ids is not None else rows.values("pk")
    targets: defaultdict[UUID, list[Target]] = defaultdict(list)
    dated = WeeklyTarget.objects.filter(enrollment__in=of_them).order_by("effective_on")
    for enrollment_id, starts_on, minutes in dated.values_list("enrollment_id", "effective_on", "minutes"):
        targets[enrollment_id].append(Target(starts_on, minutes))
    holds = holds_of(of_them)
    return {
        patient_id: Episode(row, tuple(targets[row.pk]), holds.get(row.pk, Holds()))
        for patient_id, row in sorted(found.items(), key=lambda item: str(item[0]))
        if targets[row.pk]
    }


def figures_of(program: Program, span: tuple[datetime, datetime], at: datetime) -> dict[UUID, SessionFigures]:
    """Give the sessions of a program that serve in a span and were not cancelled; two queries."""
    rows = list(
        GroupSession.objects.filter(program=program)
        .serving_between(*span)
        .standing()
        .values_list(
            "pk",
            "service_type",
            "state",
            "scheduled_start",
            "scheduled_end",
            "opened_at",
            "planned_breaks",
            "terms_id",
            "track_terms_id",
        )
    )
    terms = {row[7] for row in rows} | {row[8] for row in rows}
    parameters = dict(CreditTerms.objects.filter(pk__in=terms).values_list("pk", "parameters"))
    now = floor_instant(at)
    found = {}
    for pk, service_type, state, start, end, opened_at, breaks, terms_id, track_terms_id in rows:
        both = {**parameters[terms_id], **parameters.get(track_terms_id, {})}
        span_of = floor_instant(start), floor_instant(end)
        pauses = [] if both.get("break_counts", False) else _breaks(breaks)
        counts = service_type in COUNTING_TYPES
        # Over, or never held: nothing is ahead any more.
        is_ahead = state == SessionState.OPEN or (state == SessionState.SCHEDULED and at < end)
        found[pk] = SessionFigures(
            id=pk,
            state=SessionState(state),
            start=start,
            end=end,
            service_on=program.date_at(opened_at or start),
            planned_min=_minutes(span_of[0], span_of, pauses) if counts else 0,
            ahead_min=_minutes(now, span_of, pauses) if counts and is_ahead else 0,
        )
    return found


def places_in(
    program: Program,
    patient_ids: Patients,
    span: tuple[datetime, datetime],
    sessions: Mapping[UUID, SessionFigures],
) -> dict[UUID, list[SessionFigures]]:
    """Give the sessions of a span that list each patient; one query.

    Ids are read as text: making twenty thousand of them objects takes longer than everything else.
    """
    within = GroupSession.objects.filter(program=program).serving_between(*span).standing()
    entries = RosterEntry.objects.evidential().filter(group_session__in=within)
    if patient_ids is not None:
        entries = entries.filter(patient__in=patient_ids)
    # PostgreSQL writes ids with hyphens, SQLite keeps them without.
    by_text = {text: one for one in sessions.values() for text in (one.id.hex, str(one.id))}
    found: defaultdict[str, list[SessionFigures]] = defaultdict(list)
    pairs = entries.values_list(Cast("patient_id", CharField()), Cast("group_session_id", CharField()))
    for patient, session in pairs:
        if session in by_text:
            found[patient].append(by_text[session])
    return {UUID(patient): listed for patient, listed in found.items()}


def hours_by_day(
    sessions: Iterable[SessionFigures], patient_ids: Patients
) -> dict[UUID, list[tuple[date, int]]]:
    """Give each patient's (service date, minutes that stand) of some sessions; one query."""
    days = {one.id: one.service_on for one in sessions if one.state is not SessionState.SCHEDULED}
    rows = AttendanceRecord.objects.filter(group_session__in=list(days))
    if patient_ids is not None:
        rows = rows.filter(patient__in=patient_ids)
    found: defaultdict[UUID, list[tuple[date, int]]] = defaultdict(list)
    for patient_id, session_id, minutes in rows.values_list("patient_id", "group_session_id", DECIDED):
        found[patient_id].append((days[session_id], minutes))
    return found


def earned_before(
    program: Program, patient_ids: Patients, weeks: Sequence[tuple[date, date]]
) -> dict[UUID, tuple[list[int], date | None]]:
    """Give each patient's minutes in each of some weeks, and the last day with any in them; one query."""
    sums: dict[str, Any] = {  # Any: Django's aggregates share no public type that `annotate` names
        f"week_{number}": Sum(DECIDED, filter=Q(service_date__range=span), default=0)
        for number, span in enumerate(weeks)
    }
    span = min(first for first, _ in weeks), max(last for _, last in weeks)
    rows = (
        _records(program, patient_ids)
        .filter(service_date__range=span)
        .order_by()
        .values_list("patient_id")
        .annotate(**sums, last_on=Max("service_date", filter=Q(_standing__gt=0)))
    )
    return {row[0]: (list(row[1:-1]), row[-1]) for row in rows}


def _records(program: Program, patient_ids: Patients) -> QuerySet[AttendanceRecord]:
    rows = AttendanceRecord.objects.filter(group_session__program=program).alias(_standing=DECIDED)
    return rows if patient_ids is None else rows.filter(patient__in=patient_ids)


def _breaks(stored: Iterable[tuple[str, str]]) -> list[tuple[int, int]]:
    return [
        (floor_instant(datetime.fromisoformat(start)), floor_instant(datetime.fromisoformat(end)))
        for start, end in stored
    ]


def _minutes(as_of: int, span: tuple[int, int], breaks: Sequence[tuple[int, int]]) -> int:
    """Give what `remaining_minutes` gives, by plain arithmetic where there is one break or none."""
    if len(breaks) > 1:
        return remaining_minutes(
            as_of=as_of, scheduled_start=span[0], scheduled_end=span[1], breaks=Intervals.of(breaks)
        )
    begin, end = max(as_of, span[0]), span[1]
    paused = sum(max(0, min(end, finish) - max(begin, start)) for start, finish in breaks)
    return max(0, end - begin - paused) // MINUTE
