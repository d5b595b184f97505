"""The limits of corrections, and the states of a roster, as pure rules."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions.rules.signing.roster_states import ROSTER_STEPS, RosterState, RosterStep, next_roster_state
from sessions.rules.signing.settling import (
    DUAL_CONTROL_MIN,
    OtherCredit,
    bounds,
    dispute_until,
    is_late_entry,
    is_overdue,
    needs_second_person,
)
from sessions.rules.states import InvalidStep

ENDED = datetime(2026, 3, 3, 17, 15, tzinfo=UTC)
SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)


def piece(start: str, end: str, kind: str) -> dict[str, object]:
    return {"from": f"2026-03-03T{start}Z", "to": f"2026-03-03T{end}Z", "kind": kind}


GROUP = [
    piece("14:00:00", "14:30:00", "absent"),
    piece("14:30:00", "15:30:00", "credited"),
    piece("15:30:00", "15:45:00", "break"),
    piece("15:45:00", "16:00:00", "no_facilitator"),
    piece("16:00:00", "16:01:30", "bridged"),
    piece("16:01:30", "17:15:59", "credited"),
]


def test_the_countable_time_is_the_window_without_breaks_in_whole_minutes() -> None:
    assert bounds(GROUP).countable_min == bounds(GROUP).free_min == 180
    assert bounds([]).countable_min == 0


@pytest.mark.parametrize(
    ("kind", "raised", "free"),
    [
        ("credited", False, 160),
        ("bridged", False, 160),
        ("absent", False, 180),
        ("break", False, 180),
        ("absent", True, 160),
        ("break", True, 180),
    ],
)
def test_time_that_another_session_credits_is_not_free(kind: str, raised: bool, free: int) -> None:
    other = OtherCredit([piece("14:10:00", "14:30:00", kind)], is_raised=raised)
    assert bounds(GROUP, [other]).free_min == free
    assert bounds(GROUP, [other, other]).countable_min == 180


def test_another_sessions_credit_during_the_own_break_takes_nothing() -> None:
    other = OtherCredit([piece("15:30:00", "15:45:00", "credited")], is_raised=False)
    assert bounds(GROUP, [other]).free_min == 180


@given(
    base=st.integers(0, 200),
    steps=st.lists(st.integers(-20, 20), max_size=12),
)
def test_one_person_never_gets_further_than_the_limit_from_what_two_agreed_on(
    base: int, steps: list[int]
) -> None:
    stands = base
    for step in steps:
        wanted = max(0, stands + step)
        if not needs_second_person(new_min=wanted, base_min=base, by_clinician=True):
            stands = wanted
    assert abs(stands - base) <= DUAL_CONTROL_MIN


def test_exactly_the_limit_is_one_persons_and_only_the_clinicians() -> None:
    assert not needs_second_person(new_min=169, base_min=154, by_clinician=True)
    assert not needs_second_person(new_min=139, base_min=154, by_clinician=True)
    assert needs_second_person(new_min=170, base_min=154, by_clinician=True)
    assert needs_second_person(new_min=138, base_min=154, by_clinician=True)
    assert needs_second_person(new_min=155, base_min=154, by_clinician=False)


def test_hours_and_days_are_counted_from_the_end() -> None:
    assert not is_late_entry(ENDED, ENDED + 72 * HOUR)
    assert is_late_entry(ENDED, ENDED + 72 * HOUR + SECOND)
    assert not is_overdue(ENDED, ENDED + 24 * HOUR)
    assert is_overdue(ENDED, ENDED + 24 * HOUR + SECOND)
    assert dispute_until(ENDED, None) == ENDED + 7 * DAY
    assert dispute_until(ENDED, ENDED + DAY) == ENDED + 8 * DAY
    # A correction is never older than the session; if a clock says so, the end counts.
    assert dispute_until(ENDED, ENDED - DAY) == ENDED + 7 * DAY


def test_an_unsigned_roster_is_never_locked_and_an_amended_one_stays_amended() -> None:
    for state in (RosterState.COMPUTED, RosterState.LOCKED, RosterState.AMENDED):
        with pytest.raises(InvalidStep):
            next_roster_state(state, RosterStep.LOCK)
    assert next_roster_state(RosterState.ATTESTED, RosterStep.LOCK) is RosterState.LOCKED
    assert next_roster_state(RosterState.LOCKED, RosterStep.CHANGE) is RosterState.AMENDED
    for step in (RosterStep.SIGN, RosterStep.CHANGE):
        assert next_roster_state(RosterState.AMENDED, step) is RosterState.AMENDED


def test_what_is_signed_as_it_stands_is_not_signed_again() -> None:
    for state in (RosterState.ATTESTED, RosterState.LOCKED):
        with pytest.raises(InvalidStep):
            next_roster_state(state, RosterStep.SIGN)


def test_every_state_and_step_is_decided() -> None:
    refused = set(product(RosterState, RosterStep)) - set(ROSTER_STEPS)
    assert refused == {
        (RosterState.COMPUTED, RosterStep.LOCK),
        (RosterState.ATTESTED, RosterStep.SIGN),
        (RosterState.LOCKED, RosterStep.SIGN),
        (RosterState.LOCKED, RosterStep.LOCK),
        (RosterState.AMENDED, RosterStep.LOCK),
    }
