"""Ask the database once for what many sockets want to know at nearly the same moment."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable, Collection, Hashable, Mapping
from typing import Generic, TypeVar

from channels.db import database_sync_to_async

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Together(Generic[Key, Value]):
    """Answer questions in one reading that begins a moment after the first of them.

    No answer is older than its question: who asks while a reading runs is answered by the next one.
    """

    def __init__(
        self, read: Callable[[Collection[Key]], Mapping[Key, Value]], *, gather_seconds: float
    ) -> None:
        self._read = read
        self._gather_seconds = gather_seconds
        self._asked: dict[Key, asyncio.Future[Value | None]] = {}
        self._readings: set[asyncio.Task[None]] = set()

    async def ask(self, key: Key) -> Value | None:
        """Give what the reading found under this key; raises what the reading raised."""
        if key not in self._asked:
            if not self._asked:
                # In a context of its own: it must not need a thread that is lent to the socket that began it.
                reading = asyncio.create_task(self._answer(), context=contextvars.Context())
                self._readings.add(reading)
                reading.add_done_callback(self._readings.discard)
            self._asked[key] = asyncio.get_running_loop().create_future()
        # Shielded: others wait for the same answer.
        return await asyncio.shield(self._asked[key])

    async def stop(self) -> None:
        """End what is being asked; nobody waits for it any more."""
        for reading in self._readings:
            reading.cancel()
        await asyncio.gather(*self._readings, return_exceptions=True)

    async def _answer(self) -> None:
        await asyncio.sleep(self._gather_seconds)
        asked, self._asked = self._asked, {}
        try:
            found = await database_sync_to_async(self._read)(list(asked))
        except Exception as error:  # noqa: BLE001 - it belongs to those who asked
            for future in asked.values():
                future.set_exception(error)
                future.exception()  # who asked may have gone
            return
        for key, future in asked.items():
            future.set_result(found.get(key))
