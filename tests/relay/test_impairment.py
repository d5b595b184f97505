"""The bad network of the tests does what it says, so that what survives it has survived something."""

import itertools

import pytest

from realtime.relay.clock import MILLISECOND, SECOND
from tests.relay.impairment import OVERHEAD_BYTES, Impairment, Link
from tests.relay.network import Clock, Network

HERE, THERE = ("192.0.2.1", 1), ("10.0.0.1", 2)


def arrivals(impairment: Impairment, number: int = 10_000, size: int = 100) -> list[int]:
    link = Link(impairment, seed=3)
    return [at for index in range(number) for at in link.carry(size, index * MILLISECOND)]


def test_shares_are_what_was_asked_for() -> None:
    assert len(arrivals(Impairment(loss=0.05))) == pytest.approx(9500, abs=100)
    assert len(arrivals(Impairment(duplicate=0.05))) == pytest.approx(10_500, abs=100)
    times = arrivals(Impairment(reorder=0.05))
    assert sum(later < earlier for earlier, later in itertools.pairwise(times)) > 300


def test_jitter_delays_without_changing_the_order() -> None:
    times = arrivals(Impairment(delay=0.05, jitter=0.02))
    assert times == sorted(times)
    late = [at - index * MILLISECOND for index, at in enumerate(times)]
    assert min(late) >= 50 * MILLISECOND
    assert max(late) <= 70 * MILLISECOND


def test_a_rate_cap_delays_and_then_refuses() -> None:
    size = 1000 - OVERHEAD_BYTES
    link = Link(Impairment(rate=80_000, queue=5000), seed=1)
    times = [at for _ in range(10) for at in link.carry(size, 0)]
    assert times == [n * 100 * MILLISECOND for n in (1, 2, 3, 4, 5)]
    assert link.refused == 5
    assert link.carry(size, 10 * SECOND) == [10 * SECOND + 100 * MILLISECOND]


def test_the_network_delivers_impaired_datagrams_when_the_clock_says_so() -> None:
    clock = Clock()
    network = Network(clock)
    got: list[bytes] = []
    network.nodes[THERE] = lambda data, source: got.append(data)
    network.impair(HERE, up=Impairment(delay=0.1))
    network.send(HERE, b"late", THERE)
    network.send(("192.0.2.9", 9), b"at once", THERE)
    network.deliver()
    assert got == [b"at once"]
    clock.ns += 100 * MILLISECOND
    network.deliver()
    assert got == [b"at once", b"late"]
    network.impair(HERE)
    network.send(HERE, b"good again", THERE)
    network.deliver()
    assert got[-1] == b"good again"
