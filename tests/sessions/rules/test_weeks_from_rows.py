"""Weeks from stored rows, for pages that do not recompute."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from sessions.rules.conditions.terms import resolve_week_terms
from sessions.rules.document.evidence import EnrollmentEvidence, Target
from sessions.rules.time.instants import parse_instant
from sessions.rules.time.intervals import Intervals
from sessions.rules.weekly.weeks import (
    HoursRow,
    WeekFlag,
    WeekNote,
    expected_rate,
    remaining_minutes,
    round_ratio,
    week_row,
)

PLAN = EnrollmentEvidence("p1", (Target(date(2026, 10, 1), 540),), date(2026, 10, 1), None, None, {})


def test_a_week_is_judged_from_rows_alone():
    rows = [HoursRow(date(2026, 11, day), minutes) for day, minutes in ((16, 180), (17, 154), (18, 0))]
    row = week_row(
        enrollment=PLAN,
        terms=resolve_week_terms({"loc_ceiling_min": 300}),
        first_day=date(2026, 11, 15),
        is_over=False,
        hours=rows,
        remaining_min=180,
    )
    assert (row.hours_min, row.days, row.flag, row.deficit_min) == (334, 2, WeekFlag.SHORTFALL_CERTAIN, 26)
    assert row.also == (WeekNote.OVER_LOC,)


def test_remaining_minutes_of_a_session_leave_out_breaks_and_what_is_past():
    start, end = parse_instant("2026-11-19T14:00:00Z"), parse_instant("2026-11-19T17:15:00Z")
    breaks = Intervals.between(start + 5400, start + 6300)
    for as_of, minutes in ((0, 180), (start, 180), (start + 5400, 90), (start + 31, 179), (end, 0)):
        got = remaining_minutes(as_of=as_of, scheduled_start=start, scheduled_end=end, breaks=breaks)
        assert got == minutes


@pytest.mark.parametrize(
    ("weeks", "rate"),
    [
        ([], None),
        ([(100, 100)], None),
        ([(0, 0), (0, 0)], None),
        ([(100, 100), (50, 100)], Decimal("0.7500")),
        ([(0, 1000), (1, 1), (1, 1), (1, 1), (1, 3)], Decimal("0.6667")),
        ([(200, 100), (1, 1)], Decimal(1)),
    ],
)
def test_the_expected_rate_is_that_of_the_last_four_closed_weeks(weeks, rate):
    assert expected_rate(weeks) == rate


@pytest.mark.parametrize(
    ("ratio", "printed"),
    [
        (Fraction(1, 20000), "0.0000"),
        (Fraction(3, 20000), "0.0002"),
        (Fraction(1), "1.0000"),
        (Fraction(0), "0.0000"),
        (Fraction(2, 3), "0.6667"),
    ],
)
def test_ratios_round_half_to_even(ratio, printed):
    assert str(round_ratio(ratio)) in (printed, printed.replace("0.0000", "0E-4"))
