"""Holds, gaps between services and the taper, laid over a computed week."""

from datetime import date, timedelta

import pytest

from sessions.rules.conditions.terms import resolve_week_terms
from sessions.rules.document.evidence import EnrollmentEvidence, Target
from sessions.rules.weekly.week_overlays import (
    Hold,
    HoldInWeek,
    WeekContext,
    has_gap,
    hold_in_week,
    overlay,
    suspended_targets,
    weeks_below_minimum,
)
from sessions.rules.weekly.weeks import HoursRow, WeekFlag, WeekNote, week_row

ADMITTED = date(2026, 10, 1)
SUNDAY = date(2026, 11, 15)
FULL = (Target(ADMITTED, 540),)


def day(offset: int) -> date:
    """Give a day of the week of November 15, Sunday 0."""
    return SUNDAY + timedelta(days=offset)


def in_week(*holds: Hold, admitted: date = ADMITTED, discharged: date | None = None) -> HoldInWeek:
    return hold_in_week(SUNDAY, admitted_on=admitted, discharged_on=discharged, holds=holds)


def context(**changes: object) -> WeekContext:
    values: dict[str, object] = {
        "admitted_on": ADMITTED,
        "discharged_on": None,
        "targets": FULL,
        "holds": (),
        "service_days": {day(1), day(3), day(5)},
        "last_service_on": day(-2),
        "through": day(6),
        **changes,
    }
    return WeekContext(**values)  # type: ignore[arg-type]  # any of its fields


def judged(holds: tuple[Hold, ...], minutes: int = 0, *, is_over: bool = True):
    """Judge the week the way the product does: targets suspended first, then the overlay."""
    targets = suspended_targets(
        FULL, holds=holds, admitted_on=ADMITTED, discharged_on=None, until=day(6), weekday=6
    )
    plan = EnrollmentEvidence("p1", targets, ADMITTED, None, None, {})
    row = week_row(
        enrollment=plan,
        terms=resolve_week_terms({}),
        first_day=SUNDAY,
        is_over=is_over,
        hours=[HoursRow(day(1), minutes)],
        remaining_min=0,
    )
    return overlay(row, context(holds=holds))


@pytest.mark.parametrize(
    ("holds", "part"),
    [
        ((), HoldInWeek.NONE),
        (((day(-9), day(0)),), HoldInWeek.NONE),
        (((day(7), None),), HoldInWeek.NONE),
        (((day(-1), day(1)),), HoldInWeek.PART),
        (((day(6), None),), HoldInWeek.PART),
        (((day(0), day(7)),), HoldInWeek.WHOLE),
        (((day(-9), None),), HoldInWeek.WHOLE),
        (((day(-1), day(3)), (day(3), day(8))), HoldInWeek.WHOLE),
    ],
)
def test_a_week_is_on_hold_when_all_its_enrolled_days_are(holds: tuple[Hold, ...], part: HoldInWeek) -> None:
    assert in_week(*holds) is part


def test_days_outside_the_enrollment_do_not_matter_for_a_hold() -> None:
    assert in_week((day(3), None), admitted=day(3)) is HoldInWeek.WHOLE
    assert in_week((day(-3), day(3)), discharged=day(2)) is HoldInWeek.WHOLE
    assert in_week((day(-3), None), discharged=day(-1)) is HoldInWeek.NONE


def test_a_hold_of_two_weeks_suspends_the_target_and_brings_it_back() -> None:
    hold = (day(-3), day(10))
    got = suspended_targets(
        FULL, holds=[hold], admitted_on=ADMITTED, discharged_on=None, until=day(20), weekday=6
    )
    assert got == (Target(ADMITTED, 540), Target(SUNDAY, 0), Target(day(7), 540))


def test_a_target_that_begins_during_a_hold_is_the_one_that_comes_back() -> None:
    plan = (*FULL, Target(day(2), 360))
    got = suspended_targets(
        plan, holds=[(day(0), day(7))], admitted_on=ADMITTED, discharged_on=None, until=day(20), weekday=6
    )
    assert [(one.starts_on, one.minutes) for one in got][-1] == (day(7), 360)
    assert Target(SUNDAY, 0) in got


