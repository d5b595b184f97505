"""A network in memory, a clock that moves by hand, and a relay between them: no sockets, no waiting."""

import heapq
import json
import random
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiortc import RTCCertificate

from realtime.relay.clock import SECOND, WebClock
from realtime.relay.counters import Counters
from realtime.relay.facts.journal import Journals
from realtime.relay.relay import Relay
from realtime.relay.seat import Environment
from realtime.relay.service.dispatch import Dispatch
from realtime.relay.transport.dtls import Fingerprint
from realtime.relay.transport.inlet import Datagram
from realtime.relay.transport.udp_mux import UdpMux
from realtime.wire.relay import Event
from tests.relay import planes
from tests.relay.impairment import Impairment, Link
from tests.relay.loopback import Loopback

Address = tuple[str, int]
Receive = Callable[[bytes, Address], None]

RELAY_ADDRESS: Address = ("10.0.0.1", 3478)
_BURST = 8
STARTED_AT = datetime(2026, 11, 17, 14, 0, tzinfo=UTC)
CERTIFICATE = RTCCertificate.generateCertificate()


class Clock:
    """Stand still until told otherwise."""

    def __init__(self) -> None:
        self.ns = 1000 * SECOND

    def __call__(self) -> int:
        return self.ns


class Network:
    """Carry datagrams in the order they were sent; `is_lost(source, data, destination)` decides on losses.

    Delivery is immediate, but for addresses that `impair` names: theirs waits for the clock.
    """

    def __init__(self, now: Callable[[], int] = lambda: 0) -> None:
        self.nodes: dict[Address, Receive] = {}
        self.is_lost: Callable[[Address, bytes, Address], bool] = lambda source, data, destination: False
        # Who takes what reaches the relay together: as much as a wake-up of its socket may bring.
        self.relay: Callable[[list[Datagram]], None] = lambda taken: None
        self._now = now
        self._up: dict[Address, Link] = {}
        self._down: dict[Address, Link] = {}
        self._under_way: deque[tuple[Address, bytes, Address]] = deque()
        self._later: list[tuple[int, int, Address, bytes, Address]] = []
        self._order = 0

    def impair(
        self,
        address: Address,
        *,
        up: Impairment | None = None,
        down: Impairment | None = None,
        seed: int = 1,
    ) -> tuple[Link | None, Link | None]:
        """Make the way from an address (`up`) and to it (`down`) a bad one; None makes it good again."""
        links: list[Link | None] = []
        for way, impairment in ((self._up, up), (self._down, down)):
            way.pop(address, None)
            if impairment is not None:
                way[address] = Link(impairment, seed=seed)
            links.append(way.get(address))
            seed += 1
        return links[0], links[1]

    def send(self, source: Address, data: bytes, destination: Address) -> None:
        up, down = self._up.get(source), self._down.get(destination)
        if up is None and down is None:
            self._under_way.append((source, data, destination))
            return
        arrivals = [self._now()]
        for link in (up, down):
            if link is not None:
                arrivals = [at for before in arrivals for at in link.carry(len(data), before)]
        for at in arrivals:
            self._order += 1
            heapq.heappush(self._later, (at, self._order, source, data, destination))

    def next_ns(self) -> int | None:
        """Say when the next datagram arrives that waits for the clock."""
        return self._later[0][0] if self._later else None

    def deliver(self) -> None:
        """Deliver everything that is due, and whatever is sent because of it."""
        for _ in range(100_000):
            if self._later and self._later[0][0] <= self._now():
                _, _, source, data, destination = heapq.heappop(self._later)
            elif self._under_way and self._under_way[0][2] == RELAY_ADDRESS:
                taken: list[Datagram] = []
                while self._under_way and self._under_way[0][2] == RELAY_ADDRESS and len(taken) < _BURST:
                    source, data, destination = self._under_way.popleft()
                    if not self.is_lost(source, data, destination):
                        taken.append((data, source))
                self.relay(taken)
                continue
            elif self._under_way:
                source, data, destination = self._under_way.popleft()
            else:
                return
            self._hand_over(source, data, destination)
        raise AssertionError("the network does not come to rest")

    def _hand_over(self, source: Address, data: bytes, destination: Address) -> None:
        if self.is_lost(source, data, destination):
            return
        if destination == RELAY_ADDRESS:
            self.relay([(data, source)])
        elif destination in self.nodes:
            self.nodes[destination](data, source)


