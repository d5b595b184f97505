"""When to read a socket: at once after a silence, and then in turns, so that what comes is taken in together.

A media server that is woken for each packet spends more on waking than on the packet. So the socket rings
once; after that it is looked at when some packets should have come, for as long as something comes.
"""

import asyncio
import select
import socket
import sys
import time
from collections.abc import Callable

# A turn is so long that so many packets should come in it. What a busy relay would gain by waiting longer is
# little.
_WANTED = 11
# What a packet waits at most for others, unless the turn itself takes longer. A voice packet is 20 ms long,
# and no browser plays it sooner than some 40 ms after it came. Turns of 2 ms cost a group of twelve half as
# much again.
SHORTEST_TURN_SECONDS, LONGEST_TURN_SECONDS = 0.002, 0.007
# Frames come in bursts: one turn says little of the next.
_WEIGHT = 0.125


class Doorbell:
    """Call `answer` when there is something to read, and then in turns until it has found nothing.

    `answer` returns how many packets it took in; `most` of them say that there may be more.
    """

    def __init__(self, rings: socket.socket, answer: Callable[[], int], *, most: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._answer = answer
        self._most = most
        self._turn: asyncio.Handle | None = None
        self._per_second = 0.0
        self._seconds = LONGEST_TURN_SECONDS
        self._bell = _Bell(rings) if sys.platform == "linux" else None
        # Elsewhere everything rings, always.
        self._descriptor = rings.fileno() if self._bell is None else self._bell.fileno()
        self._loop.add_reader(self._descriptor, self._rung)

    def close(self) -> None:
        """Hear no more."""
        self._loop.remove_reader(self._descriptor)
        if self._turn is not None:
            self._turn.cancel()
        if self._bell is not None:
            self._bell.close()
        self._descriptor = -1

    def _rung(self) -> None:
        if self._bell is None:
            self._answer()
            return
        self._bell.hear()
        self._take_turn()

    def _take_turn(self) -> None:
        # The loop's own time stands still while something runs.
        began = time.monotonic()
        found = 0
        try:
            found = self._answer()
        finally:
            if self._descriptor >= 0:
                self._go_on(found, time.monotonic() - began)

    def _go_on(self, found: int, took: float) -> None:
        if found >= self._most:
            self._turn = self._loop.call_soon(self._take_turn)
        elif found:
            self._per_second += (found / self._seconds - self._per_second) * _WEIGHT
            self._seconds = turn_seconds(self._per_second)
            self._turn = self._loop.call_later(max(self._seconds - took, 0), self._take_turn)
        elif self._bell is not None:
            self._bell.set()


def turn_seconds(per_second: float) -> float:
    """Return how long to wait where so many packets come in a second."""
    return min(max(_WANTED / max(per_second, 1), SHORTEST_TURN_SECONDS), LONGEST_TURN_SECONDS)


class _Bell:
    """Ring once, whatever waits in the socket, until it is set again."""

    def __init__(self, rings: socket.socket) -> None:
        self._rings = rings.fileno()
        self._epoll = select.epoll()
        self._epoll.register(self._rings, select.EPOLLIN | select.EPOLLONESHOT)
        self.fileno = self._epoll.fileno
        self.close = self._epoll.close

    def hear(self) -> None:
        """Take the ring in."""
        self._epoll.poll(0)

    def set(self) -> None:
        """Ring when there is something to read, at once if there is already."""
        self._epoll.modify(self._rings, select.EPOLLIN | select.EPOLLONESHOT)
