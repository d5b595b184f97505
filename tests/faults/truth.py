"""What really happened in a schedule, and what that is worth by `credit.md` section 2, second by second.

Nothing of the product is asked here: packets are known because the schedule sent them, decisions because the
services took them. Two readings bound the answer. The strict one is what must be counted; the generous one
is what may be. They differ only where a fault destroyed the knowledge: which clock a relay went by while it
had not heard the newest one, and whether a relay that died would have closed a connection at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from math import floor

from tests.faults.simulated_time import Clocks

SILENT_MS = 10_000
SILENT = 10.0
# Two decisions within this of a limit may fall to either side: a clock is only known so well.
HAIR = 1.0

Stamp = Callable[[int], float]


@dataclass
class Witnessed:
    """The packets that reached a living relay on one connection."""

    person: str
    boot: str
    connection: str
    packets: list[int] = field(default_factory=list)
    relay_times: list[float] = field(default_factory=list)
    own_closes: list[int] = field(default_factory=list)
    our_close: int | None = None
    died_at: int | None = None

    def saw(self, ms: int, relay_time: float) -> None:
        """Note a packet and the time that the relay gave it, which never goes back."""
        self.packets.append(ms)
        before = self.relay_times[-1] if self.relay_times else relay_time
        self.relay_times.append(max(before, relay_time))


@dataclass
class Decisions:
    """What the web side decided about one person, on its own clock, in seconds after the base."""

    admitted: list[float] = field(default_factory=list)
    removed: list[float] = field(default_factory=list)


@dataclass
class Truth:
    """Everything that happened."""

    clocks: Clocks
    witnessed: dict[tuple[str, str], Witnessed] = field(default_factory=dict)
    decisions: dict[str, Decisions] = field(default_factory=dict)
    opened: float | None = None
    ended: float | None = None

    def on(self, person: str, boot: str, connection: str) -> Witnessed:
        """Give the record of a connection on a boot."""
        return self.witnessed.setdefault((boot, connection), Witnessed(person, boot, connection))

    def of(self, person: str) -> Decisions:
        """Give what was decided about a person."""
        return self.decisions.setdefault(person, Decisions())

    def must_count(self, person: str) -> set[int]:
        """Give the seconds that count by whatever reading."""
        return self._seconds(person, self._web, generous=False) & self._seconds(person, None, generous=False)

    def may_count(self, person: str) -> set[int]:
        """Give the seconds that count by some reading, and whatever lies between the readings."""
        return (
            self._seconds(person, self._web, generous=True)
            | self._seconds(person, None, generous=True)
            | self._between(person)
        )

    def _web(self, ms: int) -> float:
        return (ms + self.clocks.skew_at(ms)) / 1000

    def _seconds(self, person: str, stamp: Stamp | None, *, generous: bool) -> set[int]:
        found: set[int] = set()
        if self.opened is None:
            return found
        for one in self.witnessed.values():
            if one.person == person and one.packets:
                for start, end in self._spans(one, stamp, generous=generous):
                    found.update(range(floor(start), floor(end)))
        return found

    def _between(self, person: str) -> set[int]:
        """Give the seconds between what two clocks call the same stretch of packets."""
        found: set[int] = set()
        for one in self.witnessed.values():
            if one.person != person or not one.packets:
                continue
            for run in _runs(one):
                for edge in (run[0], run[-1]):
                    a, b = sorted((self._web(one.packets[edge]), one.relay_times[edge]))
                    if b - a >= 1:
                        found.update(range(floor(a), floor(b)))
        allowed = self._window(person)
        return {second for second in found if allowed[0] <= second < allowed[1]}

    def _window(self, person: str) -> tuple[float, float]:
        admitted = self.of(person).admitted
        first = min(admitted) if admitted else -1e9
        return floor(first), floor(self.ended) if self.ended is not None else 1e9

    def _spans(self, one: Witnessed, stamp: Stamp | None, *, generous: bool) -> Iterator[tuple[float, float]]:
        times = one.relay_times if stamp is None else [stamp(ms) for ms in one.packets]
        begin = times[0]
        ends = [at for at in (*self.of(one.person).removed, self.ended) if at is not None and at >= begin]
        end = min(ends, default=None)
        if self.ended is not None and begin >= self.ended:
            return
        spans = [(times[run[0]], times[run[-1]]) for run in _runs(one)]
        if end is not None:
            spans = [(a, min(b, end)) for a, b in spans if a <= end]
            last = spans[-1][1]
            if self._is_open_at(one, end, stamp, generous=generous) and _is_within(
                end - last, generous=generous
            ):
                spans[-1] = (spans[-1][0], max(last, end))
        admitted = self.of(one.person).admitted
        earliest = min(admitted, default=begin)
        soon = [at for at in admitted if at <= begin and _is_within(begin - at, generous=generous)]
        # A clock that jumped may show the packet before the admission that it followed.
        if soon:
            spans[0] = (max(soon) if not generous else min(max(soon), begin), spans[0][1])
        for a, b in spans:
            if b > earliest:
                yield max(a, earliest), b

    def _is_open_at(self, one: Witnessed, end: float, stamp: Stamp | None, *, generous: bool) -> bool:
        slack = HAIR if generous else -HAIR
        reading = stamp or self._web
        closes = [reading(ms) for ms in one.own_closes]
        if any(at < end - slack for at in closes):
            return False
        # Whether a relay that died first would have closed it then, nobody knows: it may count, it need not.
        return generous or one.died_at is None or reading(one.died_at) > end - slack


def _is_within(seconds: float, *, generous: bool) -> bool:
    return seconds < SILENT + HAIR if generous else seconds < SILENT - HAIR


def _runs(one: Witnessed) -> list[tuple[int, ...]]:
    """Cut the packets where the connection was silent or closed; give the indexes of each run."""
    cuts = [
        index + 1
        for index, (a, b) in enumerate(pairwise(one.packets))
        if b - a >= SILENT_MS or any(a <= close < b for close in one.own_closes)
    ]
    edges = [0, *cuts, len(one.packets)]
    return [tuple(range(a, b)) for a, b in pairwise(edges) if a < b]
