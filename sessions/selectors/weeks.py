"""Program weeks: their bounds, and where patients stand in them by what is stored."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from sessions.models import AttendanceRecord, GroupSession, RosterEntry, SessionState
from sessions.rules.evidence import EnrollmentEvidence, Target
from sessions.rules.export import EnrollmentDescription
from sessions.rules.held import countable_breaks
from sessions.rules.instants import floor_instant, start_of_day, to_datetime
from sessions.rules.intervals import Intervals
from sessions.rules.service_types import COUNTING_TYPES
from sessions.rules.terms import WeekStart
from sessions.rules.weeks import HoursRow, WeekRow, expected_rate, remaining_minutes, week_is_over, week_row
from sessions.rules.weeks import week_of as first_day_of
from sessions.terms import session_terms, week_policy, week_terms
from telehealth.enrollment.models import Enrollment, Patient, WeeklyTarget
from telehealth.programs.models import Program

_RATE_WEEKS = 4


@dataclass(frozen=True, slots=True)
class Week:
    """One week of a program's calendar."""

    first_day: date
    zone: ZoneInfo

    @property
    def last_day(self) -> date:
        """Give its last day."""
        return self.first_day + timedelta(days=6)

    @property
    def span(self) -> tuple[datetime, datetime]:
        """Give its first instant and the first one after it.

        A week with a clock change is not 168 hours long.
        """
        days = self.first_day, self.first_day + timedelta(days=7)
        start, end = (to_datetime(start_of_day(day, self.zone)) for day in days)
        return start, end

    def earlier(self, weeks: int) -> Week:
        """Give the week so many weeks before."""
        return Week(self.first_day - timedelta(weeks=weeks), self.zone)


def week_at(program: Program, at: datetime) -> Week:
    """Give the program week that holds an instant."""
    return week_on(program, program.date_at(at))


def week_on(program: Program, day: date) -> Week:
    """Give the program week that holds a date."""
    return Week(first_day_of(day, WeekStart(program.week_start)), program.zone)


def week_holding(group_session: GroupSession) -> Week:
    """Give the week of a session's service date."""
    return week_at(group_session.program, group_session.opened_at or group_session.scheduled_start)


def week_of(patient: Patient, program: Program, at: datetime) -> WeekRow | None:
    """Say where a patient stands in the current week; None without an enrollment or a target in it."""
    return weeks_of(program, [patient.pk], week_at(program, at), at=at).get(patient.pk)


def weeks_of(
    program: Program, patient_ids: Collection[UUID], week: Week, *, at: datetime
) -> dict[UUID, WeekRow]:
    """Say where patients stand in one week, by stored minutes and the sessions still to come.

    Eight queries.
    """
    listed = _listed(program, patient_ids, week.span)
    hours: defaultdict[UUID, list[HoursRow]] = defaultdict(list)
    for record in _records(program, patient_ids, week.first_day, week.last_day):
        hours[record.patient_id].append(HoursRow(record.service_date, record.hours_min))
    ahead: defaultdict[UUID, int] = defaultdict(int)
    for patient_id, group_session in listed:
        ahead[patient_id] += minutes_ahead(group_session, at)
    terms = week_terms(week_policy(program, week.first_day))
    is_over = week_is_over(week.first_day, as_of=floor_instant(at), zone=week.zone)
    return {
        UUID(one.patient): week_row(
            enrollment=_as_evidence(one),
            terms=terms,
            first_day=week.first_day,
            is_over=is_over,
            hours=hours[UUID(one.patient)],
            remaining_min=ahead[UUID(one.patient)],
        )
        for one in episodes(program, patient_ids, week)
    }


