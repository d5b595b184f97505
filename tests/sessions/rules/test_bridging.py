"""Closing a patient's short gaps, and unions of presence (step 1)."""

import pytest

from tests.sessions.rules.builders import credit, patient, session


def bridge(*present: str, **policy: int):
    return credit(session(patient("p1", *present), policy=policy))


def test_a_gap_of_exactly_the_limit_is_bridged_and_one_second_more_is_not():
    assert bridge("09:00-10:00", "10:02-12:15")["qualified_seconds"] == 195 * 60
    assert bridge("09:00-10:00", "10:02:01-12:15")["qualified_seconds"] == 195 * 60 - 121


def test_bridged_time_is_credited_but_never_billed():
    mine = bridge("09:00-10:00", "10:02-12:15")
    assert (mine["qualified_seconds"], mine["strict_seconds"]) == (195 * 60, 193 * 60)
    assert "BRIDGED" in mine["flags"]


def test_the_fourth_gap_is_not_bridged():
    gaps = ("09:00-09:30", "09:31-09:40", "09:41-09:50", "09:51-10:00", "10:01-12:15")
    assert bridge(*gaps)["qualified_seconds"] == 195 * 60 - 60


def test_the_cap_counts_the_gap_itself_and_equality_is_within_it():
    gaps = ("09:00-09:30", "09:32-09:40", "09:42-12:15")
    assert bridge(*gaps, bridge_cap_sec=240)["qualified_seconds"] == 195 * 60
    assert bridge(*gaps, bridge_cap_sec=239)["qualified_seconds"] == 195 * 60 - 120


def test_a_gap_that_is_not_closed_does_not_stop_later_ones():
    # 120 + 120 closed, the third gap of 120 would pass the cap of 300, the fourth of 60 just fits it.
    gaps = ("09:00-09:10", "09:12-09:20", "09:22-09:30", "09:32-09:40", "09:41-12:15")
    assert bridge(*gaps)["qualified_seconds"] == 195 * 60 - 120
    # A gap over the length limit uses up neither count nor cap.
    assert bridge("09:00-09:10", "09:20-09:30", "09:32-12:15")["qualified_seconds"] == 195 * 60 - 600


def test_gaps_before_the_window_use_up_the_count():
    early = ("08:50-08:51", "08:52-08:53", "08:54-08:55", "08:56-10:00", "10:01-12:15")
    mine = bridge(*early)
    assert mine["qualified_seconds"] == 195 * 60 - 60
    assert "BRIDGED" not in mine["flags"]


def test_strict_payers_bridge_nothing():
    assert bridge("09:00-10:00", "10:00:01-12:15", rejoin_bridge_sec=0)["qualified_seconds"] == 195 * 60 - 1
    assert bridge("09:00-10:00", "10:00:01-12:15", bridge_max_count=0)["qualified_seconds"] == 195 * 60 - 1
    assert bridge("09:00-10:00", "10:00:01-12:15", bridge_cap_sec=0)["qualified_seconds"] == 195 * 60 - 1


def test_the_ends_of_presence_are_not_gaps():
    assert bridge("09:01-12:14")["qualified_seconds"] == 193 * 60


@pytest.mark.parametrize(
    "present",
    [
        ("09:00-12:15",),
        ("10:00-12:15", "09:00-10:00"),
        ("09:00-11:00", "10:00-12:15", "10:30-10:30"),
        ("09:00-12:15", "09:00-12:15"),
    ],
)
def test_pairs_may_touch_overlap_repeat_be_empty_and_come_in_any_order(present):
    assert bridge(*present)["qualified_seconds"] == 195 * 60
    assert "BRIDGED" not in bridge(*present)["flags"]


def test_a_bridge_that_lies_in_a_break_is_no_bridge_of_credit():
    mine = credit(session(patient("p1", "09:00-10:31", "10:32-12:15"), breaks=("10:30-10:45",)))
    assert mine["qualified_seconds"] == 180 * 60
    assert "BRIDGED" not in mine["flags"]
