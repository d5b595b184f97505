"""What the commands conclude from what they measure."""

from __future__ import annotations

import os

import pytest

from tests.load.figures import cpu_seconds, footprint, percentile, slope


@pytest.mark.parametrize(("share", "expected"), [(0.5, 50), (0.95, 95), (0.99, 99), (1.0, 100), (0.0, 1)])
def test_a_percentile_is_a_value_that_was_measured(share: float, expected: int) -> None:
    assert percentile([float(each) for each in range(100, 0, -1)], share) == expected
    assert percentile([7.0], share) == 7.0


def test_a_slope_is_that_of_the_nearest_line() -> None:
    assert slope([(0, 10), (1, 12), (2, 14)]) == 2
    assert slope([(0, 1), (1, -1), (2, 1), (3, -1)]) == pytest.approx(-0.4)
    assert slope([(5, 1)]) == 0
    assert slope([(5, 1), (5, 9)]) == 0


def test_a_process_is_measured_from_outside() -> None:
    mine = footprint(os.getpid())
    assert mine.rss >= mine.pss >= mine.private > 1000
    assert mine.files > 2
    assert mine.threads >= 1
    assert cpu_seconds(os.getpid()) > 0
