"""Sets of instants as sorted, disjoint, half-open intervals `[a, b)` in whole UTC seconds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

from sessions.rules.time.instants import Instant

Pair: TypeAlias = tuple[Instant, Instant]


@dataclass(frozen=True, slots=True)
class Intervals:
    """A set of instants. Build it with `of`; the pairs kept are in order, not empty, and never touch."""

    pairs: tuple[Pair, ...] = ()

    @classmethod
    def of(cls, pairs: Iterable[Pair]) -> Intervals:
        """Unite pairs that may overlap, touch, be empty and come in any order."""
        merged: list[Pair] = []
        for start, end in sorted(pair for pair in pairs if pair[0] < pair[1]):
            if merged and start <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(merged[-1][1], end))
            else:
                merged.append((start, end))
        return cls(tuple(merged))

    @classmethod
    def between(cls, start: Instant, end: Instant) -> Intervals:
        """Make the one interval `[start, end)`, or nothing if that would be empty or negative."""
        return cls(((start, end),)) if start < end else cls()

    @classmethod
    def union(cls, sets: Iterable[Intervals]) -> Intervals:
        """Unite any number of sets."""
        return cls.of(pair for one in sets for pair in one.pairs)

    def __bool__(self) -> bool:
        return bool(self.pairs)

    def __iter__(self) -> Iterator[Pair]:
        return iter(self.pairs)

    @property
    def start(self) -> Instant:
        """First instant of a set that is not empty."""
        return self.pairs[0][0]

    @property
    def end(self) -> Instant:
        """End of the last interval of a set that is not empty."""
        return self.pairs[-1][1]

    @property
    def seconds(self) -> int:
        """Number of seconds in the set."""
        return sum(end - start for start, end in self.pairs)

    def __or__(self, other: Intervals) -> Intervals:
        return Intervals.of((*self.pairs, *other.pairs))

    def __and__(self, other: Intervals) -> Intervals:
        found: list[Pair] = []
        mine = theirs = 0
        while mine < len(self.pairs) and theirs < len(other.pairs):
            start = max(self.pairs[mine][0], other.pairs[theirs][0])
            end = min(self.pairs[mine][1], other.pairs[theirs][1])
            if start < end:
                found.append((start, end))
            if self.pairs[mine][1] <= other.pairs[theirs][1]:
                mine += 1
            else:
                theirs += 1
        return Intervals(tuple(found))

    def __sub__(self, other: Intervals) -> Intervals:
        if not self.pairs or not other.pairs:
            return self
        return self & other._outside(self.start, self.end)

    def _outside(self, start: Instant, end: Instant) -> Intervals:
        """Complement within a span that is not empty."""
        edges = [start, *(edge for pair in self.pairs for edge in pair), end]
        return Intervals(tuple((a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if a < b))

    def before(self, limit: Instant) -> Intervals:
        """Cut off whatever lies at or after `limit`."""
        return Intervals(tuple((a, min(b, limit)) for a, b in self.pairs if a < limit))

    def since(self, limit: Instant) -> Intervals:
        """Cut off whatever lies before `limit`."""
        return Intervals(tuple((max(a, limit), b) for a, b in self.pairs if b > limit))

    def gaps(self) -> tuple[Pair, ...]:
        """List the holes between consecutive intervals, in order of time."""
        return tuple((a[1], b[0]) for a, b in pairwise(self.pairs))

    def longer_than(self, seconds: int) -> Intervals:
        """Keep only the intervals longer than `seconds`."""
        return Intervals(tuple((a, b) for a, b in self.pairs if b - a > seconds))
