"""One patient's attendance over time: every session with its strip, every week with its flag."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sessions.models import AttendanceRecord, GroupSession, Participation, RosterEntry, RosterState
from sessions.rules.crediting.status import Flag, Status
from sessions.rules.telling.words import FLAG_WORDS, STATUS_WORDS, WEEK_FLAG_WORDS, WEEK_NOTE_WORDS
from sessions.rules.weekly.weeks import WeekRow
from sessions.selectors.homes.cards import SessionCard, session_card
from sessions.selectors.homes.strips import Strip, incidents_of, strip_of_record
from sessions.selectors.ledger.judgements import AbsenceRow, absences_of, correction_for, dispute_for
from sessions.selectors.ledger.spans import instants_of
from sessions.selectors.scope import sessions_for
from sessions.selectors.signing.corrections import CorrectionRow, corrections_of
from sessions.selectors.signing.disputes import DisputeRow, disputes_of
from sessions.selectors.weekly.weeks import week_on, weeks_of
from telehealth.accounts.models import User
from telehealth.accounts.roles import Role
from telehealth.core.errors import NotFound
from telehealth.enrollment.models import Patient
from telehealth.enrollment.selectors import get_patient_for
from telehealth.enrollment.selectors.scope import enrollments_for
from telehealth.programs.models import Program
from telehealth.programs.selectors import ServiceDates, audit_scope

USUAL_DAYS = timedelta(days=8 * 7 - 1)
MOST_DAYS = timedelta(days=14 * 7 - 1)
"""Each week takes a fixed number of queries, so a page shows a quarter of a year at most."""


@dataclass(frozen=True, slots=True)
class HistoryFilters:
    """Service dates to show, both included; what is missing is the usual eight weeks up to today."""

    first: date | None = None
    last: date | None = None


@dataclass(frozen=True, slots=True)
class MadeUp:
    """The other end of a make-up."""

    id: UUID
    title: str
    start: datetime


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One session of the patient. The outcome is None where nothing was computed: never held, or not yet."""

    card: SessionCard
    service_date: date
    roster_state: RosterState
    strip: Strip | None
    status: str
    status_words: str
    flag_pairs: tuple[tuple[str, str], ...]
    computed_min: int
    decided_min: int
    decided_hours_min: int
    decided_billable_min: int
    is_adjusted: bool
    is_final: bool
    absence: AbsenceRow | None
    corrections: tuple[CorrectionRow, ...]
    disputes: tuple[DisputeRow, ...]
    makes_up: MadeUp | None
    made_up_by: MadeUp | None


@dataclass(frozen=True, slots=True)
class HistoryWeek:
    """One program week. `row` is None without an enrollment or a target, or where it is not all in scope."""

    program_name: str
    first_day: date
    last_day: date
    row: WeekRow | None
    words: str
    notes: tuple[str, ...]
    is_in_scope: bool


@dataclass(frozen=True, slots=True)
class PatientHistory:
    """All the page shows; sessions newest first, weeks oldest first."""

    patient: Patient
    name: str
    dates: ServiceDates
    sessions: tuple[HistoryRow, ...]
    weeks: tuple[HistoryWeek, ...]
    is_cut: bool

    @property
    def decided_hours_min(self) -> int:
        """Give the minutes toward the weeks of all sessions shown."""
        return sum(row.decided_hours_min for row in self.sessions)

    @property
    def absences(self) -> int:
        """Count the sessions the patient did not come to."""
        return sum(row.status == Status.NO_SHOW for row in self.sessions)

    @property
    def adjusted(self) -> int:
        """Count the sessions whose minutes stand by a correction."""
        return sum(row.is_adjusted for row in self.sessions)

    @property
    def open_disputes(self) -> int:
        """Count the objections that wait for an answer."""
        return sum(one.is_open for row in self.sessions for one in row.disputes)

    @property
    def bars(self) -> tuple[Mapping[str, object], ...]:
        """Give the measured weeks as the bars of a picture."""
        return tuple(
            {
                "label": f"{week.first_day:%b} {week.first_day.day}",
                "credited_min": week.row.hours_min,
                "scheduled_min": week.row.hours_min + week.row.remaining_min,
            }
            for week in self.weeks
            if week.row is not None
        )

    @property
    def target_min(self) -> int:
        """Give the target of the newest measured week, for the line across the picture."""
        return next((week.row.target_min for week in reversed(self.weeks) if week.row is not None), 0)


