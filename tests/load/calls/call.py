"""Hold calls of one shape through one relay, and measure a window of them."""

import gc
import os
import time
from dataclasses import dataclass, field

from realtime.relay.clock import SECOND
from tests.load.calls import machine
from tests.load.calls.client import ClientPeer
from tests.load.calls.generator import Generator
from tests.load.calls.media import Footage
from tests.load.calls.publishing import Publishing
from tests.load.calls.relays import RelayUnderTest

_CONNECT_SECONDS = 10
_COMPLETE_SECONDS = 20
_SETTLE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Shape:
    """So many groups of so many people, of whom the first `publishers` publish (None: all)."""

    name: str
    groups: int
    people: int
    publishers: int | None = None

    @property
    def publishing(self) -> int:
        """Return how many of a group publish."""
        return self.people if self.publishers is None else self.publishers

    def others(self, number: int) -> int:
        """Return how many others the person of this number receives."""
        return self.publishing - (number < self.publishing)


@dataclass(frozen=True, slots=True)
class Window:
    """What one window of a call has shown; the raw numbers, not what is concluded from them."""

    seconds: float
    relay_cpu: float
    generator_cpu: float
    sent: int
    arrived: int
    span: int
    expected: float
    delays_ns: tuple[int, ...]
    joins_ns: tuple[int, ...]
    refused: int
    unsent: int
    keyframe_requests: int
    turns: int
    late: int
    peers: int
    memory_before: machine.Memory
    memory_after: machine.Memory


@dataclass(slots=True)
class Person:
    """Somebody in a call."""

    room: str
    name: str
    others: int
    publishing: Publishing | None = None
    subscriber: ClientPeer | None = None
    offered_ns: int = 0
    published_ns: int = 0
    asked_ns: int = 0

    def join_ns(self) -> int | None:
        """Return the time of publishing, and from asking for the others to the first packet of one."""
        if self.subscriber is None or self.subscriber.first_packet_ns is None:
            return None
        return self.published_ns - self.offered_ns + self.subscriber.first_packet_ns - self.asked_ns


@dataclass
class Calls:
    """Hold all calls of a shape; `measure` once, then `close`."""

    relay: RelayUnderTest
    shape: Shape
    address: str
    footage: Footage
    generator: Generator = field(default_factory=Generator)
    people: list[Person] = field(default_factory=list)

    def join(self) -> None:
        """Let everybody join and publish, then everybody subscribe, until all receive all."""
        for group in range(self.shape.groups):
            for number in range(self.shape.people):
                person = Person(f"room-{group}", f"person-{group}-{number}", self.shape.others(number))
                self.people.append(person)
                self.relay.join(person.room, person.name)
                if number < self.shape.publishing:
                    self._publish(person)
        self.generator.every(SECOND, self.relay.keepalive)
        for person in self.people:
            if person.others:
                self._subscribe(person)
        self.generator.wait_for(self._is_complete, seconds=_COMPLETE_SECONDS)

    def measure(self, seconds: float) -> Window:
        """Measure a window; everybody must have joined."""
        before = machine.memory(self.relay.pid)
        self.join()
        self.generator.run(_SETTLE_SECONDS)
        gc.collect()
        gc.freeze()
        gc.disable()
        try:
            return self._window(seconds, before)
        finally:
            gc.enable()
            gc.unfreeze()

    def close(self) -> None:
        """End all peer connections."""
        self.generator.close()

    def _window(self, seconds: float, memory_before: machine.Memory) -> Window:
        generator = self.generator
        received = [each.subscriber for each in self.people if each.subscriber is not None]
        for peer in received:
            peer.delays_ns.clear()
        sent, arrived, span, expected = self._sums()
        turns, late = generator.sends, generator.late
        started_ns = time.monotonic_ns()
        relay_cpu, own_cpu = machine.cpu_seconds(self.relay.pid), machine.cpu_seconds(os.getpid())
        generator.run(seconds)
        relay_after, own_after = machine.cpu_seconds(self.relay.pid), machine.cpu_seconds(os.getpid())
        took = (time.monotonic_ns() - started_ns) / SECOND
        sent_after, arrived_after, span_after, expected_after = self._sums()
        return Window(
            seconds=took,
            relay_cpu=relay_after - relay_cpu,
            generator_cpu=own_after - own_cpu,
            sent=sent_after - sent,
            arrived=arrived_after - arrived,
            span=span_after - span,
            expected=expected_after - expected,
            delays_ns=tuple(delay for peer in received for delay in peer.delays_ns),
            joins_ns=tuple(taken for each in self.people if (taken := each.join_ns()) is not None),
            refused=sum(peer.refused for peer in generator.peers),
            unsent=sum(peer.unsent for peer in generator.peers),
            keyframe_requests=sum(peer.keyframe_requests for peer in generator.peers),
            turns=generator.sends - turns,
            late=generator.late - late,
            peers=len(generator.peers),
            memory_before=memory_before,
            memory_after=machine.memory(self.relay.pid),
        )

    def _sums(self) -> tuple[int, int, int, int]:
        """Return packets sent, arrived, numbers gone through, and how many should have arrived."""
        per_room: dict[str, int] = {}
        for each in self.people:
            if each.publishing is not None:
                per_room[each.room] = per_room.get(each.room, 0) + each.publishing.peer.sent
        streams = [
            stream
            for each in self.people
            if each.subscriber is not None
            for stream in each.subscriber.streams.values()
        ]
        expected = sum(
            per_room[each.room] - (each.publishing.peer.sent if each.publishing is not None else 0)
            for each in self.people
            if each.subscriber is not None
        )
        return (
            sum(per_room.values()),
            sum(stream.received for stream in streams),
            sum(stream.span for stream in streams),
            expected,
        )

    def _publish(self, person: Person) -> None:
        number = len(self.people) - 1
        person.publishing = publishing = Publishing(self.address, self.footage, number=number)
        self.generator.add(publishing.peer)
        person.offered_ns = time.time_ns()
        publishing.peer.connect(self.relay.publish(person.room, person.name, publishing.offer()))
        self.generator.connect(publishing.peer, seconds=_CONNECT_SECONDS)
        person.published_ns = time.time_ns()
        self.generator.publish(publishing)

    def _subscribe(self, person: Person) -> None:
        person.subscriber = peer = ClientPeer(self.address, is_offerer=False)
        self.generator.add(peer)
        person.asked_ns = time.time_ns()
        offer = self.relay.subscribe(person.room, person.name, person.others)
        self.relay.subscribed(person.room, person.name, peer.answer(offer))
        peer.connect(offer)
        self.generator.connect(peer, seconds=_CONNECT_SECONDS)
        self.generator.watch(peer)

    def _is_complete(self) -> bool:
        """Say whether everybody receives a voice and a picture of everybody else."""
        return all(
            len(each.subscriber.streams) >= 2 * each.others
            for each in self.people
            if each.subscriber is not None
        )
