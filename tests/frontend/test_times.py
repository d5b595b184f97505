"""Times as people read them."""

from datetime import UTC, datetime

from frontend.templatetags.times import hours, local_span, local_time, minutes

AT = datetime(2026, 11, 17, 14, 0, tzinfo=UTC)


def test_a_time_is_written_in_the_readers_zone_with_the_instant_for_machines() -> None:
    assert local_time(AT, "America/New_York") == (
        '<time datetime="2026-11-17T14:00:00Z">Tuesday, November 17, 9:00 AM</time> EST'
    )


def test_another_program_zone_stands_beside_it() -> None:
    text = local_time(AT, "America/Los_Angeles", "America/New_York")
    assert "6:00 AM</time> PST" in text
    assert "(9:00 AM EST, New York)" in text


def test_a_program_zone_with_the_same_clock_is_not_repeated() -> None:
    assert "zone-other" not in local_time(AT, "America/Detroit", "America/New_York")


def test_a_program_time_on_another_day_says_the_day() -> None:
    late = datetime(2026, 11, 15, 5, 30, tzinfo=UTC)
    text = local_time(late, "America/Los_Angeles", "America/New_York")
    assert "Saturday, November 14, 9:30 PM" in text
    assert "(Sunday, November 15, 12:30 AM EST, New York)" in text


def test_no_time_is_an_empty_text() -> None:
    assert local_time(None, "UTC") == ""


def test_a_span_says_the_day_once_and_both_clocks() -> None:
    text = local_span(
        AT, datetime(2026, 11, 17, 17, 15, tzinfo=UTC), "America/Los_Angeles", "America/New_York"
    )
    assert "Tuesday, November 17, 6:00 AM" in text
    assert "9:15 AM</time> PST" in text
    assert "(9:00 AM \N{EN DASH} 12:15 PM EST, New York)" in text


def test_minutes_are_said_in_hours_and_minutes() -> None:
    assert [minutes(value) for value in (0, 59, 60, 154, -26, None)] == [
        "0 min",
        "59 min",
        "1 h",
        "2 h 34 min",
        "-26 min",
        "",
    ]


def test_decimal_hours_are_floored_to_a_hundredth() -> None:
    assert [hours(value) for value in (154, 180, 1, None)] == ["2.56", "3.00", "0.01", ""]
