"""What the product knows of weeks beyond evidence: holds, the days between services, the taper.

A hold reaches evidence as dated targets of 0 (`suspended_targets`), so that anybody computes the same minutes
and the same target; that the week is `ON_HOLD` and not met is laid over the result here.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from sessions.rules.document.evidence import Target
from sessions.rules.weekly.weeks import WeekFlag, WeekNote, WeekRow

MAX_DAYS_BETWEEN_SERVICES = 2
"""Days without a service that may lie between two with one (`max_days_between_services`, a note only)."""
TAPER_WEEKS_BELOW_MIN = 2
"""Weeks in a row whose target may lie below the minimum of the level of care (`taper_weeks_below_min`)."""
LEVEL_OF_CARE_MIN = 540
"""Least weekly minutes of the level of care for adults; who began lower has that as the minimum."""

_WEEK = timedelta(weeks=1)
_DAY = timedelta(days=1)

Hold = tuple[date, date | None]
"""First day on hold, and the first day back; None while the hold lasts."""


class HoldInWeek(StrEnum):
    """How much of a week's enrolled days was on hold."""

    NONE = "NONE"
    PART = "PART"
    WHOLE = "WHOLE"


@dataclass(frozen=True, slots=True)
class WeekContext:
    """What overlays look at. `last_service_on` lies before the week; days up to `through` are over."""

    admitted_on: date
    discharged_on: date | None
    targets: Sequence[Target]
    holds: Sequence[Hold]
    service_days: Collection[date]
    last_service_on: date | None
    through: date


def hold_in_week(
    first_day: date, *, admitted_on: date, discharged_on: date | None, holds: Sequence[Hold]
) -> HoldInWeek:
    """Say how much of a week's enrolled days was on hold."""
    if not holds:
        return HoldInWeek.NONE
    enrolled = _enrolled_days(first_day, admitted_on, discharged_on)
    held = sum(is_on_hold(day, holds) for day in enrolled)
    if not held:
        return HoldInWeek.NONE
    return HoldInWeek.WHOLE if held == len(enrolled) else HoldInWeek.PART


def is_on_hold(day: date, holds: Sequence[Hold]) -> bool:
    """Say whether a day was on hold."""
    return any(start <= day and (back is None or day < back) for start, back in holds)


def suspended_targets(
    targets: Sequence[Target],
    *,
    holds: Sequence[Hold],
    admitted_on: date,
    discharged_on: date | None,
    until: date,
    weekday: int,
) -> tuple[Target, ...]:
    """Give the dated targets with 0 from each week wholly on hold, and back afterwards.

    `weekday` is that of the week's first day, Monday 0. Weeks after `until` are left alone: whether a hold
    lasts so long is not known yet.
    """
    found = {one.starts_on: one.minutes for one in targets}
    for start, back in holds:
        week = start - timedelta(days=(start.weekday() - weekday) % 7)
        last = until if back is None else min(back, until)
        while week <= last:
            part = hold_in_week(week, admitted_on=admitted_on, discharged_on=discharged_on, holds=holds)
            if part is HoldInWeek.WHOLE:
                # A target that begins inside the held week counts from the next one on, as everywhere.
                found.setdefault(week + _WEEK, _prescribed(targets, week + _WEEK))
                found[week] = 0
            week += _WEEK
    return tuple(Target(day, found[day]) for day in sorted(found))


def overlay(row: WeekRow, context: WeekContext) -> WeekRow:
    """Lay over a computed row what evidence does not know."""
    held = hold_in_week(
        row.week_start,
        admitted_on=context.admitted_on,
        discharged_on=context.discharged_on,
        holds=context.holds,
    )
    if held is HoldInWeek.WHOLE:
        return replace(row, target_min=0, flag=WeekFlag.ON_HOLD, deficit_min=0, partial=False)
    notes = []
    if held is HoldInWeek.PART:
        notes.append(WeekNote.PART_HOLD)
    if has_gap(row.week_start, context):
        notes.append(WeekNote.GAP_DAYS)
    below = weeks_below_minimum(row.week_start, context)
    if below:
        over = below > TAPER_WEEKS_BELOW_MIN
        notes.append(WeekNote.TRANSITION_REVIEW if over else WeekNote.TRANSITION)
    return replace(row, laid=tuple(sorted(notes)), partial=row.partial or held is HoldInWeek.PART)


def has_gap(first_day: date, context: WeekContext) -> bool:
    """Say whether more days without a service than allowed went by, the last of them in this week.

    Counted are enrolled days that are over and were not on hold, from the last service on, whichever week it
    was in.
    """
    start = max(context.last_service_on or context.admitted_on - _DAY, context.admitted_on - _DAY)
    last = min(context.through, first_day + _WEEK - _DAY, context.discharged_on or context.through)
    run, day = 0, start + _DAY
    while day <= last:
        if day in context.service_days:
            run = 0
        elif not is_on_hold(day, context.holds):
            run += 1
            if run > MAX_DAYS_BETWEEN_SERVICES and day >= first_day:
                return True
        day += _DAY
    return False


def weeks_below_minimum(first_day: date, context: WeekContext) -> int:
    """Count the weeks in a row, up to this one, whose prescribed target lies below the level of care.

    Weeks wholly on hold are passed over. 0 if this week's target is not below.
    """
    minimum = min(LEVEL_OF_CARE_MIN, context.targets[0].minutes)
    if _prescribed(context.targets, first_day) >= minimum:
        return 0
    count, week = 0, first_day
    while _prescribed(context.targets, week) < minimum and week + _WEEK > context.admitted_on:
        held = hold_in_week(
            week,
            admitted_on=context.admitted_on,
            discharged_on=context.discharged_on,
            holds=context.holds,
        )
        count += held is not HoldInWeek.WHOLE
        week -= _WEEK
    return count


def _prescribed(targets: Sequence[Target], day: date) -> int:
    minutes = targets[0].minutes
    for one in targets:
        if one.starts_on <= day:
            minutes = one.minutes
    return minutes


def _enrolled_days(first_day: date, admitted_on: date, discharged_on: date | None) -> list[date]:
    days = (first_day + timedelta(days=offset) for offset in range(7))
    return [day for day in days if admitted_on <= day and (discharged_on is None or day <= discharged_on)]
