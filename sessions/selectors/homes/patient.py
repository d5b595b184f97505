"""The patient's home: what comes next, where the week stands, and what every past session came to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from uuid import UUID
from zoneinfo import ZoneInfo

from sessions.models import (
    AttendanceRecord,
    GroupSession,
    Incident,
    Participation,
    SessionState,
)
from sessions.selectors.homes.cards import (
    DayBar,
    Outcome,
    SessionCard,
    WeekCard,
    outcome,
    session_card,
    week_card,
)
from sessions.selectors.homes.live import PatientLive, live_of
from sessions.selectors.homes.reasons import reasons
from sessions.selectors.homes.strips import incidents_of
from sessions.selectors.weekly.weeks import planned_minutes, week_at, week_holding, weeks_of
from telehealth.accounts.models import User
from telehealth.core.errors import NotFound
from telehealth.enrollment.models import Enrollment, Patient
from telehealth.enrollment.selectors import patient_of
from telehealth.programs.models import Program

PAST_DAYS = 62
AHEAD_DAYS = 31


@dataclass(frozen=True, slots=True)
class PastSession:
    """One line of the history; `why` says what the strip of the outcome does not.

    `outcome` is None where nothing was held. `week` is the first day of the program week it belongs to.
    """

    week: date
    card: SessionCard
    outcome: Outcome | None
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PastWeek:
    """The past sessions of one week, newest first."""

    first_day: date
    sessions: tuple[PastSession, ...]

    @property
    def hours_min(self) -> int:
        """Give what the week's past sessions count toward its hours."""
        return sum(one.outcome.hours_min for one in self.sessions if one.outcome is not None)


@dataclass(frozen=True, slots=True)
class PatientHome:
    """All the patient's home shows. `next` is what may be joined now, or else what begins next."""

    zone: str
    next: SessionCard | None
    today: tuple[SessionCard, ...]
    coming: tuple[SessionCard, ...]
    live: PatientLive
    weeks: tuple[WeekCard, ...]
    past: tuple[PastSession, ...]

    @property
    def past_weeks(self) -> tuple[PastWeek, ...]:
        """Give the past by week, newest first."""
        return tuple(
            PastWeek(first_day, tuple(sessions))
            for first_day, sessions in groupby(self.past, key=lambda one: one.week)
        )


def patient_home(user: User, at: datetime) -> PatientHome:
    """Gather a patient's own home; the number of queries does not grow with the sessions."""
    patient = patient_of(user)
    if patient is None:
        raise NotFound
    since, until = at - timedelta(days=PAST_DAYS), at + timedelta(days=AHEAD_DAYS)
    sessions = list(
        GroupSession.objects.on_roster_of(user)
        .filter(scheduled_end__gte=since, scheduled_start__lte=until)
        .with_people()
        .order_by("scheduled_start", "pk")
    )
    cards = {one.pk: session_card(one, at) for one in sessions}
    ahead = [card for card in cards.values() if not card.is_over]
    records = {
        row.group_session_id: row
        for row in AttendanceRecord.objects.filter(patient=patient, group_session__in=list(cards))
    }
    places = {
        place.group_session_id: place
        for place in Participation.objects.filter(user=user, group_session__in=list(cards))
    }
    incidents = incidents_of(cards)
    past = [
        PastSession(
            week=week_holding(one).first_day,
            card=cards[one.pk],
            outcome=_outcome(records.get(one.pk), places.get(one.pk), user, incidents[one.pk]),
            why=reasons(one, records.get(one.pk)),
        )
        for one in reversed(sessions)
        if cards[one.pk].is_over
    ]
    return PatientHome(
        zone=user.time_zone,
        next=ahead[0] if ahead else None,
        today=tuple(card for card in ahead if _is_today(card, user, at)),
        coming=tuple(ahead),
        live=live_of(user, cards.values(), places, records, at),
        weeks=tuple(_week(patient, program, sessions, records, at) for program in _programs(patient, at)),
        past=tuple(past),
    )


def _is_today(card: SessionCard, user: User, at: datetime) -> bool:
    zone = ZoneInfo(user.time_zone)
    return card.start.astimezone(zone).date() <= at.astimezone(zone).date()


def _programs(patient: Patient, at: datetime) -> list[Program]:
    rows = Enrollment.objects.filter(patient=patient).select_related("program").order_by("program__name")
    here = [row.program for row in rows if row.is_in_force(row.program.date_at(at))]
    return list({program.pk: program for program in here}.values())


def _outcome(
    record: AttendanceRecord | None, place: Participation | None, user: User, incidents: list[Incident]
) -> Outcome | None:
    if record is None:
        return None
    lobby_at = None if place is None else place.lobby_at
    return outcome(record, zone=user.time_zone, lobby_at=lobby_at, incidents=incidents)


def _week(
    patient: Patient,
    program: Program,
    sessions: list[GroupSession],
    records: Mapping[UUID, AttendanceRecord],
    at: datetime,
) -> WeekCard:
    week = week_at(program, at)
    bars: dict[date, DayBar] = {}
    for one in sessions:
        if one.program_id == program.pk and one.state != SessionState.CANCELLED:
            bar = _bar(program.date_at(one.opened_at or one.scheduled_start), one, records.get(one.pk), at)
            bars[bar.day] = _sum(bars.get(bar.day, DayBar(bar.day)), bar)
    row = weeks_of(program, [patient.pk], week, at=at).get(patient.pk)
    return week_card(program, week, row, days=bars.values())


def _bar(day: date, one: GroupSession, record: AttendanceRecord | None, at: datetime) -> DayBar:
    """Part a session's planned minutes; one that was never held was missed by nobody."""
    credited = 0 if record is None else record.decided_hours_min
    planned = planned_minutes(one)
    if one.state == SessionState.ENDED:
        return DayBar(day, credited, missed_min=max(planned - credited, 0))
    is_coming = one.state == SessionState.OPEN or at < one.scheduled_end
    return DayBar(day, credited, ahead_min=max(planned - credited, 0) if is_coming else 0)


def _sum(one: DayBar, other: DayBar) -> DayBar:
    return DayBar(
        one.day,
        one.credited_min + other.credited_min,
        one.missed_min + other.missed_min,
        one.ahead_min + other.ahead_min,
    )
