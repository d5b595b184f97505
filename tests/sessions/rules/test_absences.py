"""Missed sessions in a row and the steps they ask for."""

from datetime import date, timedelta

import pytest

from sessions.rules.weekly.absences import STEPS, Visit, missed_in_a_row, step_due

A, M, E, N = Visit.ATTENDED, Visit.MISSED, Visit.EXCUSED, Visit.NOT_HELD
TODAY = date(2026, 11, 18)


@pytest.mark.parametrize(
    ("visits", "count"),
    [
        ([], 0),
        ([A], 0),
        ([M], 1),
        ([M, M, A], 0),
        ([A, M, M], 2),
        # Excused absences and sessions that were not held pause the count.
        ([M, E, M], 2),
        ([M, N, N, M], 2),
        ([E], 0),
        ([M, A, E, M], 1),
    ],
)
def test_only_coming_ends_a_row_of_missed_sessions(visits: list[Visit], count: int) -> None:
    assert missed_in_a_row(visits) == count


@pytest.mark.parametrize(("misses", "number"), [(0, None), (1, 1), (2, 2), (3, 3), (4, 3), (9, 3)])
def test_every_miss_asks_for_a_further_step(misses: int, number: int | None) -> None:
    step = step_due(misses, last_contact_on=TODAY, today=TODAY)
    assert (None if step is None else step.number) == number


def test_two_weeks_without_contact_ask_for_the_last_step() -> None:
    ago = TODAY - timedelta(days=13)
    assert step_due(1, last_contact_on=ago, today=TODAY) == STEPS[0]
    assert step_due(1, last_contact_on=ago - timedelta(days=1), today=TODAY) == STEPS[-1]
    assert step_due(0, last_contact_on=ago - timedelta(days=90), today=TODAY) is None


def test_steps_are_numbered_and_rise() -> None:
    assert [step.number for step in STEPS] == [1, 2, 3]
    assert [step.misses for step in STEPS] == sorted({step.misses for step in STEPS})