def test_a_hold_that_lasts_suspends_no_week_after_the_one_asked_about() -> None:
    got = suspended_targets(
        FULL, holds=[(day(-7), None)], admitted_on=ADMITTED, discharged_on=None, until=day(6), weekday=6
    )
    assert got[-1] == Target(day(7), 540)
    assert [one.minutes for one in got] == [540, 0, 0, 540]


def test_a_week_wholly_on_hold_is_neither_met_nor_short() -> None:
    row = judged(((day(-7), None),))
    assert (row.flag, row.target_min, row.deficit_min, row.notes) == (WeekFlag.ON_HOLD, 0, 0, ())
    assert not row.is_in_compliance


def test_a_week_partly_on_hold_keeps_its_target_and_leaves_the_denominator() -> None:
    row = judged(((day(4), None),), minutes=180)
    assert (row.flag, row.target_min, row.deficit_min) == (WeekFlag.SHORTFALL, 540, 360)
    assert row.partial
    assert WeekNote.PART_HOLD in row.notes
    assert not row.is_in_compliance


def test_a_week_without_a_hold_stays_in_the_denominator() -> None:
    row = judged((), minutes=600)
    assert row.flag is WeekFlag.MET
    assert row.is_in_compliance


@pytest.mark.parametrize(
    ("changes", "gap"),
    [
        ({}, False),
        # Two days between are allowed, three are not.
        ({"service_days": {day(1), day(4)}}, False),
        ({"service_days": {day(1), day(5)}}, True),
        # The gap began in the week before.
        ({"last_service_on": day(-3)}, True),
        ({"last_service_on": None}, True),
        # Still open at the end of the week.
        ({"service_days": {day(1), day(3)}}, True),
        # Days to come are no gap yet.
        ({"service_days": {day(1), day(3)}, "through": day(5)}, False),
        # Days on hold are not waited through.
        ({"service_days": {day(1), day(5)}, "holds": ((day(2), day(4)),)}, False),
        # Nobody is expected before admission or after discharge.
        ({"admitted_on": day(0), "last_service_on": None}, False),
        ({"service_days": {day(1)}, "discharged_on": day(3)}, False),
    ],
)
def test_more_than_two_days_between_services_are_noted(changes: dict[str, object], gap: bool) -> None:
    assert has_gap(SUNDAY, context(**changes)) is gap


def taper(*steps: tuple[int, int]) -> tuple[Target, ...]:
    """Prescribe 540 at admission, then minutes from a number of weeks before this one."""
    return (*FULL, *(Target(SUNDAY - timedelta(weeks=back), minutes) for back, minutes in steps))


@pytest.mark.parametrize(
    ("targets", "weeks"),
    [
        (FULL, 0),
        (taper((0, 540)), 0),
        (taper((0, 360)), 1),
        (taper((1, 360), (0, 180)), 2),
        (taper((2, 360)), 3),
        # Back at the minimum in between: the count begins anew.
        (taper((3, 360), (2, 540), (0, 360)), 1),
        # An adolescent's 360 is the minimum they began with.
        ((Target(ADMITTED, 360),), 0),
        ((Target(ADMITTED, 360), Target(SUNDAY, 180)), 1),
    ],
)
def test_weeks_below_the_level_of_care_are_counted_in_a_row(targets: tuple[Target, ...], weeks: int) -> None:
    assert weeks_below_minimum(SUNDAY, context(targets=targets)) == weeks


def test_a_held_week_is_passed_over_in_the_taper() -> None:
    held = (day(-7), day(0))
    assert weeks_below_minimum(SUNDAY, context(targets=taper((2, 360)), holds=(held,))) == 2


def test_the_third_week_of_a_taper_asks_for_a_review() -> None:
    row = judged((), minutes=600)
    for back, note in ((0, "TRANSITION"), (1, "TRANSITION"), (2, "TRANSITION_REVIEW")):
        laid = overlay(row, context(targets=taper((back, 360))))
        assert WeekNote(note) in laid.notes
        assert laid.also == row.also
        assert list(laid.notes) == sorted(laid.notes)


def test_the_lowest_target_that_stays_forever_ends_at_admission() -> None:
    targets = (Target(ADMITTED, 540), Target(ADMITTED + timedelta(days=1), 100))
    assert weeks_below_minimum(SUNDAY, context(targets=targets)) == 7
