"""Many sockets that want to know nearly the same are answered by one reading, and never by an older one."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Collection

import pytest

from realtime.together import Together
from tests.patience import PATIENCE_SECONDS


class Board:
    """Something to be read, that counts how often it is."""

    def __init__(self) -> None:
        self.value = 0
        self.asked: list[set[str]] = []
        self.goes_on = threading.Event()
        self.goes_on.set()

    def read(self, keys: Collection[str]) -> dict[str, int]:
        value = self.value
        self.asked.append(set(keys))
        self.goes_on.wait(10)
        if "broken" in keys:
            raise ValueError
        return {key: value for key in keys if key != "unknown"}


async def test_who_asks_at_the_same_moment_is_answered_together() -> None:
    board = Board()
    together = Together(board.read, gather_seconds=0.0)
    found = await asyncio.gather(*(together.ask(key) for key in ("a", "b", "a", "unknown")))
    assert found == [0, 0, 0, None]
    assert board.asked == [{"a", "b", "unknown"}]


async def test_no_answer_is_older_than_its_question() -> None:
    board = Board()
    together = Together(board.read, gather_seconds=0.0)
    board.goes_on.clear()
    first = asyncio.create_task(together.ask("a"))
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not board.asked:
            await asyncio.sleep(0.001)
    board.value = 1
    second = asyncio.create_task(together.ask("a"))
    await asyncio.sleep(0)
    board.goes_on.set()
    assert [await first, await second] == [0, 1]


async def test_what_a_reading_raises_reaches_everybody_who_asked_and_nobody_else() -> None:
    board = Board()
    together = Together(board.read, gather_seconds=0.0)
    found = await asyncio.gather(together.ask("a"), together.ask("broken"), return_exceptions=True)
    assert [type(each) for each in found] == [ValueError, ValueError]
    assert await together.ask("a") == 0


async def test_somebody_who_goes_takes_no_answer_from_others() -> None:
    together = Together(Board().read, gather_seconds=0.0)
    goes, stays = (asyncio.create_task(together.ask("a")) for _ in range(2))
    await asyncio.sleep(0)
    goes.cancel()
    assert await stays == 0
    with pytest.raises(asyncio.CancelledError):
        await goes
