"""Weekly series by wall clock, across clock changes."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from sessions.rules.time.recurrence import PlannedBreak, RuleError, WeeklyRule, local_instant, occurrences

HOUR = timedelta(hours=1)
EVERY_DAY = frozenset(range(7))


def rule(zone: str = "America/New_York", weekdays: frozenset[int] = EVERY_DAY, at: time = time(9), **more):
    return WeeklyRule(zone=zone, weekdays=weekdays, starts_at=at, duration=more.pop("duration", HOUR), **more)


def starts(series: WeeklyRule, first: str, last: str) -> list[str]:
    found = occurrences(series, first=date.fromisoformat(first), last=date.fromisoformat(last))
    return [f"{one.start:%m-%d %H:%M}Z" for one in found]


def test_weekdays_between_two_dates_both_included():
    got = starts(rule(weekdays=frozenset({0, 2, 4})), "2026-11-16", "2026-11-23")
    assert got == ["11-16 14:00Z", "11-18 14:00Z", "11-20 14:00Z", "11-23 14:00Z"]
    assert starts(rule(weekdays=frozenset({5})), "2026-11-16", "2026-11-20") == []
    assert starts(rule(), "2026-11-16", "2026-11-15") == []


def test_the_group_keeps_its_wall_clock_through_both_changes_in_new_york():
    sundays = rule(weekdays=frozenset({6}))
    assert starts(sundays, "2026-03-01", "2026-03-15") == ["03-01 14:00Z", "03-08 13:00Z", "03-15 13:00Z"]
    assert starts(sundays, "2026-10-25", "2026-11-08") == ["10-25 13:00Z", "11-01 14:00Z", "11-08 14:00Z"]


@pytest.mark.parametrize(
    ("zone", "day", "at", "instant", "wall"),
    [
        # Spring: 02:00 to 03:00 does not exist in New York, 02:00 to 02:30 not on Lord Howe.
        ("America/New_York", "2026-03-08", time(1, 59), "06:59", "01:59"),
        ("America/New_York", "2026-03-08", time(2, 0), "07:00", "03:00"),
        ("America/New_York", "2026-03-08", time(2, 30), "07:30", "03:30"),
        ("America/New_York", "2026-03-08", time(3, 0), "07:00", "03:00"),
        ("Australia/Lord_Howe", "2026-10-04", time(2, 15), "15:45", "02:45"),
        ("Australia/Lord_Howe", "2026-10-04", time(2, 30), "15:30", "02:30"),
        # Autumn: 01:00 to 02:00 happens twice in New York, 01:30 to 02:00 on Lord Howe; the first one counts.
        ("America/New_York", "2026-11-01", time(1, 30), "05:30", "01:30"),
        ("Australia/Lord_Howe", "2026-04-05", time(1, 45), "14:45", "01:45"),
        ("Europe/London", "2026-03-29", time(1, 30), "01:30", "02:30"),
        ("Europe/London", "2026-10-25", time(1, 30), "00:30", "01:30"),
        ("America/Santiago", "2026-09-06", time(0, 0), "04:00", "01:00"),
    ],
)
def test_times_in_the_gap_move_forward_and_doubled_ones_are_the_first(zone, day, at, instant, wall):
    got = local_instant(date.fromisoformat(day), at, ZoneInfo(zone))
    assert (f"{got:%H:%M}", f"{got.astimezone(ZoneInfo(zone)):%H:%M}") == (instant, wall)
    assert got.tzinfo is UTC


def test_a_fold_in_the_rule_does_not_choose_the_second_time():
    night = rule(weekdays=frozenset({6}), at=time(1, 30, fold=1))
    assert starts(night, "2026-11-01", "2026-11-01") == ["11-01 05:30Z"]


def test_length_and_breaks_are_elapsed_time():
    night = rule(
        weekdays=frozenset({6}),
        at=time(1),
        duration=3 * HOUR,
        breaks=(PlannedBreak(after=HOUR, length=timedelta(minutes=15)),),
    )
    [one] = occurrences(night, first=date(2026, 11, 1), last=date(2026, 11, 1))
    assert one.end - one.start == 3 * HOUR
    assert f"{one.end.astimezone(ZoneInfo('America/New_York')):%H:%M}" == "03:00"
    assert one.breaks == ((one.start + HOUR, one.start + timedelta(minutes=75)),)
    assert (one.local_date, one.start) == (date(2026, 11, 1), datetime(2026, 11, 1, 5, tzinfo=UTC))


def test_a_day_that_a_zone_skips_has_no_meeting():
    samoa = rule("Pacific/Apia", at=time(9))
    found = list(occurrences(samoa, first=date(2011, 12, 29), last=date(2011, 12, 31)))
    assert [one.local_date.day for one in found] == [29, 31]


@pytest.mark.parametrize(
    "broken",
    [
        {"weekdays": frozenset()},
        {"weekdays": frozenset({7})},
        {"duration": timedelta(0)},
        {"starts_at": time(9, 0, 0, 1)},
        {"starts_at": time(9, tzinfo=UTC)},
        {"breaks": (PlannedBreak(timedelta(minutes=50), timedelta(minutes=11)),)},
        {"breaks": (PlannedBreak(timedelta(minutes=-1), timedelta(minutes=5)),)},
        {"breaks": (PlannedBreak(timedelta(minutes=1), timedelta(0)),)},
    ],
)
def test_a_rule_that_cannot_be_followed_is_refused(broken):
    whole = {"zone": "UTC", "weekdays": EVERY_DAY, "starts_at": time(9), "duration": HOUR}
    with pytest.raises(RuleError):
        WeeklyRule(**(whole | broken))


def test_an_unknown_zone_is_refused():
    with pytest.raises(ValueError, match="unknown time zone"):
        rule("Mars/Olympus")
