"""Synchronous code runs in a few threads that stay: the database is never asked for more connections."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

from asgiref.sync import sync_to_async

from telehealth.core.threads import Threads

Scope = dict[str, Any]


class Work:
    """An application that says in which thread it ran, and waits inside until it is let go."""

    def __init__(self) -> None:
        self.threads: list[str] = []
        self.inside = self.most = 0
        self.go = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        self.inside += 1
        self.most = max(self.most, self.inside)
        await self.go.wait()
        first = await sync_to_async(threading.current_thread)()
        second = await sync_to_async(threading.current_thread)()
        assert first is second
        self.threads.append(first.name)
        self.inside -= 1


async def visit(application: Any, *scopes: Scope) -> None:
    """Come with all of these at once."""
    await asyncio.gather(*(application(scope, None, None) for scope in scopes))


def page(path: str = "/") -> Scope:
    return {"type": "http", "path": path}


def socket(path: str) -> Scope:
    return {"type": "websocket", "path": path}


async def test_many_pages_share_a_few_threads() -> None:
    work = Work()
    application = Threads(pages=2, sockets=1).wrap(work)
    async with asyncio.TaskGroup() as people:
        people.create_task(visit(application, *(page() for _ in range(20))))
        await asyncio.sleep(0)
        work.go.set()
    assert work.most == 2
    assert len(work.threads) == 20
    assert len(set(work.threads)) == 2


async def test_one_page_after_the_other_uses_the_same_thread() -> None:
    work = Work()
    work.go.set()
    application = Threads(pages=4, sockets=1).wrap(work)
    for _ in range(5):
        await visit(application, page())
    assert len(set(work.threads)) == 1


async def test_all_sockets_of_a_room_share_a_thread_and_rooms_do_not_wait_for_each_other() -> None:
    work = Work()
    work.go.set()
    application = Threads(pages=1, sockets=4).wrap(work)
    await visit(application, *(socket("/ws/rooms/a/") for _ in range(5)))
    assert len(set(work.threads)) == 1
    await visit(application, *(socket(f"/ws/rooms/{number}/") for number in range(40)))
    assert len(set(work.threads)) == 4


async def test_a_page_that_fails_gives_its_thread_back() -> None:
    async def breaks(scope: Scope, receive: Any, send: Any) -> None:
        raise LookupError

    application = Threads(pages=1, sockets=1).wrap(breaks)
    for _ in range(3):
        done = await asyncio.gather(application(page(), None, None), return_exceptions=True)
        assert isinstance(done[0], LookupError)


async def test_the_process_says_that_it_lives_while_all_threads_wait() -> None:
    work = Work()
    application = Threads(pages=1, sockets=1).wrap(work)
    waiting = asyncio.create_task(visit(application, page(), page()))
    await asyncio.sleep(0)
    alive = asyncio.create_task(visit(application, page("/livez")))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert work.inside == 2
    work.go.set()
    await asyncio.gather(waiting, alive)
    assert len(work.threads) == 3


async def test_without_threads_of_their_own_sockets_use_the_usual_one() -> None:
    work = Work()
    work.go.set()
    await visit(Threads(pages=1, sockets=0).wrap(work), socket("/ws/rooms/a/"))
    assert not work.threads[0].startswith("room")
