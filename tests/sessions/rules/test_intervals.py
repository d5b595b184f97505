"""The algebra of intervals agrees with sets of seconds."""

from hypothesis import given
from hypothesis import strategies as st

from sessions.rules.time.intervals import Intervals

edges = st.integers(0, 30)
pairs = st.lists(st.tuples(edges, edges).map(lambda two: (min(two), max(two))), max_size=6)


def members(intervals: Intervals) -> set[int]:
    return {second for start, end in intervals for second in range(start, end)}


def is_normal(intervals: Intervals) -> bool:
    flat = [edge for pair in intervals for edge in pair]
    return flat == sorted(set(flat))


@given(pairs, pairs, edges)
def test_operations_are_those_of_sets(mine, theirs, limit):
    a, b = Intervals.of(mine), Intervals.of(theirs)
    for got, expected in (
        (a, {second for start, end in mine for second in range(start, end)}),
        (a | b, members(a) | members(b)),
        (a & b, members(a) & members(b)),
        (a - b, members(a) - members(b)),
        (a.before(limit), {second for second in members(a) if second < limit}),
        (a.since(limit), {second for second in members(a) if second >= limit}),
        (Intervals.union([a, b, a]), members(a) | members(b)),
    ):
        assert members(got) == expected
        assert is_normal(got)
        assert got.seconds == len(expected)
        assert bool(got) == bool(expected)


@given(pairs)
def test_gaps_lie_between_the_intervals(given_pairs):
    intervals = Intervals.of(given_pairs)
    filled = Intervals.of((*intervals.pairs, *intervals.gaps()))
    assert len(filled.pairs) <= 1
    assert not Intervals.of(intervals.gaps()) & intervals


@given(pairs, edges)
def test_only_longer_runs_are_kept(given_pairs, least):
    intervals = Intervals.of(given_pairs)
    assert [pair for pair in intervals if pair[1] - pair[0] > least] == list(intervals.longer_than(least))


def test_a_span_that_is_not_positive_is_empty():
    assert not Intervals.between(5, 5)
    assert not Intervals.between(6, 5)
    assert Intervals.between(5, 6).pairs == ((5, 6),)
