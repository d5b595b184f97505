"""The administrator's lists: sessions, one session with its roster, one series."""

from __future__ import annotations

from calendar import day_name
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Count, Exists, OuterRef, QuerySet

from sessions.models import (
    AttendanceRecord,
    GroupSession,
    RosterEntry,
    SeriesMember,
    ServiceType,
    SessionSeries,
    SessionState,
)
from sessions.policies import can_edit_series, can_edit_session
from sessions.querysets import GroupSessionQuerySet
from sessions.rules.time.instants import start_of_day, to_datetime
from sessions.selectors.homes.cards import SessionCard, session_card
from sessions.selectors.homes.staff import RosterRow, roster_rows
from sessions.selectors.scope import get_series_for, get_session_for, sessions_for
from telehealth.accounts.models import User
from telehealth.accounts.roles import Role
from telehealth.core.decision import Decision
from telehealth.core.errors import NotFound
from telehealth.enrollment.models import Patient
from telehealth.enrollment.selectors import patients_in

PAGE = 50


@dataclass(frozen=True, slots=True)
class SessionFilters:
    """What a list of sessions is narrowed to; dates are days of the reader's calendar, both included."""

    from_on: date | None = None
    to_on: date | None = None
    begun_by: datetime | None = None
    state: SessionState | None = None
    program_id: UUID | None = None
    facilitator_id: UUID | None = None
    track_id: UUID | None = None
    series_id: UUID | None = None
    page: int = 1
    newest_first: bool = False


@dataclass(frozen=True, slots=True)
class SessionRow:
    """One line of the list."""

    card: SessionCard
    series_id: UUID | None
    track_name: str
    expected: int
    credited: int


@dataclass(frozen=True, slots=True)
class SessionList:
    """One page of the list."""

    rows: tuple[SessionRow, ...]
    page: int
    pages: int
    total: int


@dataclass(frozen=True, slots=True)
class SessionDetail:
    """One session with its roster, who could be added, and whether the account may change it."""

    group_session: GroupSession
    card: SessionCard
    terms_name: str
    series_id: UUID | None
    roster: tuple[RosterRow, ...]
    candidates: tuple[Patient, ...]
    may_edit: Decision


@dataclass(frozen=True, slots=True)
class SeriesDetail:
    """One series with its members and its sessions still to come."""

    series: SessionSeries
    service: str
    weekdays: tuple[int, ...]
    starts_at: time
    duration: timedelta
    members: tuple[Patient, ...]
    candidates: tuple[Patient, ...]
    sessions: tuple[SessionCard, ...]
    may_edit: Decision

    @property
    def weekday_words(self) -> str:
        """Name the days of the week."""
        return ", ".join(f"{day_name[day]}s" for day in self.weekdays)


def session_list(user: User, filters: SessionFilters, at: datetime) -> SessionList:
    """Give one page of the sessions in the account's scope; the number of queries does not grow with it."""
    if user.role_enum is Role.PATIENT:
        raise NotFound
    rows = _narrow(sessions_for(user, at), filters, ZoneInfo(user.time_zone))
    total = rows.count()
    pages = max(1, -(-total // PAGE))
    page = min(max(1, filters.page), pages)
    order = "-" if filters.newest_first else ""
    shown = list(
        rows.with_people().order_by(f"{order}scheduled_start", "pk")[(page - 1) * PAGE : page * PAGE]
    )
    expected = _count(RosterEntry.objects.current().filter(group_session__in=shown))
    credited = _count(AttendanceRecord.objects.filter(group_session__in=shown, credited_min__gt=0))
    return SessionList(
        tuple(
            SessionRow(
                card=session_card(one, at),
                series_id=one.series_id,
                track_name="" if one.track is None else one.track.name,
                expected=expected.get(one.pk, 0),
                credited=credited.get(one.pk, 0),
            )
            for one in shown
        ),
        page,
        pages,
        total,
    )


def session_detail(user: User, pk: UUID, at: datetime) -> SessionDetail:
    """Gather the page of one session for staff."""
    group_session = get_session_for(user, pk, at)
    if user.role_enum is Role.PATIENT:
        raise NotFound
    roster = roster_rows(group_session, at)
    expected = {row.patient_id for row in roster}
    return SessionDetail(
        group_session=group_session,
        card=session_card(group_session, at),
        terms_name=str(group_session.terms),
        series_id=group_session.series_id,
        roster=roster,
        candidates=tuple(one for one in patients_in(group_session.program, at) if one.pk not in expected),
        may_edit=can_edit_session(user, group_session, at=at),
    )


def series_detail(user: User, pk: UUID, at: datetime) -> SeriesDetail:
    """Gather the page of one series."""
    series = get_series_for(user, pk, at)
    members = [
        row.patient
        for row in SeriesMember.objects.filter(series=series, removed_at=None)
        .select_related("patient__user")
        .order_by("patient__user__family_name", "patient__user__given_name")
    ]
    known = {patient.pk for patient in members}
    ahead = sessions_for(user, at).filter(series=series, scheduled_end__gt=at).with_people()
    return SeriesDetail(
        series=series,
        service=ServiceType(series.service_type).label,
        weekdays=tuple(series.weekdays),
        starts_at=series.starts_at,
        duration=timedelta(minutes=series.duration_min),
        members=tuple(members),
        candidates=tuple(one for one in patients_in(series.program, at) if one.pk not in known),
        sessions=tuple(session_card(one, at) for one in ahead.order_by("scheduled_start")),
        may_edit=can_edit_series(user, series, at=at),
    )


def patient_sessions(user: User, patient: Patient, at: datetime) -> tuple[SessionCard, ...]:
    """Give the sessions of one patient that the account may see, newest first."""
    listed = RosterEntry.objects.current().filter(group_session=OuterRef("pk"), patient=patient)
    rows = sessions_for(user, at).filter(Exists(listed)).with_people().order_by("-scheduled_start")[:PAGE]
    return tuple(session_card(one, at) for one in rows)


def _narrow(rows: GroupSessionQuerySet, filters: SessionFilters, zone: ZoneInfo) -> GroupSessionQuerySet:
    if filters.state is not None:
        rows = rows.filter(state=filters.state)
    if filters.program_id is not None:
        rows = rows.filter(program=filters.program_id)
    if filters.facilitator_id is not None:
        rows = rows.filter(facilitator=filters.facilitator_id)
    if filters.track_id is not None:
        rows = rows.filter(track=filters.track_id)
    if filters.series_id is not None:
        rows = rows.filter(series=filters.series_id)
    if filters.from_on is not None:
        rows = rows.filter(scheduled_start__gte=_begin(filters.from_on, zone))
    if filters.to_on is not None:
        rows = rows.filter(scheduled_start__lt=_begin(filters.to_on + timedelta(days=1), zone))
    if filters.begun_by is not None:
        rows = rows.filter(scheduled_start__lte=filters.begun_by)
    return rows


def _count(rows: QuerySet[RosterEntry] | QuerySet[AttendanceRecord]) -> dict[UUID, int]:
    return dict(rows.values_list("group_session_id").annotate(Count("pk")))


def _begin(day: date, zone: ZoneInfo) -> datetime:
    return to_datetime(start_of_day(day, zone))
