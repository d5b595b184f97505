"""Nine o'clock at the relay: `python -m tests.load.relay_joins` lets a whole group join within a second.

A group of twelve is in a call, everybody publishing to all (really encoded VP8 and Opus, real ICE, DTLS and
SRTP). In another room somebody is there already and speaks. Then twelve people join that room within one
second, two peer connections each, and the times are taken from the first control request to the first packet
(the kernel's stamp); the call that is under way is measured during the same seconds and during as many quiet
ones. Afterwards they leave and it is done again. The same is then done with no call under way, which gives
the CPU of a join alone. The relay has core 0, the load core 1, and idle spinners keep both awake.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from tests.load.calls import media
from tests.load.calls.call import Calls, Person, Shape
from tests.load.calls.client import ClientPeer
from tests.load.calls.generator import Generator
from tests.load.calls.machine import awake, cpu_seconds
from tests.load.calls.publishing import Publishing
from tests.load.calls.relays import Place
from tests.load.calls.relays.ours import OurRelay
from tests.load.figures import machine, percentile, say

GROUP = 12
ADDRESS = "127.0.0.1"
RELAY_CORE, GENERATOR_CORE = 0, 1
_ROOM = "joining"
# A second of joining, and what is left of the last one's.
WINDOW_SECONDS = 1.5
_REST_SECONDS = 0.7


class JoinedRelay(OurRelay):
    """Our relay, from which people can also go; asked from one thread only, which is not the generator's."""

    def __init__(self, place: Place, options: Sequence[str]) -> None:
        super().__init__(place, options=options)
        self.desk = ThreadPoolExecutor(max_workers=1)

    def leave(self, room: str, participant: str) -> None:
        """Close a seat."""
        self._ask("connection.close", connection=f"{room}-{participant}", reason="left")

    def keepalive(self) -> None:
        """Read events away where everything is asked."""
        self.desk.submit(super().keepalive)


@dataclass
class Joiner:
    """Somebody on the way in: asked, told where to connect, connected, first packet."""

    relay: JoinedRelay
    name: str
    publishing: Publishing
    subscriber: ClientPeer = field(default_factory=lambda: ClientPeer(ADDRESS, is_offerer=False))
    asked_ns: int = 0
    connected_ns: int = 0
    _told: Future[tuple[str, str]] | None = None
    _is_connecting: bool = False

    def ask(self) -> None:
        """Begin, without waiting."""
        self.asked_ns = time.time_ns()
        self._told = self.relay.desk.submit(self._ask, self.publishing.offer())

    def _ask(self, offer: str) -> tuple[str, str]:
        self.relay.join(_ROOM, self.name)
        answer = self.relay.publish(_ROOM, self.name, offer)
        return answer, self.relay.subscribe(_ROOM, self.name, GROUP)

    def turn(self, generator: Generator) -> None:
        """Go on with what is possible now."""
        if self._told is None or not self._told.done():
            return
        peers = (self.publishing.peer, self.subscriber)
        if not self._is_connecting:
            self._is_connecting = True
            answer, offer = self._told.result()
            described = self.subscriber.answer(offer)
            self.relay.desk.submit(self.relay.subscribed, _ROOM, self.name, described)
            self.publishing.peer.connect(answer)
            self.subscriber.connect(offer)
        now_ns = time.monotonic_ns()
        for peer in peers:
            peer.tick(now_ns)
            peer.receive(generator.batch)
        if not self.connected_ns and all(peer.is_connected for peer in peers):
            self.connected_ns = time.time_ns()

    @property
    def first_packet_ms(self) -> float | None:
        """How long it took to the first packet, if there was one."""
        first = self.subscriber.first_packet_ns
        return None if first is None else (first - self.asked_ns) / 1e6

    def leave(self) -> None:
        """Go, and wait until the relay has let go."""
        self.relay.desk.submit(self.relay.leave, _ROOM, self.name).result()
        self.publishing.peer.close()
        self.subscriber.close()


class Lobby(Generator):
    """The load of a call, with people on their way in whose datagrams are read at every turn."""

    def __init__(self) -> None:
        super().__init__()
        self.joiners: list[Joiner] = []

    def _turn(self, now_ns: int) -> None:
        super()._turn(now_ns)
        for each in self.joiners:
            each.turn(self)

    def go_on(self, seconds: float) -> None:
        """Run with short steps, as somebody on the way in needs it."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._turn(time.monotonic_ns())
            time.sleep(0.0003)


@dataclass
class Seconds:
    """What some seconds showed: of the joins, of the call, and of the relay's CPU."""

    first_packets: list[float] = field(default_factory=list)
    connects: list[float] = field(default_factory=list)
    missed: int = 0
    delays: list[float] = field(default_factory=list)
    lost: int = 0
    span: int = 0
    cpu: float = 0.0
    seconds: float = 0.0