def episodes(program: Program, patient_ids: Collection[UUID], week: Week) -> list[EnrollmentDescription]:
    """Describe each patient's episode in a week; one without a target has nothing to be measured by."""
    found: dict[UUID, Enrollment] = {}
    rows = Enrollment.objects.filter(program=program, patient__in=patient_ids, admitted_on__lte=week.last_day)
    for row in rows.order_by("admitted_on"):
        if row.discharged_on is None or row.discharged_on >= week.first_day:
            found[row.patient_id] = row
    targets: defaultdict[UUID, list[tuple[date, int]]] = defaultdict(list)
    for target in WeeklyTarget.objects.filter(enrollment__in=found.values()).order_by("effective_on"):
        targets[target.enrollment_id].append((target.effective_on, target.minutes))
    rates = expected_rates(program, list(found), week)
    return [
        EnrollmentDescription(
            patient=str(patient_id),
            targets=targets[row.pk],
            admitted_on=row.admitted_on,
            discharged_on=row.discharged_on,
            expected_rate=rates.get(patient_id),
        )
        for patient_id, row in sorted(found.items(), key=lambda item: str(item[0]))
        if targets[row.pk]
    ]


def expected_rates(program: Program, patient_ids: Collection[UUID], week: Week) -> dict[UUID, Decimal]:
    """Give what share of the planned minutes each patient earned in the four weeks before; three queries.

    Weeks in which nothing was planned for the patient say nothing; with fewer than two left there is no rate.
    """
    first, last = week.earlier(_RATE_WEEKS), week.earlier(1)
    planned: defaultdict[tuple[UUID, date], int] = defaultdict(int)
    for patient_id, group_session in _listed(program, patient_ids, (first.span[0], last.span[1])):
        if group_session.state == SessionState.ENDED:
            planned[patient_id, week_holding(group_session).first_day] += planned_minutes(group_session)
    earned: defaultdict[tuple[UUID, date], int] = defaultdict(int)
    for record in _records(program, patient_ids, first.first_day, last.last_day):
        earned[record.patient_id, week_on(program, record.service_date).first_day] += record.hours_min
    days = [week.earlier(back).first_day for back in range(_RATE_WEEKS, 0, -1)]
    rates = {
        patient_id: expected_rate(
            [(earned[patient_id, day], planned[patient_id, day]) for day in days if planned[patient_id, day]]
        )
        for patient_id in patient_ids
    }
    return {patient_id: rate for patient_id, rate in rates.items() if rate is not None}


def planned_minutes(group_session: GroupSession) -> int:
    """Give the minutes a session was planned to count, without its breaks; 0 for types that do not count."""
    return _minutes(group_session, floor_instant(group_session.scheduled_start))


def minutes_ahead(group_session: GroupSession, at: datetime) -> int:
    """Give the countable minutes a session not yet over still has; 0 once it is over or was never held."""
    state = group_session.state_enum
    is_coming = state is SessionState.SCHEDULED and at < group_session.scheduled_end
    return _minutes(group_session, floor_instant(at)) if is_coming or state is SessionState.OPEN else 0


def _minutes(group_session: GroupSession, as_of: int) -> int:
    if group_session.service_type not in COUNTING_TYPES:
        return 0
    breaks = Intervals.of(
        (floor_instant(start), floor_instant(end)) for start, end in group_session.break_spans
    )
    return remaining_minutes(
        as_of=as_of,
        scheduled_start=floor_instant(group_session.scheduled_start),
        scheduled_end=floor_instant(group_session.scheduled_end),
        breaks=countable_breaks(breaks, session_terms(group_session)),
    )


def _listed(
    program: Program, patient_ids: Collection[UUID], span: tuple[datetime, datetime]
) -> list[tuple[UUID, GroupSession]]:
    entries = (
        RosterEntry.objects.evidential()
        .filter(
            patient__in=patient_ids,
            group_session__in=GroupSession.objects.filter(program=program).serving_between(*span).standing(),
        )
        .select_related("group_session__terms", "group_session__track_terms", "group_session__program")
    )
    return [(entry.patient_id, entry.group_session) for entry in entries]


def _records(
    program: Program, patient_ids: Collection[UUID], first: date, last: date
) -> Iterable[AttendanceRecord]:
    return AttendanceRecord.objects.filter(
        group_session__program=program, patient__in=patient_ids, service_date__range=(first, last)
    )


def _as_evidence(one: EnrollmentDescription) -> EnrollmentEvidence:
    return EnrollmentEvidence(
        patient=one.patient,
        targets=tuple(Target(starts_on, minutes) for starts_on, minutes in one.targets),
        admitted_on=one.admitted_on,
        discharged_on=one.discharged_on,
        expected_rate=one.expected_rate,
        overrides={},
    )
