"""Everything at once against one relay with people in it, and what must still be true afterwards."""

import contextlib
import gc
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from realtime.relay.clock import MILLISECOND
from realtime.relay.connection import Connection
from realtime.relay.downlink.consumer import Consumer
from realtime.relay.room import Room
from realtime.relay.transport.peer import Peer
from realtime.relay.uplink.encoding import Encoding
from realtime.wire.relay import REQUEST
from realtime.wire.room import CLIENT, CLIENT_TYPES
from tests.fuzz import packets, texts
from tests.fuzz.hostile import Hostile, bystander
from tests.relay.device import Device
from tests.relay.network import RELAY_ADDRESS, World
from tests.relay.peer import AUDIO, DELTA_FRAME, KEY_FRAME, VIDEO

CASE_NS = 4 * MILLISECOND
_TICK_EVERY = 5
_REJOIN_EVERY = 400
_LOOK_EVERY = 500


@dataclass
class Storm:
    """Send `cases` of one seed; `look` fails on the first thing that is no longer true."""

    directory: Path
    seed: int
    kinds: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)
        self.world = World(self.directory)
        self.one, self.two = bystander(self.world, "victim-1"), bystander(self.world, "victim-2")
        self.quiet = self.sizes()
        self.alive_before = self.alive()
        self.hostile = Hostile(self.world, self.rng)
        self._said = 0

    def run(self, cases: int, progress: Callable[[int], None] = lambda done: None) -> None:
        """Let the storm blow, looking now and then whether everybody else still stands."""
        for case in range(1, cases + 1):
            self._case()
            self.world.clock.ns += CASE_NS
            if case % _TICK_EVERY == 0:
                self._tick()
            if case % _REJOIN_EVERY == 0 or (case % 50 == 0 and not self.hostile.is_well):
                self.hostile.join()
            if case % _LOOK_EVERY == 0:
                self.look()
                progress(case)
        self.look()

    def look(self) -> None:
        """Check what must be true at any moment: no fault, and media of others bit by bit."""
        faults = {name: number for name, number in self.world.counters.dropped.items() if "fault" in name}
        assert not faults, faults
        for speaker, listener in ((self.one, self.two), (self.two, self.one)):
            self._said += 1
            words = b"words %d" % self._said
            key, delta = KEY_FRAME + words, DELTA_FRAME + words
            speaker.speak(words)
            speaker.show(key)
            speaker.show(delta)
            assert self._came(listener, AUDIO, words), "a voice was lost"
            assert self._came(listener, VIDEO, key), self._slots(listener)
            assert self._came(listener, VIDEO, delta), self._slots(listener)
            for peer in (listener.subscriber, listener.publisher):
                peer.rtp.clear()
                peer.rtcp.clear()
        self.world.events.clear()
        boot = self.world.journals.boot
        last = self.world.facts()
        if last:
            self.world.ask("facts.ack", boot=boot, upto=last[-1]["seq"])

    def settle(self) -> None:
        """Send the hostile away, and forget what the storm left on the control connection."""
        self.hostile.leave()
        self.hostile.connection = ""
        self.world.advance(1)
        self.look()

    def sizes(self) -> dict[str, int]:
        """Return how much of everything there is that could grow."""
        world = self.world
        ufrags, paths = world.mux.size()
        return {
            "ufrags": ufrags,
            "paths": paths,
            "rooms": len(world.relay.rooms),
            "connections": len(world.relay.connections),
        }

    @staticmethod
    def alive() -> Counter[str]:
        """Return how many of the relay's larger things are in memory, whoever holds them."""
        gc.collect()
        kinds = (Connection, Consumer, Encoding, Peer, Room)
        return Counter(type(each).__name__ for each in gc.get_objects() if isinstance(each, kinds))

    @staticmethod
    def objects() -> int:
        """Return how many objects are alive."""
        gc.collect()
        return len(gc.get_objects())

    def _case(self) -> None:
        kind = self.rng.choices(("hostile", "stranger", "spoofed", "wire"), (12, 5, 3, 2))[0]
        match kind:
            case "hostile":
                kind = self.hostile.act()
            case "wire":
                self._wire()
            case _:
                self._datagram(is_spoofed=kind == "spoofed")
        self.kinds[kind] += 1

    def _datagram(self, *, is_spoofed: bool) -> None:
        """Send what can be sent without any key, from a strange address or in the name of a known one."""
        rng = self.rng
        victim = rng.choice(
            (self.one.publisher, self.one.subscriber, self.two.publisher, self.two.subscriber)
        )
        match rng.randrange(4):
            case 0:
                data = packets.check(rng, victim._credentials[0], victim.ufrag, "not the password")
            case 1:
                data = packets.dtls(rng)
            case 2:
                data = packets.garble(rng, packets.rtp(rng, rng.randrange(2**32), 111, 1, []))
            case _:
                data = rng.randbytes(rng.choice((0, 1, 11, 12, 20, 100, 1500, 1501, 2048)))
        source = victim.address if is_spoofed else (f"198.51.100.{rng.randrange(255)}", rng.randrange(65_536))
        self.world.network.send(source, data, RELAY_ADDRESS)
        self.world.network.deliver()

    def _wire(self) -> None:
        """Read what a browser, or a web process, might send."""
        sdp = texts.description(self.rng, self.hostile.offer)
        template = {"id": 1, "type": self.rng.choice(CLIENT_TYPES), "generation": 1, "sdp": sdp}
        template |= {"participant": "p", "microphone": True, "camera": False, "reason": "other"}
        text = texts.message(self.rng, template)
        for adapter in (CLIENT, REQUEST):
            with contextlib.suppress(ValidationError):
                adapter.validate_json(text)

    def _tick(self) -> None:
        for tick in list(self.world.tickers):
            tick()
        self.world.relay.tick()
        self.world.network.deliver()

    def _slots(self, listener: Device) -> str:
        """Say what the relay believes to send somebody who has missed a picture."""
        held = self.world.relay.connections[listener.connection]
        slots = self.world.relay.rooms[held.room].slots_of(held)
        return f"a picture was lost; slots: {slots and slots.slots}"

    @staticmethod
    def _came(listener: Device, kind: str, payload: bytes) -> bool:
        return any(each[3] == payload for each in listener.received(kind))
