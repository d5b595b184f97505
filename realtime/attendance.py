"""Minutes for the people in a room, told as they change and not too often."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from uuid import UUID

from realtime.wire import room as wire
from sessions.selectors.ledger.attendance import Minutes

EVERY_SECONDS = 5.0


class AttendanceTeller:
    """Read and send a viewer's minutes after each wish; wishes that come too early are put together.

    `read` gives everybody's in the room; who is `only` to see their own is told no others.
    """

    def __init__(
        self,
        *,
        read: Callable[[], Awaitable[Collection[Minutes] | None]],
        only: UUID | None,
        tell: Callable[[wire.Attendance], Awaitable[None]],
        every_seconds: float | None = None,
    ) -> None:
        self._read = read
        self._only = only
        self._tell = tell
        self._every = EVERY_SECONDS if every_seconds is None else every_seconds
        self._known: dict[UUID, Minutes] = {}
        self._last: wire.Attendance | None = None
        self._wanted = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def want(self) -> None:
        """Have the minutes told soon."""
        self._wanted.set()
        if self._task is None:
            self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Tell nothing any more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            found = [each for each in await self._read() or () if self._only in (None, each.participant)]
            self._known = {each.participant: self._newer(each) for each in found}
            message = wire.Attendance(
                participants=[
                    wire.AttendanceLine(participant=str(each.participant), minutes=each.minutes)
                    for each in self._known.values()
                ]
            )
            if message != self._last:
                self._last = message
                await self._tell(message)
            await asyncio.sleep(self._every)

    def _newer(self, read: Minutes) -> Minutes:
        """Keep what was told if it was known up to a later time: a relay new to the room sets that back."""
        told = self._known.get(read.participant)
        return told if told is not None and not read.is_final and read.as_of < told.as_of else read
