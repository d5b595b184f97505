"""The threads that synchronous code runs in: a few that stay, each with its own connection to the database.

By itself Django gives each request a new thread, and so a new connection to the database that ends with it: a
hundred people who load a page at the same time are more than PostgreSQL takes. And all sockets of a process
share a single thread, so that one slow commit makes every room wait.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from zlib import crc32

from asgiref.sync import ThreadSensitiveContext

# Any: ASGI's own shapes.
Asgi = Callable[[Any, Any, Any], Awaitable[None]]

# It answers while the process does, whatever every thread is waiting for.
ALIVE = "/livez"


class Threads:
    """Lend a thread to each request, to one at a time, and to each path of sockets.

    All sockets of one path use the same thread, so that what is committed in a room is announced in order.
    """

    def __init__(self, *, pages: int, sockets: int) -> None:
        # The last one that was used is taken first: what an evening needs stays few connections.
        self._free = [_thread("page", number) for number in reversed(range(pages))]
        self._sockets = [_thread("room", number) for number in range(sockets)]
        self._next = asyncio.Semaphore(pages)

    def wrap(self, application: Asgi) -> Asgi:
        """Give the application with its threads."""

        async def placed(scope: Any, receive: Any, send: Any) -> None:
            match scope["type"]:
                case "http" if scope["path"] != ALIVE:
                    async with self._next:
                        with self._lent() as thread:
                            async with ThreadSensitiveContext(executor=thread):
                                await application(scope, receive, send)
                case "websocket" if self._sockets:
                    async with ThreadSensitiveContext(executor=self._socket_thread(scope["path"])):
                        await application(scope, receive, send)
                case _:
                    await application(scope, receive, send)

        return placed

    @contextmanager
    def _lent(self) -> Iterator[ThreadPoolExecutor]:
        thread = self._free.pop()
        try:
            yield thread
        finally:
            self._free.append(thread)

    def _socket_thread(self, path: str) -> ThreadPoolExecutor:
        return self._sockets[crc32(path.encode()) % len(self._sockets)]


def _thread(name: str, number: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"{name}-{number}")
