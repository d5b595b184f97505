"""Commands to the relay that follow from committed changes, kept until the relay has taken them.

Each is a wanted state (this connection is closed, these tracks may pass, only these people may come), so
repeating one is harmless and a later one replaces an earlier one.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass

from realtime.relay_link import LinkUp, Relay, RelayNews, RelayRefusedError, RelayUnavailableError
from realtime.wire.facts import CloseReason
from realtime.wire.relay import ConnectionAllow, ConnectionClose, Request, RoomClose, RoomLock

logger = logging.getLogger(__name__)

RETRY_SECONDS = 1.0
# As many as the relay takes; far more than any group.
MAX_LOCKED_TO = 256


@dataclass(frozen=True, slots=True)
class Allowed:
    """Which tracks of a connection may pass now, and to whom: `side_room` is empty in the group."""

    connection: str
    participant: str
    microphone: bool
    camera: bool
    screen: bool = False
    side_room: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the relay should hold of a room: `only` these people may come while it is locked, else None."""

    allowed: tuple[Allowed, ...] = ()
    only: tuple[str, ...] | None = None
    is_over: bool = False


ReadWanted = Callable[[str], Awaitable[Wanted]]


class RelayDesk:
    """Take wanted states at any time and bring them to the relay, in one task that `run` is."""

    def __init__(self, relay: Relay, read_wanted: ReadWanted) -> None:
        self._relay = relay
        self._read_wanted = read_wanted
        self._closes: dict[str, CloseReason] = {}
        self._rooms: dict[str, CloseReason] = {}
        self._changed: dict[str, set[str]] = {}
        self._locks: set[str] = set()
        self._wake = asyncio.Event()
        self._is_busy = False

    def close(self, connection: str, reason: CloseReason) -> None:
        """Want a connection closed."""
        self._closes[connection] = reason
        self._wake.set()

    def close_room(self, room: str, reason: CloseReason) -> None:
        """Want a room closed with everything in it."""
        self._rooms[room] = reason
        self._changed.pop(room, None)
        self._locks.discard(room)
        self._wake.set()

    def refresh(self, room: str, participants: Iterable[str], *, lock: bool = False) -> None:
        """Want the relay to let pass what the database says these people may send.

        A locked room's lock goes with it, for who is in the room may have changed; that it is open to all
        again is told with `lock` only.
        """
        self._changed.setdefault(room, set()).update(participants)
        if lock:
            self._locks.add(room)
        self._wake.set()

    async def tell_lock(self, room: str) -> bool:
        """Bring the lock of a room to the relay now; False when the relay could not be asked."""
        return await self._settle(room, set(), lock=True)

    @property
    def boot(self) -> str | None:
        """Give the boot id of the relay while it can be told something."""
        return self._relay.boot

    @property
    def is_idle(self) -> bool:
        """Say whether nothing is being done or waits to be."""
        return not (self._is_busy or self._closes or self._rooms or self._changed)

    async def run(self) -> None:
        """Work until cancelled."""
        stop = self._relay.listen(self._hear)
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                if not await self.once():
                    # The link's return wakes us as well; the pause is for a relay that is there but slow.
                    asyncio.get_running_loop().call_later(RETRY_SECONDS, self._wake.set)
        finally:
            stop()

    def _hear(self, news: RelayNews) -> None:
        if isinstance(news, LinkUp) and not self.is_idle:
            self._wake.set()

    async def once(self) -> bool:
        """Do what is wanted now; False when the relay could not be asked and something is left."""
        self._is_busy = True
        try:
            while self._closes or self._rooms or self._changed:
                if self._relay.boot is None or not await self._step():
                    return False
            return True
        finally:
            self._is_busy = False

    async def _step(self) -> bool:
        if self._closes:
            connection, reason = next(iter(self._closes.items()))
            done = await self._tell(ConnectionClose(id=0, connection=connection, reason=reason))
            return done and self._forget(self._closes, connection, reason)
        if self._rooms:
            room, reason = next(iter(self._rooms.items()))
            done = await self._tell(RoomClose(id=0, room=room, reason=reason))
            return done and self._forget(self._rooms, room, reason)
        # Taken out before the database is asked: who changes again meanwhile is listed, and asked for, anew.
        room, participants = self._changed.popitem()
        lock, is_done = room in self._locks, False
        self._locks.discard(room)
        try:
            is_done = await self._settle(room, participants, lock=lock)
        finally:
            if not is_done:
                self.refresh(room, participants, lock=lock)
        return is_done

    async def _settle(self, room: str, participants: set[str], *, lock: bool) -> bool:
        """Tell what is wanted until what was told last is what is wanted still.

        Another process may have told something newer between our reading and our telling. Whoever tells last
        looks once more, so the relay never stays with something old.
        """
        told: dict[str, Request] = {}
        while True:
            news = {
                key: request
                for key, request in _requests(room, await self._read_wanted(room), participants, lock=lock)
                if told.get(key) != request
            }
            if not news:
                return True
            for key, request in news.items():
                if not await self._tell(request):
                    return False
                told[key] = request

    async def _tell(self, request: Request) -> bool:
        try:
            await self._relay.call(request)
        except RelayRefusedError as error:
            # Unknown connection or room: it is as gone as it was wanted to be.
            logger.info("relay.command_moot", extra={"op": request.op, "error": error.error})
        except RelayUnavailableError:
            return False
        return True

    @staticmethod
    def _forget(wanted: dict[str, CloseReason], key: str, done: CloseReason) -> bool:
        if wanted.get(key) == done:
            del wanted[key]
        return True


def _requests(
    room: str, wanted: Wanted, participants: set[str], *, lock: bool
) -> Iterator[tuple[str, Request]]:
    if not wanted.is_over and (lock or wanted.only is not None):
        only = None if wanted.only is None else list(wanted.only[:MAX_LOCKED_TO])
        yield room, RoomLock(id=0, room=room, participants=only)
    for each in wanted.allowed:
        if each.participant in participants:
            yield (
                each.connection,
                ConnectionAllow(
                    id=0,
                    connection=each.connection,
                    microphone=each.microphone,
                    camera=each.camera,
                    screen=each.screen,
                    side_room=each.side_room,
                ),
            )
