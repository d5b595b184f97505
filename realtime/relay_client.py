"""The control connection to a relay: reconnects for ever, matches answers, keeps the relay's clock right."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import Callable

from pydantic import BaseModel, TypeAdapter, ValidationError
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

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

logger = logging.getLogger(__name__)

REQUEST_SECONDS = 5.0
CLOCK_SECONDS = 30.0
# A wall clock that is put right is told to the relay at once: until then facts would carry the old time.
CLOCK_WATCH_SECONDS = 1.0
CLOCK_STEP_NS = 250_000_000
CLOCK_PROBES = 5
FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 5.0
# A full page of facts is larger than anything the relay takes from us.
MAX_REPLY_BYTES = 4 * 1024 * 1024
LINK_ERRORS = (OSError, TimeoutError, WebSocketException, RelayUnavailableError, RelayRefusedError)

_ANSWERS: dict[str, TypeAdapter[wire.Ok]] = {
    "hello": TypeAdapter(wire.HelloOk),
    "clock.probe": TypeAdapter(wire.ClockProbeOk),
    "publish.offer": TypeAdapter(wire.SdpOk),
    "subscribe.offer": TypeAdapter(wire.SdpOk),
    "facts.boots": TypeAdapter(wire.BootsOk),
    "facts.read": TypeAdapter(FactsPage),
    "stats": TypeAdapter(wire.StatsOk),
}
_DONE: TypeAdapter[wire.Ok] = TypeAdapter(wire.Done)


class _Frame(BaseModel):
    """Read just enough of a frame to know where it goes."""

    id: int | None = None
    ok: dict[str, object] | None = None
    error: wire.ErrorBody | None = None
    event: str | None = None


class RelayClient:
    """Speak with one relay. `run` owns the connection; everything else may be called at any time."""

    def __init__(
        self,
        *,
        url: str,
        secret: str,
        wall_ns: Callable[[], int],
        monotonic_ns: Callable[[], int] = time.monotonic_ns,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._url = url
        self._secret = secret
        self._wall_ns = wall_ns
        self._monotonic_ns = monotonic_ns
        self._jitter = jitter
        self._listeners = Listeners()
        self._socket: ClientConnection | None = None
        self._waiting: dict[int, tuple[asyncio.Future[wire.Ok], TypeAdapter[wire.Ok]]] = {}
        self._next_id = 0
        self._boot: str | None = None
        self._clock: ClockReading | None = None
        self._clock_set_ns = 0
        self._clock_ahead_ns = 0
        self._failures = 0

    @property
    def boot(self) -> str | None:
        """Give the boot id while the relay can be asked, otherwise nothing."""
        return self._boot

    @property
    def clock(self) -> ClockReading | None:
        """Give the last clock reading."""
        return self._clock

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with all news, on the event loop, in order."""
        return self._listeners.add(listener)

    async def run(self) -> None:
        """Keep the link up until cancelled."""
        while True:
            try:
                async with connect(
                    self._url,
                    additional_headers={"Authorization": f"Bearer {self._secret}"},
                    max_size=MAX_REPLY_BYTES,
                    proxy=None,
                ) as socket:
                    await self._serve(socket)
            except LINK_ERRORS as error:
                self._failures += 1
                cause = type(error).__name__
                logger.warning("relay.link_failed", extra={"cause": cause, "failures": self._failures})
            pause = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** min(self._failures, 10))
            await asyncio.sleep(pause * (0.5 + self._jitter() / 2))

    async def call(self, request: wire.Request) -> wire.Ok:
        """Ask and wait; raises `RelayUnavailableError` or `RelayRefusedError`."""
        if self._boot is None:
            raise RelayUnavailableError
        return await self._ask(request)

    async def _serve(self, socket: ClientConnection) -> None:
        self._socket = socket
        reader = asyncio.create_task(self._read(socket))
        try:
            hello = await self._ask(wire.Hello(id=0, version=wire.PROTOCOL_VERSION))
            assert isinstance(hello, wire.HelloOk)  # noqa: S101 - `_ANSWERS` made it one
            await self._set_clock()
            self._boot = hello.boot
            self._failures = 0
            logger.info("relay.link_up", extra={"boot": hello.boot})
            self._listeners.tell(LinkUp(hello.boot))
            while not (await asyncio.wait({reader}, timeout=CLOCK_WATCH_SECONDS))[0]:
                if self._clock_is_due():
                    await self._set_clock()
        finally:
            reader.cancel()
            with contextlib.suppress(asyncio.CancelledError, WebSocketException):
                await reader
            self._drop()

    def _drop(self) -> None:
        was_up = self._boot is not None
        self._socket = None
        self._boot = None
        waiting, self._waiting = self._waiting, {}
        for future, _ in waiting.values():
            if not future.done():
                future.set_exception(RelayUnavailableError())
        if was_up:
            logger.warning("relay.link_down")
            self._listeners.tell(LinkDown())

    async def _ask(self, request: wire.Request) -> wire.Ok:
        socket = self._socket
        if socket is None:
            raise RelayUnavailableError
        self._next_id += 1
        number = self._next_id
        future: asyncio.Future[wire.Ok] = asyncio.get_running_loop().create_future()
        self._waiting[number] = (future, _ANSWERS.get(request.op, _DONE))
        try:
            async with asyncio.timeout(REQUEST_SECONDS):
                await socket.send(request.model_copy(update={"id": number}).model_dump_json())
                return await future
        except (TimeoutError, WebSocketException, OSError) as error:
            raise RelayUnavailableError from error
        finally:
            self._waiting.pop(number, None)

    def _clock_is_due(self) -> bool:
        now_ns = self._monotonic_ns()
        has_stepped = abs(self._wall_ns() - now_ns - self._clock_ahead_ns) > CLOCK_STEP_NS
        return has_stepped or now_ns - self._clock_set_ns >= CLOCK_SECONDS * 1e9

    async def _set_clock(self) -> None:
        self._clock_set_ns = self._monotonic_ns()
        self._clock_ahead_ns = self._wall_ns() - self._clock_set_ns
        readings = [await self._probe() for _ in range(CLOCK_PROBES)]
        # The quickest answer was delayed least: its middle is nearest to when the relay read its clock.
        best = min(readings, key=lambda reading: reading.round_trip_ns)
        await self._ask(wire.ClockSet(id=0, offset_ns=best.offset_ns))
        self._clock = best

    async def _probe(self) -> ClockReading:
        before = self._wall_ns()
        answer = await self._ask(wire.ClockProbe(id=0))
        after = self._wall_ns()
        assert isinstance(answer, wire.ClockProbeOk)  # noqa: S101 - `_ANSWERS` made it one
        return ClockReading(offset_ns=(before + after) // 2 - answer.mono_ns, round_trip_ns=after - before)

    async def _read(self, socket: ClientConnection) -> None:
        async for text in socket:
            try:
                self._take(_Frame.model_validate_json(text), text)
            except ValidationError as error:
                # Its input is not logged: an SDP holds addresses.
                logger.warning("relay.bad_frame", extra={"errors": error.error_count()})

    def _take(self, frame: _Frame, text: str | bytes) -> None:
        if frame.event is not None:
            self._listeners.tell(wire.EVENT.validate_json(text))
            return
        future, answer = self._waiting.get(frame.id or 0, (None, _DONE))
        if future is None or future.done():
            return
        if frame.error is not None:
            future.set_exception(RelayRefusedError(frame.error.error))
            return
        try:
            future.set_result(answer.validate_python(frame.ok))
        except ValidationError:
            future.set_exception(RelayUnavailableError())
            raise
