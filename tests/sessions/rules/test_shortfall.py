"""A deficit by cause: whole minutes that sum to it exactly."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions.rules.weekly.shortfall import LossCause, Losses, session_losses, shortfall_split


def lost(planned: int = 180, delivered: int = 180, hours: int = 0, **kinds: bool) -> Losses:
    return session_losses(
        planned_min=planned,
        delivered_min=delivered,
        hours_min=hours,
        is_absent=kinds.get("is_absent", False),
        is_excused=kinds.get("is_excused", False),
    )


def test_a_session_that_was_attended_in_full_loses_nothing() -> None:
    assert lost(hours=180) == {}
    assert lost(hours=195) == {}


def test_absence_is_the_patients_as_far_as_the_program_delivered() -> None:
    assert lost(is_absent=True) == {LossCause.NO_SHOW: 180}
    assert lost(is_absent=True, is_excused=True) == {LossCause.EXCUSED: 180}
    assert lost(delivered=150, is_absent=True) == {LossCause.PROGRAM: 30, LossCause.NO_SHOW: 150}


def test_a_cancelled_session_is_the_programs_loss() -> None:
    assert lost(delivered=0) == {LossCause.PROGRAM: 180}
    assert lost(delivered=0, is_absent=True, is_excused=True) == {LossCause.PROGRAM: 180}


def test_of_a_session_attended_in_part_the_rest_is_late_or_partial() -> None:
    assert lost(hours=154) == {LossCause.LATE_OR_PARTIAL: 26}
    assert lost(delivered=170, hours=154) == {LossCause.PROGRAM: 10, LossCause.LATE_OR_PARTIAL: 16}


def test_worked_example_i_when_nothing_more_comes() -> None:
    # Mon 180, Tue 154, Wed no-show, Thu 180: short by 26 of 720 planned, for 206 minutes lost.
    losses = [lost(hours=180), lost(hours=154), lost(is_absent=True), lost(hours=180)]
    split = shortfall_split(target_min=540, hours_min=514, planned_min=720, losses=losses)
    assert split == {LossCause.NO_SHOW: 23, LossCause.LATE_OR_PARTIAL: 3}


def test_what_was_never_planned_is_named() -> None:
    assert shortfall_split(target_min=540, hours_min=360, planned_min=360, losses=[]) == {
        LossCause.NOT_PLANNED: 180
    }
    split = shortfall_split(target_min=540, hours_min=180, planned_min=360, losses=[lost(is_absent=True)])
    assert split == {LossCause.NO_SHOW: 180, LossCause.NOT_PLANNED: 180}


def test_a_week_that_is_met_has_no_reasons() -> None:
    assert shortfall_split(target_min=540, hours_min=540, planned_min=720, losses=[lost()]) == {}


def test_an_equal_remainder_goes_to_the_first_named_cause() -> None:
    losses = [{LossCause.PROGRAM: 1, LossCause.NO_SHOW: 1}]
    split = shortfall_split(target_min=1, hours_min=0, planned_min=2, losses=losses)
    assert split == {LossCause.NO_SHOW: 1}


SESSIONS = st.lists(
    st.tuples(st.integers(0, 240), st.integers(0, 240), st.integers(0, 240), st.booleans(), st.booleans()),
    max_size=7,
)


@given(sessions=SESSIONS, target=st.integers(0, 1300))
def test_the_causes_sum_to_the_deficit_exactly(
    sessions: list[tuple[int, int, int, bool, bool]], target: int
) -> None:
    planned, hours, losses = 0, 0, []
    for plan, delivered, credited, absent, excused in sessions:
        # An overrun can credit more than was planned; an absence credits nothing.
        got = 0 if absent else credited
        planned, hours = planned + plan, hours + got
        losses.append(lost(plan, delivered, got, is_absent=absent, is_excused=excused))
    split = shortfall_split(target_min=target, hours_min=hours, planned_min=planned, losses=losses)
    assert sum(split.values()) == max(0, target - hours)
    assert all(minutes > 0 for minutes in split.values())


@pytest.mark.parametrize("minutes", range(0, 181, 20))
def test_a_sessions_losses_sum_to_what_it_lost(minutes: int) -> None:
    for delivered in (0, 90, 180):
        assert sum(lost(delivered=delivered, hours=minutes).values()) == 180 - minutes
