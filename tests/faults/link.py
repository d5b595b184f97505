"""A control link that loses, doubles, delays and reorders messages; both ends speak the real protocol."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass

from pydantic import TypeAdapter

from realtime.relay_link import (
    ClockReading,
    LinkDown,
    LinkUp,
    Listener,
    Listeners,
    RelayRefusedError,
    RelayUnavailableError,
)
from realtime.wire import relay as wire
from realtime.wire.facts import FactsPage
from tests.faults.edges import Steps
from tests.faults.relay_host import Boot, RelayHost
from tests.faults.simulated_time import SECOND, Clocks

CLOCK_EVERY_MS = 30 * SECOND
ANSWERS: dict[str, TypeAdapter[wire.Ok]] = {
    "facts.boots": TypeAdapter(wire.BootsOk),
    "facts.read": TypeAdapter(FactsPage),
}
DONE: TypeAdapter[wire.Ok] = TypeAdapter(wire.Done)


@dataclass
class Weather:
    """What happens to messages now; shares of one."""

    is_cut: bool = False
    lost: float = 0.0
    answer_lost: float = 0.0
    doubled: float = 0.0
    late: float = 0.0
    clock_error_ms: int = 0


class Link:
    """One process's connection to the relay: the interface of `relay_link.Relay`."""

    def __init__(
        self,
        *,
        host: RelayHost,
        clocks: Clocks,
        weather: Weather,
        steps: Steps,
        luck: random.Random,
        clock_told: Callable[[Boot, int], None],
    ) -> None:
        self._host = host
        self._clocks = clocks
        self._weather = weather
        self._steps = steps
        self._luck = luck
        self._clock_told = clock_told
        self._listeners = Listeners()
        self._peer: Boot | None = None
        self._connects_at = clocks.ms
        self._clock_due = 0
        self._known_skew = 0
        self._late: list[tuple[int, Boot, str]] = []
        self.boot: str | None = None
        self.clock: ClockReading | None = None

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Take a listener."""
        return self._listeners.add(listener)

    async def call(self, request: wire.Request) -> wire.Ok:
        """Ask; what the weather does to the message, the caller learns as silence only."""
        self._steps.take()
        self.follow()
        if self.boot is None or self._peer is None:
            raise RelayUnavailableError
        text = request.model_dump_json()
        dice, weather = self._luck.random(), self._weather
        if dice < weather.late:
            self._late.append((self._clocks.ms + self._luck.randrange(500, 9000), self._peer, text))
            raise RelayUnavailableError
        dice -= weather.late
        if dice < weather.lost:
            raise RelayUnavailableError
        dice -= weather.lost
        answer = self._peer.dispatch.answer(text)[0]
        if dice < weather.doubled:
            answer = self._peer.dispatch.answer(text)[0]
        elif dice - weather.doubled < weather.answer_lost:
            raise RelayUnavailableError
        self._steps.take()
        reply = json.loads(answer)
        if "error" in reply:
            raise RelayRefusedError(reply["error"]["error"])
        return ANSWERS.get(request.op, DONE).validate_python(reply["ok"])

    def follow(self) -> None:
        """Connect, notice a broken connection, deliver what was late, keep the relay's clock right."""
        boot = self._host.boot
        if self._peer is not None and (boot is not self._peer or self._weather.is_cut):
            self._peer = None
            self.boot = None
            self._connects_at = self._clocks.ms + self._luck.randrange(200, 5000)
            self._listeners.tell(LinkDown())
        self._deliver_late()
        if boot is None or self._weather.is_cut:
            return
        if self._peer is None:
            if self._clocks.ms >= self._connects_at:
                self._connect(boot)
        elif self._clocks.ms >= self._clock_due or self._has_stepped():
            self._set_clock()

    def _connect(self, boot: Boot) -> None:
        self._peer = boot
        json.loads(boot.dispatch.answer(wire.Hello(id=0, version=wire.PROTOCOL_VERSION).model_dump_json())[0])
        self._set_clock()
        self.boot = boot.name
        self._listeners.tell(LinkUp(boot.name))

    def _has_stepped(self) -> bool:
        # The client looks every second whether the wall clock and the monotonic one still agree.
        return self._clocks.skew_at(self._clocks.ms - SECOND) != self._known_skew

    def _set_clock(self) -> None:
        assert self._peer is not None
        self._clock_due = self._clocks.ms + CLOCK_EVERY_MS
        self._known_skew = self._clocks.skew_at(self._clocks.ms)
        error = self._weather.clock_error_ms
        offset = self._clocks.web_ns() - self._peer.now() + self._luck.randint(-error, error) * 1_000_000
        self._peer.dispatch.answer(wire.ClockSet(id=0, offset_ns=offset).model_dump_json())
        self._clock_told(self._peer, offset)

    def _deliver_late(self) -> None:
        due = [each for each in self._late if each[0] <= self._clocks.ms]
        self._late = [each for each in self._late if each[0] > self._clocks.ms]
        self._luck.shuffle(due)
        for _, boot, text in due:
            if boot is self._host.boot:
                boot.dispatch.answer(text)
