"""Days and weeks of one patient, from rows of minutes, whether just computed or stored."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from zoneinfo import ZoneInfo

from sessions.rules.conditions.terms import ProrationMode, WeekStart, WeekTerms
from sessions.rules.crediting.units import per_diem
from sessions.rules.document.evidence import EnrollmentEvidence
from sessions.rules.time.instants import MINUTE, Instant, start_of_day
from sessions.rules.time.intervals import Intervals

_WEEK = 7
_PROGRAM_DAYS = 5
_CLOSED_WEEKS = 4


class WeekFlag(StrEnum):
    """Where a week stands against its target. Credit never emits `ON_HOLD`: the product lays it over."""

    MET = "MET"
    SHORTFALL = "SHORTFALL"
    SHORTFALL_CERTAIN = "SHORTFALL_CERTAIN"
    AT_RISK = "AT_RISK"
    ON_TRACK = "ON_TRACK"
    ON_HOLD = "ON_HOLD"


class WeekNote(StrEnum):
    """What else a reader should know. Credit emits the first two, `week_overlays` lays the others over."""

    MIN_DAYS = "MIN_DAYS"
    OVER_LOC = "OVER_LOC"
    GAP_DAYS = "GAP_DAYS"
    PART_HOLD = "PART_HOLD"
    TRANSITION = "TRANSITION"
    TRANSITION_REVIEW = "TRANSITION_REVIEW"


@dataclass(frozen=True, slots=True)
class HoursRow:
    """Minutes of one session that a patient's record holds."""

    service_date: date
    hours_min: int


@dataclass(frozen=True, slots=True)
class DayRow:
    """A patient's billable day."""

    patient: str
    service_date: date
    billable_min: int
    per_diem: int


@dataclass(frozen=True, slots=True)
class WeekRow:
    """A patient's week against the target."""

    patient: str
    week_start: date
    target_min: int
    hours_min: int
    remaining_min: int
    days: int
    flag: WeekFlag
    deficit_min: int
    also: tuple[WeekNote, ...]
    partial: bool
    laid: tuple[WeekNote, ...] = ()
    """What `week_overlays` found; the notes of credit stay in `also`."""

    @property
    def notes(self) -> tuple[WeekNote, ...]:
        """Give all notes; a week on hold has none."""
        return () if self.flag is WeekFlag.ON_HOLD else tuple(sorted({*self.also, *self.laid}))

    @property
    def is_in_compliance(self) -> bool:
        """Say whether the week belongs in the denominator of a compliance figure."""
        return not self.partial and self.flag is not WeekFlag.ON_HOLD


def week_of(day: date, week_start: WeekStart) -> date:
    """Give the first day of the week that holds a day."""
    return day - timedelta(days=(day.weekday() - week_start.weekday) % _WEEK)


def week_is_over(first_day: date, *, as_of: Instant, zone: ZoneInfo) -> bool:
    """Say whether the program's zone has reached the day after the week's last one."""
    return as_of >= start_of_day(first_day + timedelta(days=_WEEK), zone)


def overlaps_enrollment(first_day: date, enrollment: EnrollmentEvidence) -> bool:
    """Say whether at least one day of the week is enrolled."""
    last_day = first_day + timedelta(days=_WEEK - 1)
    discharged_on = enrollment.discharged_on
    return enrollment.admitted_on <= last_day and (discharged_on is None or discharged_on >= first_day)


def remaining_minutes(
    *, as_of: Instant, scheduled_start: Instant, scheduled_end: Instant, breaks: Intervals
) -> int:
    """Give the whole minutes that a session not yet over can still deliver.

    `breaks` are the planned ones, not cut at `as_of`; empty where breaks count.
    """
    ahead = Intervals.between(max(as_of, scheduled_start), scheduled_end)
    return (ahead - breaks).seconds // MINUTE


def day_row(*, patient: str, service_date: date, billable_min: int, terms: WeekTerms) -> DayRow:
    """Judge one day; `billable_min` is the sum over the sessions whose type counts."""
    one = per_diem(billable_min, per_diem_min_minutes=terms.per_diem_min_minutes)
    return DayRow(patient, service_date, billable_min, one)


