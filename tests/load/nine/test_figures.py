"""What the command of nine o'clock says of a round, and when it says that it is good."""

from __future__ import annotations

import random
from collections.abc import Mapping

import pytest

from tests.load.joins import Round, group_sizes
from tests.load.nine.figures import HEADS, PARTS, Figures, percentile, table
from tests.load.nine.people import Tally


def figures(tally: Tally, *, generator: float = 0.1, dropped: int = 0) -> Figures:
    counts: Mapping[str, int] = {"transactions": 40}
    return Figures.of(
        "steady",
        joins=2,
        seconds=10,
        tally=tally,
        cpu=dict.fromkeys(PARTS, 0.1),
        counts=counts,
        generator=generator,
        dropped=dropped,
    )


def whole() -> Tally:
    return Tally(join=[0.1, 0.2], admitted=2)


def test_a_whole_and_quick_round_is_good() -> None:
    found = figures(whole())
    assert found.is_good(1.0)
    assert found.join_p95 == pytest.approx(0.2)
    assert found.cpu["web"] == pytest.approx(50.0)
    assert len(found.row()) == len(HEADS)
    assert len(table(HEADS, [found.row()]).splitlines()) == 3


def test_a_round_with_an_error_a_gap_or_a_loss_is_not_whole() -> None:
    refused, gap, alone = whole(), whole(), whole()
    refused.errors["join: denied"] += 1
    gap.gaps = 1
    alone.admitted = 1
    assert not any(figures(each).is_whole for each in (refused, gap, alone, Tally()))
    assert not figures(whole(), dropped=1).is_whole


def test_a_slow_round_or_one_measured_by_a_busy_generator_is_not_good() -> None:
    assert not figures(Tally(join=[0.1, 1.2], admitted=2)).is_good(1.0)
    assert not figures(whole(), generator=0.9).is_good(1.0)


def test_a_percentile_is_one_of_the_values() -> None:
    values = [float(each) for each in range(1, 101)]
    assert [percentile(values, point) for point in (50, 95, 99)] == [51.0, 96.0, 100.0]
    assert percentile([], 95) == 0.0


def test_people_come_in_groups_of_eight_to_twelve() -> None:
    sizes = list(group_sizes(400))
    assert sum(sizes) == 400
    assert len(sizes) == 40
    assert {*sizes} == {8, 9, 10, 11, 12}
    assert list(group_sizes(9)) == [8, 1]


def test_a_group_that_comes_together_comes_within_a_second() -> None:
    together = Round("together", 20, 60.0, is_together=True).moments([8, 12], random.Random(1))
    assert [len(each) for each in together] == [8, 12]
    assert all(max(each) - min(each) <= 1 and max(each) <= 60 for each in together)
    apart = Round("apart", 20, 60.0).moments([8, 12], random.Random(1))
    assert max(max(each) - min(each) for each in apart) > 10
