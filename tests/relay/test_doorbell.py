"""A socket rings once after a silence and is looked at in turns for as long as something comes."""

import asyncio
import socket
from collections.abc import Awaitable, Callable

from realtime.relay.transport.doorbell import Doorbell, Found


class Reader:
    """Read what is there, and say so; `found` answers instead as long as it has answers."""

    def __init__(self, *found: Found) -> None:
        self.ours, self.theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.ours.setblocking(False)
        self.answers: list[Found] = []
        self.silence = asyncio.Event()
        self._found = list(found)
        self.bell = Doorbell(self.ours, self.answer)

    def answer(self) -> Found:
        found = self._found.pop(0) if self._found else self._read()
        self.answers.append(found)
        if found is Found.NOTHING:
            self.silence.set()
        return found

    def _read(self) -> Found:
        try:
            self.ours.recv(100)
        except BlockingIOError:
            return Found.NOTHING
        return Found.ALL

    async def heard(self) -> list[Found]:
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
        async with asyncio.timeout(10):
            await story()

    asyncio.run(told())


def test_it_rings_again_after_every_silence() -> None:
    async def story() -> None:
        reader = Reader()
        for _ in range(3):
            reader.theirs.send(b"one")
            assert await reader.heard() == [Found.ALL, Found.NOTHING]
        reader.close()

    run(story)


def test_what_comes_meanwhile_waits_for_its_turn_and_does_not_ring() -> None:
    async def story() -> None:
        reader = Reader()
        for _ in range(5):
            reader.theirs.send(b"one")
        assert await reader.heard() == [Found.ALL] * 5 + [Found.NOTHING]
        reader.close()

    run(story)


def test_what_was_left_is_taken_without_waiting_for_the_next_turn() -> None:
    async def story() -> None:
        reader = Reader(*[Found.MORE] * 3, Found.NOTHING)
        reader.theirs.send(b"one")
        waited: list[float] = []
        reader.bell._loop.call_later = lambda delay, *_: waited.append(delay)  # type: ignore[method-assign,assignment]
        assert await reader.heard() == [Found.MORE] * 3 + [Found.NOTHING]
        assert waited == []
        reader.close()

    run(story)


def test_nothing_is_read_after_the_end_not_even_by_a_turn_that_was_due() -> None:
    async def story() -> None:
        reader = Reader()
        reader.theirs.send(b"one")
        reader.bell._rung()
        assert reader.answers == [Found.ALL]
        reader.bell.close()
        reader.theirs.send(b"two")
        done = asyncio.Event()
        asyncio.get_running_loop().call_later(0.01, done.set)
        await done.wait()
        assert reader.answers == [Found.ALL]
        reader.ours.close()
        reader.theirs.close()

    run(story)