class World:
    """One relay on the network, spoken to by its control messages."""

    def __init__(
        self,
        facts: Path,
        *,
        audio_slots: int = 3,
        video_slots: int = 3,
        boot: str = "boot-1",
        wire: Loopback | None = None,
    ) -> None:
        self.clock = Clock()
        self.network = Network(self.clock)
        self.counters = Counters()
        self.events: list[Event] = []
        self.web_clock = WebClock()
        self.journals = Journals(directory=facts, boot=boot, clock=self.web_clock)
        self._wire, self._emptied = wire or Loopback(), 0
        self.plane = planes.make(counters=self.counters, send=self._send, wire=self._wire)
        self.mux = UdpMux(counters=self.counters, now=self.clock, intake=self.plane.intake)
        sha256 = next(each for each in CERTIFICATE.getFingerprints() if each.algorithm == "sha-256")
        self.relay = Relay(
            boot=boot,
            environment=Environment(
                certificate=CERTIFICATE,
                fingerprint=Fingerprint(sha256.algorithm, sha256.value),
                candidates=(RELAY_ADDRESS,),
                send=self._send,
                mux=self.mux,
                counters=self.counters,
                random_below=random.Random(7).randrange,
                audio_slots=audio_slots,
                video_slots=video_slots,
                plane=self.plane,
            ),
            journals=self.journals,
            clock=self.web_clock,
            now=self.clock,
            emit=self._emitted,
        )
        self.dispatch = Dispatch(
            relay=self.relay, journals=self.journals, clock=self.web_clock, now=self.clock
        )
        self.network.relay = self._take
        self.tickers: list[Callable[[], None]] = []
        self._request = 0
        self.ask("clock.set", offset_ns=int(STARTED_AT.timestamp()) * SECOND - self.clock.ns)

    def _take(self, taken: list[Datagram]) -> None:
        with self.plane.burst(self.counters):
            self.mux.datagrams(taken)
        self._empty_wire()

    def _send(self, data: bytes, address: Address) -> None:
        self._empty_wire()
        self.network.send(RELAY_ADDRESS, data, address)

    def _empty_wire(self) -> None:
        """Let what a data plane has sent go before what is sent now."""
        if self.counters.packets_out == self._emptied:
            return
        self._emptied = self.counters.packets_out
        for data, address in self._wire.taken():
            self.network.send(RELAY_ADDRESS, data, address)

    def _emitted(self, event: Event) -> None:
        self.events.append(event)

    def ask(self, op: str, **fields: object) -> Any:  # JSON: what comes back depends on the operation
        """Send one control message; return what `ok` holds."""
        reply = self.ask_raw(json.dumps({"id": self._next(), "op": op, **fields}))
        assert "ok" in reply, reply
        return reply["ok"]

    def refused(self, op: str, **fields: object) -> str:
        """Send one control message that must fail; return the error's id."""
        reply = self.ask_raw(json.dumps({"id": self._next(), "op": op, **fields}))
        assert "error" in reply, reply
        return str(reply["error"]["error"])

    def ask_raw(self, text: str) -> Any:  # JSON
        return json.loads(self.dispatch.answer(text)[0])

    def _next(self) -> int:
        self._request += 1
        return self._request

    def advance(self, seconds: float, step: float = 0.02) -> None:
        """Let time pass in small steps with all timers; datagrams come when they are due."""
        end = self.clock.ns + round(seconds * SECOND)
        while self.clock.ns < end:
            next_step = min(end, self.clock.ns + round(step * SECOND))
            while (due := self.network.next_ns()) is not None and due < next_step:
                self.clock.ns = max(self.clock.ns, due)
                self.network.deliver()
            self.clock.ns = next_step
            for tick in self.tickers:
                tick()
            self.relay.tick()
            self.network.deliver()

    def facts(self, boot: str = "boot-1") -> list[dict[str, Any]]:  # JSON
        """Return every fact of a boot, as the ingester reads them."""
        return list(self.ask("facts.read", boot=boot, after=0)["facts"])

    def kinds(self, connection: str) -> list[str]:
        """Return the kinds of one connection's facts without the beats."""
        return [
            fact["kind"]
            for fact in self.facts()
            if fact["connection"] == connection and fact["kind"] != "beat"
        ]

    def last_event(self, kind: str, connection: str | None = None) -> Event | None:
        """Return the newest event of a kind."""
        for event in reversed(self.events):
            if event.event == kind and connection in (None, getattr(event, "connection", None)):
                return event
        return None


@contextmanager
def world(facts: Path, **options: Any) -> Iterator[World]:  # passed on as they are
    """Run a world and let go of its journals."""
    made = World(facts, **options)
    try:
        yield made
    finally:
        made.journals.close()