def patient_history(user: User, pk: UUID, filters: HistoryFilters, at: datetime) -> PatientHistory:
    """Gather a patient's attendance within the account's scope.

    The number of queries grows with the weeks shown, not with sessions.
    """
    if user.role_enum is Role.PATIENT:
        raise NotFound
    patient = get_patient_for(user, pk, at)
    programs = _programs(user, patient, at)
    last = filters.last or min((program.date_at(at) for program in programs), default=at.date())
    first = filters.first or last - USUAL_DAYS
    is_cut = last - first > MOST_DAYS
    dates = ServiceDates(max(first, last - MOST_DAYS), last)
    rows: list[HistoryRow] = []
    weeks: list[HistoryWeek] = []
    for program in programs:
        seen = audit_scope(user, program, at)
        within = seen.clip(dates.first, dates.last)
        if not within.is_empty:
            rows += _rows(user, program, patient, within, at)
            weeks += _weeks(program, patient, within, seen, at)
    return PatientHistory(
        patient=patient,
        name=patient.user.full_name,
        dates=dates,
        sessions=tuple(sorted(rows, key=lambda row: row.card.start, reverse=True)),
        weeks=tuple(sorted(weeks, key=lambda week: week.first_day)),
        is_cut=is_cut,
    )


def _programs(user: User, patient: Patient, at: datetime) -> list[Program]:
    rows = enrollments_for(user, at).filter(patient=patient).select_related("program")
    return sorted({row.program for row in rows}, key=lambda one: (one.name, str(one.pk)))


def _rows(
    user: User, program: Program, patient: Patient, dates: ServiceDates, at: datetime
) -> Iterator[HistoryRow]:
    sessions = list(
        sessions_for(user, at)
        .filter(program=program, scheduled_start__lte=at)
        .serving_between(*instants_of(program, dates))
        .listing([patient.pk])
        .with_people()
    )
    pks = [one.pk for one in sessions]
    records = {
        row.group_session_id: row
        for row in AttendanceRecord.objects.filter(group_session__in=pks, patient=patient)
    }
    arrivals = dict(
        Participation.objects.filter(group_session__in=pks, user=patient.user_id).values_list(
            "group_session_id", "lobby_at"
        )
    )
    incidents = incidents_of(pks)
    corrections, disputes = corrections_of(pks, patient.pk), disputes_of(pks, patient.pk)
    absences = absences_of(user, pks, patient.pk)
    makes_up, made_up_by = _make_ups(pks, patient)
    for one in sessions:
        record, key = records.get(one.pk), (one.pk, patient.pk)
        strip = None
        if record is not None and one.opened_at is not None:
            strip = strip_of_record(
                record,
                zone=program.time_zone,
                lobby_at=arrivals.get(one.pk),
                incidents=incidents[one.pk],
            )
        yield HistoryRow(
            card=session_card(one, at),
            service_date=program.date_at(one.opened_at or one.scheduled_start),
            roster_state=one.roster_state_enum,
            strip=strip,
            status="" if record is None else record.status,
            status_words="" if record is None else STATUS_WORDS[Status(record.status)],
            flag_pairs=()
            if record is None
            else tuple((str(flag), FLAG_WORDS[Flag(flag)]) for flag in record.flags),
            computed_min=0 if record is None else record.credited_min,
            decided_min=0 if record is None else record.decided_min,
            decided_hours_min=0 if record is None else record.decided_hours_min,
            decided_billable_min=0 if record is None else record.decided_billable_min,
            is_adjusted=record is not None and record.adjusted_min is not None,
            is_final=record is not None and record.is_final,
            absence=absences.get(key),
            corrections=tuple(correction_for(user, each) for each in corrections.get(key, ())),
            disputes=tuple(dispute_for(user, each) for each in disputes.get(key, ())),
            makes_up=makes_up.get(one.pk),
            made_up_by=made_up_by.get(one.pk),
        )


def _make_ups(
    group_session_ids: Collection[UUID], patient: Patient
) -> tuple[dict[UUID, MadeUp], dict[UUID, MadeUp]]:
    """Give for each session the missed one it makes up, and for each missed one what makes it up."""
    rows = RosterEntry.objects.current().filter(patient=patient, makes_up__isnull=False)
    makes, made = {}, {}
    for row in rows.select_related("group_session", "makes_up__group_session"):
        missed = row.makes_up
        if missed is None:
            continue
        if row.group_session_id in group_session_ids:
            makes[row.group_session_id] = _end_of(missed.group_session)
        if missed.group_session_id in group_session_ids:
            made[missed.group_session_id] = _end_of(row.group_session)
    return makes, made


def _end_of(group_session: GroupSession) -> MadeUp:
    return MadeUp(group_session.pk, group_session.title, group_session.scheduled_start)


def _weeks(
    program: Program, patient: Patient, within: ServiceDates, seen: ServiceDates, at: datetime
) -> Iterator[HistoryWeek]:
    week, newest = week_on(program, within.first), min(within.last, program.date_at(at))
    while week.first_day <= newest:
        is_in_scope = seen.holds(week.first_day) and seen.holds(week.last_day)
        row = weeks_of(program, [patient.pk], week, at=at).get(patient.pk) if is_in_scope else None
        yield HistoryWeek(
            program_name=program.name,
            first_day=week.first_day,
            last_day=week.last_day,
            row=row,
            words="" if row is None else WEEK_FLAG_WORDS[row.flag],
            notes=() if row is None else tuple(WEEK_NOTE_WORDS[note] for note in row.notes),
            is_in_scope=is_in_scope,
        )
        week = week.earlier(-1)