def week_row(
    *,
    enrollment: EnrollmentEvidence,
    terms: WeekTerms,
    first_day: date,
    is_over: bool,
    hours: Iterable[HoursRow],
    remaining_min: int,
) -> WeekRow:
    """Judge one week from the minutes of its sessions and those still to come."""
    rows = list(hours)
    done = sum(row.hours_min for row in rows)
    days = len({row.service_date for row in rows if row.hours_min > 0})
    target = week_target(enrollment, terms, first_day)
    rate = terms.expected_rate_default if enrollment.expected_rate is None else enrollment.expected_rate
    flag, deficit = _flag(done, remaining_min, target, rate, is_over=is_over)
    return WeekRow(
        patient=enrollment.patient,
        week_start=first_day,
        target_min=target,
        hours_min=done,
        remaining_min=remaining_min,
        days=days,
        flag=flag,
        deficit_min=deficit,
        also=_notes(done, days, terms, is_over=is_over),
        partial=terms.proration_mode is ProrationMode.NONE and _is_partial(first_day, enrollment),
    )


def week_target(enrollment: EnrollmentEvidence, terms: WeekTerms, first_day: date) -> int:
    """Give the target in force on the first day of the week (the first one, if none is yet), prorated."""
    target = enrollment.targets[0].minutes
    for one in enrollment.targets:
        if one.starts_on <= first_day:
            target = one.minutes
    if terms.proration_mode is ProrationMode.NONE:
        return target
    return target * _enrolled_program_days(first_day, enrollment) // _PROGRAM_DAYS


def expected_rate(closed_weeks: Sequence[tuple[int, int]]) -> Decimal | None:
    """Compute the rate to expect from (credited, countable) minutes of closed weeks, oldest first.

    The last four count; None with fewer than two, or if nothing could be credited in them.
    """
    recent = closed_weeks[-_CLOSED_WEEKS:]
    countable = sum(week[1] for week in recent)
    if len(recent) < 2 or countable == 0:
        return None
    return round_ratio(min(Fraction(sum(week[0] for week in recent), countable), Fraction(1)))


def round_ratio(ratio: Fraction) -> Decimal:
    """Round half-even to four places, exactly."""
    return Decimal(round(ratio * 10_000)).scaleb(-4)


def _flag(done: int, ahead: int, target: int, rate: Decimal, *, is_over: bool) -> tuple[WeekFlag, int]:
    if done >= target:
        return WeekFlag.MET, 0
    if is_over:
        return WeekFlag.SHORTFALL, target - done
    if done + ahead < target:
        return WeekFlag.SHORTFALL_CERTAIN, target - (done + ahead)
    if done + Fraction(rate) * ahead // 1 < target:
        return WeekFlag.AT_RISK, 0
    return WeekFlag.ON_TRACK, 0


def _notes(done: int, days: int, terms: WeekTerms, *, is_over: bool) -> tuple[WeekNote, ...]:
    found: list[WeekNote] = []
    if is_over and days < terms.weekly_min_days:
        found.append(WeekNote.MIN_DAYS)
    if done >= terms.loc_ceiling_min:
        found.append(WeekNote.OVER_LOC)
    return tuple(found)


def _is_partial(first_day: date, enrollment: EnrollmentEvidence) -> bool:
    last_day = first_day + timedelta(days=_WEEK - 1)
    discharged_on = enrollment.discharged_on
    return enrollment.admitted_on > first_day or (discharged_on is not None and discharged_on < last_day)


def _enrolled_program_days(first_day: date, enrollment: EnrollmentEvidence) -> int:
    days = (first_day + timedelta(days=offset) for offset in range(_WEEK))
    return sum(1 for day in days if day.weekday() < _PROGRAM_DAYS and _is_enrolled(day, enrollment))


def _is_enrolled(day: date, enrollment: EnrollmentEvidence) -> bool:
    discharged_on = enrollment.discharged_on
    return enrollment.admitted_on <= day and (discharged_on is None or day <= discharged_on)
