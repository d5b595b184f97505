"""Hold calls of one shape through one relay, and measure a window of them."""

import gc
import os
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from realtime.relay.clock import SECOND
from tests.load.calls import machine
from tests.load.calls.client import ClientPeer, Stream
from tests.load.calls.generator import Generator
from tests.load.calls.media import Footage
from tests.load.calls.publishing import Publishing
from tests.load.calls.relays import RelayUnderTest

_CONNECT_SECONDS = 60  # for what hangs
_COMPLETE_SECONDS = 60
_CATCH_UP_SECONDS = 0.25
# Our relay tries what a network carries before it sends everything; others may have their own ways.
_SETTLES, _SETTLE_SECONDS, _SETTLED_SHARE = 10, 1.0, 0.97


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
    expected: int
    delays_ns: tuple[int, ...]
    joins_ns: tuple[int, ...]
    refused: int
    unsent: int
    keyframe_requests: int
    turns: int
    late: int
    peers: int
    spinners_cpu: float
    stolen: float
    memory_before: machine.Memory
    memory_after: machine.Memory


@dataclass(frozen=True, slots=True)
class _Sums:
    """Count so far: packets published, arrived, numbers gone through, and how many should have arrived."""

    sent: int
    arrived: int
    span: int
    expected: int


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

    @property
    def sent(self) -> int:
        """Return how many packets this person has published."""
        return self.publishing.peer.sent if self.publishing is not None else 0

    def streams(self) -> Collection[Stream]:
        """Return what this person receives."""
        return self.subscriber.streams.values() if self.subscriber is not None else ()

    def join_ns(self) -> int | None:
        """Return the time of publishing, and from asking for the others to the first packet of one."""
        if self.subscriber is None or self.subscriber.first_packet_ns is None:
            return None
        return self.published_ns - self.offered_ns + self.subscriber.first_packet_ns - self.asked_ns


@dataclass
class Calls:
    """Hold all calls of a shape: `join`, `settle`, then `window` as often as needed, and `close`."""

    relay: RelayUnderTest
    shape: Shape
    address: str
    footage: Footage
    spinners: Sequence[int] = ()
    generator: Generator = field(default_factory=Generator)
    people: list[Person] = field(default_factory=list)
    memory_before: machine.Memory = field(default_factory=lambda: machine.Memory(0, 0))

    def join(self) -> None:
        """Let everybody join and publish, then everybody subscribe, until all receive all."""
        self.memory_before = machine.memory(self.relay.pid)
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

    def settle(self) -> None:
        """Go on until as much arrives as should; a relay that never gets there is measured as it is."""
        for _ in range(_SETTLES):
            before = self._sums()
            self.generator.run(_SETTLE_SECONDS)
            after = self._sums()
            if after.arrived - before.arrived >= _SETTLED_SHARE * (after.expected - before.expected):
                return

    def window(self, seconds: float) -> Window:
        """Measure for some time; the collector of this process, which is not measured, has to wait."""
        gc.collect()
        gc.freeze()
        gc.disable()
        try:
            self.generator.run(_CATCH_UP_SECONDS)  # with what became due while memory was cleared
            return self._window(seconds)
        finally:
            gc.enable()
            gc.unfreeze()

    def close(self) -> None:
        """End all peer connections."""
        self.generator.close()

    def _window(self, seconds: float) -> Window:
        generator = self.generator
        received = [each.subscriber for each in self.people if each.subscriber is not None]
        for peer in received:
            peer.delays_ns.clear()
        before, cpu = self._sums(), self._cpu()
        turns, late = generator.turns, generator.late
        started_ns = time.monotonic_ns()
        generator.run(seconds)
        after, cpu_after = self._sums(), self._cpu()
        relay, own, spinners, stolen = (
            later - earlier for earlier, later in zip(cpu, cpu_after, strict=True)
        )
        return Window(
            seconds=(time.monotonic_ns() - started_ns) / SECOND,
            relay_cpu=relay,
            generator_cpu=own,
            spinners_cpu=spinners,
            stolen=stolen,
            sent=after.sent - before.sent,
            arrived=after.arrived - before.arrived,
            span=after.span - before.span,
            expected=after.expected - before.expected,
            delays_ns=tuple(delay for peer in received for delay in peer.delays_ns),
            joins_ns=tuple(taken for each in self.people if (taken := each.join_ns()) is not None),
            refused=sum(peer.refused for peer in generator.peers),
            unsent=sum(peer.unsent for peer in generator.peers),
            keyframe_requests=sum(peer.keyframe_requests for peer in generator.peers),
            turns=generator.turns - turns,
            late=generator.late - late,
            peers=len(generator.peers),
            memory_before=self.memory_before,
            memory_after=machine.memory(self.relay.pid),
        )

    def _cpu(self) -> tuple[float, float, float, float]:
        """Return the CPU clocks of the relay, of this process and of all spinners, and what the host took."""
        spinners = sum(machine.cpu_seconds(pid) for pid in self.spinners)
        own = machine.cpu_seconds(os.getpid())
        return machine.cpu_seconds(self.relay.pid), own, spinners, machine.stolen_seconds()

    def _sums(self) -> _Sums:
        published: dict[str, int] = {}
        for each in self.people:
            published[each.room] = published.get(each.room, 0) + each.sent
        receiving = [each for each in self.people if each.subscriber is not None]
        streams = [stream for each in receiving for stream in each.streams()]
        return _Sums(
            sent=sum(published.values()),
            arrived=sum(stream.received for stream in streams),
            span=sum(stream.span for stream in streams),
            expected=sum(published[each.room] - each.sent for each in receiving),
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
        return all(len(each.streams()) >= 2 * each.others for each in self.people)
