"""What one process holds on its event loop: the link to the relay, the leases, the desk, the names."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

from channels.db import database_sync_to_async
from django.conf import settings

from realtime.announcer import Announcer
from realtime.desk import RelayDesk, Wanted
from realtime.ingest import Ingester
from realtime.names import Names
from realtime.presence import PresenceStore, make_presence
from realtime.reading import read_minutes, read_rooms, read_wanted
from realtime.relay_client import RelayClient
from realtime.relay_link import ClockReading, Listener, Relay, RelayUnavailableError
from realtime.relay_memory import RelayMemory
from realtime.together import Together
from realtime.wire.relay import Ok, Request
from sessions.selectors.room import room_standings
from telehealth.core import clock

logger = logging.getLogger(__name__)

RESTART_SECONDS = 1.0
# How long a question of many sockets waits for others to be asked with it: nobody looks at a clock there.
STANDINGS_SECONDS = 0.1
MINUTES_SECONDS = 0.25
# All sockets of a room miss the same message.
ROOMS_SECONDS = 0.02
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class NoRelay:
    """Stand in where no relay is configured: everything but media works."""

    boot: str | None = None
    clock: ClockReading | None = None

    async def call(self, request: Request) -> Ok:
        """Refuse, as a relay that is away does."""
        raise RelayUnavailableError

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Take a listener that never hears anything."""
        return lambda: None


class Runtime:
    """Own the tasks of one process; made and used on one event loop."""

    def __init__(self, *, relay: Relay, presence: PresenceStore) -> None:
        self.relay = relay
        self.presence = presence
        self.memory = RelayMemory(relay)
        self.announcer = Announcer()
        self.names = Names()
        self.standings = Together(room_standings, gather_seconds=STANDINGS_SECONDS)
        self.rooms = Together(read_rooms, gather_seconds=ROOMS_SECONDS)
        self.minutes = Together(read_minutes, gather_seconds=MINUTES_SECONDS)
        self.desk = RelayDesk(relay, _wanted_in)
        self.loop = asyncio.get_running_loop()
        self.started_at = time.monotonic()
        self.ingester: Ingester | None = None
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def is_behind(self) -> bool:
        """Say whether the last attempt to bring the relay's facts in failed; only the worker knows."""
        return self.ingester is not None and self.ingester.is_behind

    def start(self) -> None:
        """Start the link and the desk."""
        if isinstance(self.relay, RelayClient):
            self.own("relay", self.relay.run)
        self.own("desk", self.desk.run)

    def own(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        """Keep a task running until the runtime stops; one that breaks is started again."""
        self._tasks.append(self.loop.create_task(_supervise(name, run), name=f"realtime.{name}"))

    def submit(self, action: Callable[[], None]) -> None:
        """Do something on the loop, from any thread."""
        with contextlib.suppress(RuntimeError):  # the loop has closed: the process is going down
            self.loop.call_soon_threadsafe(action)

    async def stop(self) -> None:
        """End all tasks and let go of what is open."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        await self.announcer.stop()
        await self.standings.stop()
        await self.rooms.stop()
        await self.minutes.stop()
        await self.presence.close()


_current: Runtime | None = None


def current() -> Runtime | None:
    """Give this process's runtime, if it has one; for threads too."""
    return _current


def install(runtime: Runtime | None) -> None:
    """Put a runtime in place of the process's own."""
    global _current
    _current = runtime


def get_runtime() -> Runtime:
    """Give the runtime of the running loop, making and starting it where there is none."""
    loop = asyncio.get_running_loop()
    if _current is None or _current.loop is not loop:
        runtime = Runtime(relay=_make_relay(), presence=make_presence(settings.REDIS_URL))
        install(runtime)
        runtime.start()
        return runtime
    return _current


def wall_ns() -> int:
    """Give the wall clock as the relay's control protocol counts it."""
    return (clock.now() - _EPOCH) // _MICROSECOND * 1000


def _make_relay() -> Relay:
    if not settings.RELAY_CONTROL_URL:
        return NoRelay()
    return RelayClient(url=settings.RELAY_CONTROL_URL, secret=settings.RELAY_CONTROL_SECRET, wall_ns=wall_ns)


async def _wanted_in(room: str) -> Wanted:
    wanted: Wanted = await database_sync_to_async(read_wanted)(UUID(room))
    return wanted


async def _supervise(name: str, run: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            await run()
        except Exception:
            # A task that ended for good would silently stop a part of the product.
            logger.exception("realtime.task_failed", extra={"task_name": name})
        await asyncio.sleep(RESTART_SECONDS)
