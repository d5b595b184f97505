"""The machine of the relay: the real relay and journal, booted and killed by hand, fed packets by hand.

Only what lies outside is made up: sockets, peer connections, the clock.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from realtime.relay.clock import WebClock
from realtime.relay.connection import Connection
from realtime.relay.counters import Counters
from realtime.relay.facts.journal import Journals
from realtime.relay.relay import Relay
from realtime.relay.seat import Environment
from realtime.relay.service.dispatch import Dispatch
from realtime.relay.transport.udp_mux import UdpMux
from realtime.relay.uplink.publishing import PublishPeer
from realtime.wire.facts import Track
from realtime.wire.relay import Event
from tests.faults.simulated_time import NS, Clocks

BOTH: frozenset[Track] = frozenset({"microphone", "camera"})


@dataclass
class Transport:
    """Stand where a peer connection stands whose handshake is done."""

    generation: int = 1
    is_connected: bool = True
    is_ended: bool = False
    # Its packets are witnessed past it, so it is never the one that has heard nothing.
    last_ns: int = 2**62

    def tick(self, now_ns: int) -> None:
        """Nothing to do without a network."""


@dataclass
class Publisher:
    """Stand where a browser's publish connection stands."""

    tracks: frozenset[Track] = BOTH
    peer: Transport = field(default_factory=Transport)
    generation: int = 1

    def close(self) -> None:
        """Nothing to let go of."""

    def report(self, bitrate: int, now_ns: int) -> None:
        """Nobody to report to."""


class Boot:
    """One life of the relay process."""

    def __init__(self, name: str, folder: Path, clocks: Clocks, origin_ns: int) -> None:
        self.name = name
        self._clocks = clocks
        self._origin_ns = origin_ns
        self.events: list[Event] = []
        clock, counters = WebClock(), Counters()
        self.journals = Journals(directory=folder, boot=name, clock=clock)
        environment = Environment(
            certificate=cast(Any, None),  # only handshakes ask for it
            fingerprint=cast(Any, None),
            candidates=(),
            send=lambda data, address: None,
            mux=UdpMux(counters=counters, now=self.now),
            counters=counters,
            random_below=random.Random(7).randrange,
            audio_slots=2,
            video_slots=2,
        )
        self.relay = Relay(
            boot=name,
            environment=environment,
            journals=self.journals,
            clock=clock,
            now=self.now,
            emit=self.events.append,
        )
        self.dispatch = Dispatch(relay=self.relay, journals=self.journals, clock=clock, now=self.now)
        self.faults = counters.dropped

    def now(self) -> int:
        """Give this boot's monotonic clock."""
        return self._clocks.ms * NS + self._origin_ns

    def attach(self, connection: str, *, camera: bool) -> Connection | None:
        """Let a browser finish its handshake on a connection that is open here."""
        held = self.relay.connections.get(connection)
        if held is not None:
            publisher = Publisher(BOTH if camera else frozenset({"microphone"}))
            held.publishers[:] = [cast(PublishPeer, publisher)]
            held.witness.published(self.now())
        return held


class RelayHost:
    """Boot and kill relays over one folder of journals."""

    def __init__(self, folder: Path, clocks: Clocks, luck: random.Random) -> None:
        self.folder = folder
        self._clocks = clocks
        self._luck = luck
        self._number = 0
        self.boot: Boot | None = None
        self.written: dict[str, int] = {}

    def start(self) -> Boot:
        """Start the process; it finishes the journals of the dead."""
        self._number += 1
        # A machine that was started anew counts from elsewhere.
        origin_ns = self._luck.randrange(10**9, 10**15)
        self.boot = Boot(f"boot-{self._number}", self.folder, self._clocks, origin_ns)
        self._count(self.boot)
        return self.boot

    def kill(self, *, is_torn: bool) -> None:
        """End it as kill -9 does, possibly in the middle of a line."""
        boot = self.boot
        assert boot is not None
        self._count(boot)
        boot.journals.close()
        if is_torn:
            with (self.folder / f"{boot.name}.jsonl").open("ab") as file:
                file.write(b'{"seq":%d,"kind":"beat","room":"torn' % (self.written[boot.name] + 1))
        self.boot = None

    def close(self) -> None:
        """Let go of the journals."""
        if self.boot is not None:
            self._count(self.boot)
            self.boot.journals.close()
            self.boot = None

    def _count(self, boot: Boot) -> None:
        for journal in boot.journals.boots():
            self.written[journal.boot] = journal.last

    def count(self) -> dict[str, int]:
        """Say how many facts each boot has written, its finishing ones included."""
        if self.boot is not None:
            self._count(self.boot)
        return self.written
