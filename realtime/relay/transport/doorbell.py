"""When to read a socket: at once after a silence, and then in turns, so that what comes is taken in together.

A media server that is woken for each packet spends more on waking than on the packet. So the socket rings
once; after that it is looked at every `TURN_SECONDS` for as long as something comes.
"""

import asyncio
import select
import socket
import sys
import time
from collections.abc import Callable
from enum import Enum

# What a packet waits at most for others, unless the turn itself takes longer. A voice packet is 20 ms long,
# and no browser plays it sooner than some 40 ms after it came; to wake twice as often costs a quarter more.
TURN_SECONDS = 0.004


class Found(Enum):
    """What there was to read."""

    NOTHING = "nothing"
    ALL = "all"
    MORE = "more"


class Doorbell:
    """Call `answer` when there is something to read, and then in turns until it has found nothing."""

    def __init__(self, rings: socket.socket, answer: Callable[[], Found]) -> None:
        self._loop = asyncio.get_running_loop()
        self._answer = answer
        self._turn: asyncio.Handle | None = None
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
        found = Found.NOTHING
        try:
            found = self._answer()
        finally:
            if self._descriptor >= 0:
                self._go_on(found, time.monotonic() - began)

    def _go_on(self, found: Found, took: float) -> None:
        if found is Found.MORE:
            self._turn = self._loop.call_soon(self._take_turn)
        elif found is Found.ALL:
            self._turn = self._loop.call_later(max(TURN_SECONDS - took, 0), self._take_turn)
        elif self._bell is not None:
            self._bell.set()


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
