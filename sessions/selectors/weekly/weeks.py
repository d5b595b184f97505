"""Program weeks: their bounds, and where patients stand in them by what is stored.

`weeks_of` and `week_of` are the one way in which others read weeks; `read_weeks` gives all they were read
from.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from sessions.models import GroupSession, SessionState
from sessions.rules.conditions.service_types import COUNTING_TYPES
from sessions.rules.conditions.terms import WeekStart, WeekTerms
from sessions.rules.crediting.held import countable_breaks
from sessions.rules.document.evidence import EnrollmentEvidence, Target
from sessions.rules.document.export import EnrollmentDescription
from sessions.rules.time.instants import floor_instant, start_of_day, to_datetime
from sessions.rules.time.intervals import Intervals
from sessions.rules.weekly.week_overlays import WeekContext, overlay, suspended_targets
from sessions.rules.weekly.weeks import (
    HoursRow,
    WeekRow,
    expected_rate,
    remaining_minutes,
    week_is_over,
    week_row,
    week_target,
)
from sessions.rules.weekly.weeks import week_of as first_day_of
from sessions.selectors.weekly.week_rows import (
    Episode,
    Patients,
    SessionFigures,
    earned_before,
    episodes_between,
    figures_of,
    hours_by_day,
    places_in,
)
from sessions.terms import enrollment_policies, session_terms, week_policy, week_terms
from telehealth.enrollment.models import Patient
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


@dataclass(frozen=True, slots=True)
class PastWeek:
    """What one earlier week of an episode came to; `target_min` is 0 while it was on hold."""

    first_day: date
    hours_min: int
    target_min: int


@dataclass(frozen=True, slots=True)
class WeekReading:
    """Where patients stand in a week, and what that was read from.

    `days` are the minutes of the week's service dates. `listed` are the week's sessions of each patient.
    `past` are the weeks of the episode before, oldest first.
    """

    week: Week
    is_over: bool
    rows: Mapping[UUID, WeekRow]
    terms: Mapping[UUID, WeekTerms]
    rates: Mapping[UUID, Decimal]
    episodes: Mapping[UUID, Episode]
    sessions: Mapping[UUID, SessionFigures]
    days: Mapping[UUID, Mapping[date, int]]
    listed: Mapping[UUID, tuple[SessionFigures, ...]]
    past: Mapping[UUID, tuple[PastWeek, ...]]


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


def weeks_of(program: Program, patient_ids: Patients, week: Week, *, at: datetime) -> dict[UUID, WeekRow]:
    """Say where patients stand in one week, by the minutes that stand and the sessions still to come."""
    return dict(read_weeks(program, patient_ids, week, at=at).rows)


def read_weeks(
    program: Program, patient_ids: Patients, week: Week, *, at: datetime, history: int = _RATE_WEEKS
) -> WeekReading:
    """Read one week of patients and the `history` weeks before it, at least four; fourteen queries.

    Holds, gaps and the taper are laid over the rows that the rules compute.
    """
    episodes = episodes_between(program, patient_ids, week.first_day, week.last_day)
    weeks = [week.earlier(back) for back in range(max(history, _RATE_WEEKS), 0, -1)]
    earned = earned_before(program, patient_ids, [(one.first_day, one.last_day) for one in weeks])
    span = weeks[-_RATE_WEEKS].span[0], week.span[1]
    sessions = figures_of(program, span, at)
    places = places_in(program, patient_ids, span, sessions)
    listed = {
        patient_id: tuple(one for one in found if one.service_on >= week.first_day)
        for patient_id, found in places.items()
    }
    minutes = hours_by_day(
        [one for one in sessions.values() if one.service_on >= week.first_day], patient_ids
    )
    recent = {patient_id: sums[-_RATE_WEEKS:] for patient_id, (sums, _) in earned.items()}
    rates = _rates(weeks[-_RATE_WEEKS:], places, recent)
    terms = _terms(program, episodes, week)
    is_over = week_is_over(week.first_day, as_of=floor_instant(at), zone=week.zone)
    through = min(week.last_day, program.date_at(at) - timedelta(days=1))
    rows, past, days = {}, {}, {}
    for patient_id, episode in episodes.items():
        plan = _as_evidence(patient_id, episode, program, week, rates.get(patient_id))
        own = minutes.get(patient_id, ())
        row = week_row(
            enrollment=plan,
            terms=terms[patient_id],
            first_day=week.first_day,
            is_over=is_over,
            hours=[HoursRow(day, count) for day, count in own],
            remaining_min=sum(one.ahead_min for one in listed.get(patient_id, ())),
        )
        sums, last_on = earned.get(patient_id, ([0] * len(weeks), None))
        rows[patient_id] = overlay(row, _context(episode, own, last_on, through))
        past[patient_id] = tuple(
            PastWeek(one.first_day, sums[number], week_target(plan, terms[patient_id], one.first_day))
            for number, one in enumerate(weeks)
            if one.last_day >= episode.enrollment.admitted_on
        )
        totals: defaultdict[date, int] = defaultdict(int)
        for day, count in own:
            totals[day] += count
        days[patient_id] = totals
    return WeekReading(
        week=week,
        is_over=is_over,
        rows=rows,
        terms=terms,
        rates=rates,
        episodes=episodes,
        sessions=sessions,
        days=days,
        listed=listed,
        past=past,
    )


def episodes(program: Program, patient_ids: Collection[UUID], week: Week) -> list[EnrollmentDescription]:
    """Describe each patient's episode in a week, as evidence holds it; eleven queries.

    One without a target has nothing to be measured by. Weeks wholly on hold have a target of 0.
    """
    found = episodes_between(program, patient_ids, week.first_day, week.last_day)
    policies = enrollment_policies(program, [one.enrollment for one in found.values()], [week.first_day])
    rates = expected_rates(program, list(found), week)
    return [
        EnrollmentDescription(
            patient=str(patient_id),
            targets=[(one.starts_on, one.minutes) for one in _targets(episode, program, week.last_day)],
            admitted_on=episode.enrollment.admitted_on,
            discharged_on=episode.enrollment.discharged_on,
            expected_rate=rates.get(patient_id),
            policy=policies[episode.enrollment.pk, week.first_day].policy,
        )
        for patient_id, episode in found.items()
    ]


def expected_rates(program: Program, patient_ids: Collection[UUID], week: Week) -> dict[UUID, Decimal]:
    """Give what share of the planned minutes each patient earned in the four weeks before; four queries.

    Weeks in which nothing was planned for the patient say nothing; with fewer than two left there is no rate.
    """
    weeks = [week.earlier(back) for back in range(_RATE_WEEKS, 0, -1)]
    span = weeks[0].span[0], weeks[-1].span[1]
    sessions = figures_of(program, span, span[1])
    earned = earned_before(program, patient_ids, [(one.first_day, one.last_day) for one in weeks])
    sums = {patient_id: found for patient_id, (found, _) in earned.items()}
    return _rates(weeks, places_in(program, patient_ids, span, sessions), sums)


def planned_minutes(group_session: GroupSession) -> int:
    """Give the minutes a session was planned to count, without its breaks; 0 for types that do not count."""
    if group_session.service_type not in COUNTING_TYPES:
        return 0
    breaks = Intervals.of(
        (floor_instant(start), floor_instant(end)) for start, end in group_session.break_spans
    )
    start = floor_instant(group_session.scheduled_start)
    return remaining_minutes(
        as_of=start,
        scheduled_start=start,
        scheduled_end=floor_instant(group_session.scheduled_end),
        breaks=countable_breaks(breaks, session_terms(group_session)),
    )


def _rates(
    weeks: Sequence[Week],
    places: Mapping[UUID, Iterable[SessionFigures]],
    earned: Mapping[UUID, Sequence[int]],
) -> dict[UUID, Decimal]:
    """Compute each patient's rate from what was held and listed them, and what they earned by week."""
    week_by_day = {
        one.first_day + timedelta(days=offset): number
        for number, one in enumerate(weeks)
        for offset in range(7)
    }
    nothing = [0] * len(weeks)
    found = {}
    for patient_id, listed in places.items():
        minutes, got = [*nothing], earned.get(patient_id, nothing)
        for one in listed:
            number = week_by_day.get(one.service_on)
            if number is not None and one.state is SessionState.ENDED:
                minutes[number] += one.planned_min
        rate = expected_rate(
            [(got[number], minutes[number]) for number in range(len(weeks)) if minutes[number]]
        )
        if rate is not None:
            found[patient_id] = rate
    return found


