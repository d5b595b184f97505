"""People who come to a relay and leave it in every way there is, and meanwhile speak and show themselves."""

from __future__ import annotations

import random
import time
from collections import Counter

from tests.load.live_world import LiveDevice, LiveWorld
from tests.relay.peer import AUDIO, DELTA_FRAME, KEY_FRAME, VIDEO, FakePeer

SPEAKS_EVERY, REPORTS_EVERY = 0.05, 1.0
# How long the web side looks for somebody who is gone without a word.
MISSED_AFTER = 15.0
_CHANGES = ("publish restarted", "subscribe restarted", "publish anew", "subscribe anew")
_ROOM_LASTS = 300
_ROOMS = 2


class Crowd:
    """Hold about so many seats in two rooms that are left for new ones now and then."""

    def __init__(self, world: LiveWorld, *, seats: int, seed: int) -> None:
        self._world = world
        self._seats = seats
        self._random = random.Random(seed)
        self._devices: list[LiveDevice] = []
        self._missing: list[tuple[float, str]] = []
        self._open: set[str] = set()
        self._events = 0
        self._number = 0
        self._spoken = self._reported = 0.0
        self._beats = 0
        self.done: Counter[str] = Counter()

    def said(self) -> str:
        """Give what has happened so far, in words."""
        return ", ".join(f"{name} {number}" for name, number in sorted(self.done.items()))

    def happen(self, seconds: float) -> None:
        """Let one person come or go, somebody else change their way, and so much time pass with media."""
        end = time.monotonic() + seconds
        self._events += 1
        count = len(self._devices)
        if count < self._seats - 2 or (count < self._seats + 2 and self._random.random() < 0.5):
            self._join()
        else:
            self._leave()
        if self._devices and self._events % 4 == 0:
            self._change()
        while time.monotonic() < end:
            self._live()
            self._world.turn(0.01)

    def clear(self) -> None:
        """Have everybody go at once, those who are missed included, and wait until the relay is quiet."""
        for connection in sorted(self._open):
            self._close(connection)
        for device in self._devices:
            device.vanish()
        self._devices.clear()
        self._missing.clear()
        self._world.run(1.5)

    def _join(self) -> None:
        room = f"room-{self._events // _ROOM_LASTS}-{self._random.randrange(_ROOMS)}"
        kinds = (AUDIO,) if self._random.random() < 0.1 else (AUDIO, VIDEO)
        device = LiveDevice(self._world.as_world(), f"person-{self._number}", room=room, kinds=kinds)
        self._open.add(device.connection)
        self._number += 1
        device.join()
        self._devices.append(device)
        connected = self._world.run_until(lambda: device.is_connected, within=5)
        self.done["join" if connected else "join without keys"] += 1

    def _leave(self) -> None:
        device = self._devices.pop(self._random.randrange(len(self._devices)))
        way = self._random.choice(("put out", "closed by browser", "vanished", "vanished", "never missed"))
        if way == "never missed" and self._random.random() < 0.5:
            way = "put out"
        self.done[way] += 1
        if way == "put out":
            self._close(device.connection)
        elif way == "closed by browser":
            for peer in (device.publisher, device.subscriber):
                _say_goodbye(peer)
            self._missing.append((time.monotonic() + 1, device.connection))
        elif way == "vanished":
            self._missing.append((time.monotonic() + MISSED_AFTER, device.connection))
        device.vanish()

    def _change(self) -> None:
        device = self._random.choice(self._devices)
        way = self._random.choice(_CHANGES)
        self.done[way] += 1
        if way == "publish restarted":
            device.restart_publish()
        elif way == "subscribe restarted":
            device.restart_subscribe()
        elif way == "publish anew":
            before = device.publisher
            device.publish()
            self._replace(before)
        else:
            before = device.subscriber
            device.subscribe()
            self._replace(before)

    def _replace(self, before: FakePeer) -> None:
        """Let go of the peer connection before; every other time it was dead for good."""
        if self._random.random() < 0.5:
            _say_goodbye(before)
        self._world.free(before)

    def _live(self) -> None:
        """Speak, show, and report when it is time; close the seats that are missed by now."""
        now = time.monotonic()
        if now - self._spoken >= SPEAKS_EVERY:
            self._spoken = now
            self._beats += 1
            for device in self._devices:
                # Some packets are lost before they leave, so that there is something to ask for.
                skip = self._random.random() < 0.02
                device.voice.level = 0x80 | 30 if self._random.random() < 0.5 else 127
                device.speak(bytes(80), skip=skip)
                if VIDEO in device.kinds and self._beats % 2 == 0:
                    is_key = self._beats % 40 == 0 or device.picture.sequence == 65_530
                    device.show((KEY_FRAME if is_key else DELTA_FRAME) + bytes(600), skip=skip)
        if now - self._reported >= REPORTS_EVERY:
            self._reported = now
            for device in self._devices:
                device.complain(loses=self._random.random() < 0.3)
            for due, connection in [each for each in self._missing if each[0] <= now]:
                self._missing.remove((due, connection))
                self._close(connection)

    def _close(self, connection: str) -> None:
        self._open.discard(connection)
        self._world.ask("connection.close", connection=connection, reason="left")


def _say_goodbye(peer: FakePeer) -> None:
    if peer.dtls is not None:
        peer.dtls.close()