class Nine:
    """One relay, a call of so many people or none, and rounds of joins."""

    def __init__(self, relay: JoinedRelay, footage: media.Footage, people: int) -> None:
        self._relay = relay
        self._footage = footage
        self._lobby = Lobby()
        self._calls = Calls(
            relay=relay,
            shape=Shape("call", 1, people),
            address=ADDRESS,
            footage=footage,
            generator=self._lobby,
        )
        self._number = 0
        self._host = Person(_ROOM, "host", 0)

    def begin(self) -> None:
        """Hold the call, and let somebody wait in the other room."""
        if self._calls.shape.people:
            self._calls.join()
        self._calls.people.append(self._host)
        self._relay.join(_ROOM, self._host.name)
        self._calls._publish(self._host)
        self._calls.people.pop()
        self._lobby.run(4)

    def window(self, into: Seconds, *, joins: int) -> None:
        """Let so many join within a second; take in what happened."""
        received = [each.subscriber for each in self._calls.people if each.subscriber is not None]
        for peer in received:
            peer.delays_ns.clear()
        joiners = [self._joiner() for _ in range(joins)]
        self._lobby.joiners = joiners
        sums, cpu, began = self._sums(received), cpu_seconds(self._relay.pid), time.monotonic()
        for number, joiner in enumerate(joiners):
            wait = began + number / max(joins, 1) - time.monotonic()
            if wait > 0:
                self._lobby.go_on(wait)
            joiner.ask()
        self._lobby.go_on(began + WINDOW_SECONDS - time.monotonic())
        after = self._sums(received)
        into.cpu += cpu_seconds(self._relay.pid) - cpu
        into.seconds += time.monotonic() - began
        into.delays += [each / 1e6 for peer in received for each in peer.delays_ns]
        into.span += after[1] - sums[1]
        into.lost += (after[1] - sums[1]) - (after[0] - sums[0])
        for joiner in joiners:
            taken = joiner.first_packet_ms
            if taken is None:
                into.missed += 1
            else:
                into.first_packets.append(taken)
                into.connects.append((joiner.connected_ns - joiner.asked_ns) / 1e6)
        self._lobby.joiners = []
        for joiner in joiners:
            joiner.leave()
        self._lobby.go_on(_REST_SECONDS)

    def close(self) -> None:
        """Leave."""
        self._calls.close()

    def _joiner(self) -> Joiner:
        self._number += 1
        publishing = Publishing(ADDRESS, self._footage, number=100 + self._number % 64)
        return Joiner(self._relay, f"joiner-{self._number}", publishing)

    def _sums(self, received: Sequence[ClientPeer]) -> tuple[int, int]:
        streams = [stream for peer in received for stream in peer.streams.values()]
        return sum(each.received for each in streams), sum(each.span for each in streams)


def measure(footage: media.Footage, *, people: int, rounds: int, options: Sequence[str]) -> None:
    """Hold the rounds and print what they showed."""
    with tempfile.TemporaryDirectory(prefix="iop-nine-") as folder:
        relay = JoinedRelay(Place(ADDRESS, Path(folder), RELAY_CORE), options)
        nine = Nine(relay, footage, people)
        quiet, busy = Seconds(), Seconds()
        relay.start()
        try:
            nine.begin()
            for _ in range(rounds):
                nine.window(quiet, joins=0)
                nine.window(busy, joins=GROUP)
        finally:
            nine.close()
            relay.desk.shutdown()
            relay.stop()
    joins = len(busy.first_packets) + busy.missed
    call = f"with a call of {people} under way" if people else "and nothing else"
    say(f"{joins} joins, {GROUP} within a second, {call}")
    _distribution("  join to first packet", busy.first_packets, f", {busy.missed} without")
    _distribution("  join to both connected", busy.connects)
    added = busy.cpu - quiet.cpu * busy.seconds / quiet.seconds
    say(f"  relay CPU of a join: {1000 * added / joins:.1f} ms")
    for name, each in (("quiet seconds", quiet), ("seconds of joining", busy)):
        core = f"{100 * each.cpu / each.seconds:.0f} % of its core"
        if each.delays:
            _distribution(
                f"  the call in {name}: delay", each.delays, f", {each.lost} of {each.span} lost, {core}"
            )


def _distribution(name: str, values: Sequence[float], behind: str = "") -> None:
    if values:
        say(
            f"{name} p50 {percentile(values, 0.5):.1f}, p95 {percentile(values, 0.95):.1f},"
            f" p99 {percentile(values, 0.99):.1f}, max {max(values):.1f} ms ({len(values)}){behind}"
        )


def main(arguments: Sequence[str]) -> None:
    """Measure with a call under way and without."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=6, help="how often the group joins")
    parser.add_argument("--people", type=int, default=GROUP, help="in the call that is under way")
    parser.add_argument("--relay", nargs=argparse.REMAINDER, default=[], help="arguments for the relay")
    options = parser.parse_args(arguments)
    os.sched_setaffinity(0, {GENERATOR_CORE})
    say(f"machine: {machine()}")
    footage = media.encode()
    with awake([RELAY_CORE, GENERATOR_CORE]):
        for people in dict.fromkeys((options.people, 0)):
            measure(footage, people=people, rounds=options.rounds, options=options.relay)
    say(f"machine: {machine()}")


if __name__ == "__main__":
    main(sys.argv[1:])