def _terms(program: Program, found: Mapping[UUID, Episode], week: Week) -> dict[UUID, WeekTerms]:
    """Resolve each episode's terms of a week; most have none of their own and share one result."""
    file_policy = week_policy(program, week.first_day)
    policies = enrollment_policies(program, [one.enrollment for one in found.values()], [week.first_day])
    known: dict[str, WeekTerms] = {}
    terms = {}
    for patient_id, one in found.items():
        own = policies[one.enrollment.pk, week.first_day].policy
        key = repr(own)
        if key not in known:
            known[key] = week_terms(file_policy, own)
        terms[patient_id] = known[key]
    return terms


def _targets(episode: Episode, program: Program, until: date) -> tuple[Target, ...]:
    """Give the dated targets as evidence holds them: 0 in weeks wholly on hold."""
    if not episode.holds:
        return episode.targets
    return suspended_targets(
        episode.targets,
        holds=episode.holds,
        admitted_on=episode.enrollment.admitted_on,
        discharged_on=episode.enrollment.discharged_on,
        until=until,
        weekday=WeekStart(program.week_start).weekday,
    )


def _as_evidence(
    patient_id: UUID, episode: Episode, program: Program, week: Week, rate: Decimal | None
) -> EnrollmentEvidence:
    return EnrollmentEvidence(
        patient=str(patient_id),
        targets=_targets(episode, program, week.last_day),
        admitted_on=episode.enrollment.admitted_on,
        discharged_on=episode.enrollment.discharged_on,
        expected_rate=rate,
        overrides={},
    )


def _context(
    episode: Episode, hours: Iterable[tuple[date, int]], last_service_on: date | None, through: date
) -> WeekContext:
    return WeekContext(
        admitted_on=episode.enrollment.admitted_on,
        discharged_on=episode.enrollment.discharged_on,
        targets=episode.targets,
        holds=episode.holds,
        service_days={day for day, minutes in hours if minutes > 0},
        last_service_on=last_service_on,
        through=through,
    )
