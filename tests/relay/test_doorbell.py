"""A socket rings once after a silence and is looked at in turns for as long as something comes."""

import asyncio
import socket
from collections.abc import Awaitable, Callable

import pytest

from realtime.relay.transport.doorbell import (
    LONGEST_TURN_SECONDS,
    SHORTEST_TURN_SECONDS,
    Doorbell,
    turn_seconds,
)
from tests.patience import PATIENCE_SECONDS

MOST = 64


class Reader:
    """Read what is there, and say so; `found` answers instead as long as it has answers."""

    def __init__(self, *found: int) -> None:
        self.ours, self.theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.ours.setblocking(False)
        self.answers: list[int] = []
        self.silence = asyncio.Event()
        self._found = list(found)
        self.bell = Doorbell(self.ours, self.answer, most=MOST)

    def answer(self) -> int:
        found = self._found.pop(0) if self._found else self._read()
        self.answers.append(found)
        if not found:
            self.silence.set()
        return found

    def _read(self) -> int:
        try:
            self.ours.recv(100)
        except BlockingIOError:
            return 0
        return 1

    async def heard(self) -> list[int]:
        """Wait for the next silence; return what was found until then."""
        await self.silence.wait()
        self.silence.clear()
        answers, self.answers = self.answers, []
        return answers

    def close(self) -> None:
        self.bell.close()
        self.ours.close()
        self.theirs.close()


def run(story: Callable[[], Awaitable[None]]) -> None:
    async def told() -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await story()

    asyncio.run(told())


def test_it_rings_again_after_every_silence() -> None:
    async def story() -> None:
        reader = Reader()
        for _ in range(3):
            reader.theirs.send(b"one")
            assert await reader.heard() == [1, 0]
        reader.close()

    run(story)


def test_what_comes_meanwhile_waits_for_its_turn_and_does_not_ring() -> None:
    async def story() -> None:
        reader = Reader()
        for _ in range(5):
            reader.theirs.send(b"one")
        assert await reader.heard() == [1] * 5 + [0]
        reader.close()

    run(story)


def test_what_was_left_is_taken_without_waiting_for_the_next_turn() -> None:
    async def story() -> None:
        reader = Reader(*[MOST] * 3, 0)
        reader.theirs.send(b"one")
        waited: list[float] = []
        reader.bell._loop.call_later = lambda delay, *_: waited.append(delay)  # type: ignore[method-assign,assignment]
        assert await reader.heard() == [MOST] * 3 + [0]
        assert waited == []
        reader.close()

    run(story)


def test_nothing_is_read_after_the_end_not_even_by_a_turn_that_was_due() -> None:
    async def story() -> None:
        reader = Reader()
        reader.theirs.send(b"one")
        reader.bell._rung()
        assert reader.answers == [1]
        reader.bell.close()
        reader.theirs.send(b"two")
        done = asyncio.Event()
        asyncio.get_running_loop().call_later(0.01, done.set)
        await done.wait()
        assert reader.answers == [1]
        reader.ours.close()
        reader.theirs.close()

    run(story)


@pytest.mark.parametrize(
    ("per_second", "seconds"),
    [
        (0, LONGEST_TURN_SECONDS),
        (300, LONGEST_TURN_SECONDS),
        (1500, 0.007),
        (2750, 0.004),
        (9000, SHORTEST_TURN_SECONDS),
    ],
)
def test_a_turn_waits_for_a_handful_of_packets_but_not_long(per_second: float, seconds: float) -> None:
    assert turn_seconds(per_second) == pytest.approx(seconds)


def test_the_more_comes_the_sooner_is_the_next_turn() -> None:
    async def story() -> None:
        reader = Reader(*[40] * 60, 0)
        waited: list[float] = []

        def call_later(delay: float, turn: Callable[[], None]) -> asyncio.Handle:
            waited.append(delay)
            return reader.bell._loop.call_soon(turn)

        reader.bell._loop.call_later = call_later  # type: ignore[method-assign,assignment]
        reader.theirs.send(b"one")
        await reader.silence.wait()
        assert len(waited) == 60
        assert waited[0] > waited[-1]
        assert max(waited) <= LONGEST_TURN_SECONDS
        assert waited[-1] == pytest.approx(SHORTEST_TURN_SECONDS, abs=0.001)
        reader.close()

    run(story)
