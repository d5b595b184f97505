"""Patients and facilitators without browsers: what the room page says over its socket, and when."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from tests.load.nine.http import HttpError, Visit

PING_EVERY = 4.0  # as the page does
ANSWER_WITHIN = 20.0
ADMITTED_WITHIN = 60.0
# A facilitator sees somebody wait, and clicks.
CLICKS_AFTER = 1.0
SEATED = ("IN_ROOM", "RECONNECTING")
TROUBLES = (OSError, TimeoutError, WebSocketException, HttpError, asyncio.IncompleteReadError)

Json = dict[str, Any]  # what the protocol's own types say in full


@dataclass(slots=True)
class Tally:
    """What a run came to; times in seconds."""

    page: list[float] = field(default_factory=list)
    whole_page: list[float] = field(default_factory=list)
    socket_open: list[float] = field(default_factory=list)
    join: list[float] = field(default_factory=list)
    from_page: list[float] = field(default_factory=list)
    lobby: list[float] = field(default_factory=list)
    admit: list[float] = field(default_factory=list)
    ack: list[float] = field(default_factory=list)
    media: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)
    gaps: int = 0
    events: int = 0
    admitted: int = 0


class Room:
    """What everybody of one group needs to know of each other, to measure; never sent anywhere."""

    def __init__(self) -> None:
        self.welcomed_at: dict[str, float] = {}
        self.admit_sent_at: dict[str, float] = {}


class Person:
    """One account with a socket in a room; messages are handed to `hear` as they come."""

    def __init__(
        self,
        account: Mapping[str, str],
        *,
        origin: str,
        session: str,
        room: Room,
        tally: Tally,
        keeps_files: bool = False,
    ) -> None:
        self.id = account["id"]
        self._cookie = account["cookie"]
        self._origin = origin
        self._session = session
        self._keeps_files = keeps_files
        self.room = room
        self.tally = tally
        self.state = ""
        self.seq = 0
        self._number = 0
        self._pending: dict[int, asyncio.Future[Json]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._socket: ClientConnection | None = None

    async def load(self) -> None:
        """Load the room's page and what it refers to, unless the browser has kept that from last time."""
        began = time.perf_counter()
        async with Visit(self._origin, self._cookie) as visit:
            files = await visit.page(f"/rooms/{self._session}/")
            self.tally.page.append(time.perf_counter() - began)
            for each in () if self._keeps_files else files:
                await visit.get(each)
        self.tally.whole_page.append(time.perf_counter() - began)

    async def enter(self) -> Json:
        """Open the socket and join; gives the welcome."""
        began = time.perf_counter()
        self._socket = await connect(
            f"{self._origin.replace('http', 'ws', 1)}/ws/rooms/{self._session}/",
            additional_headers={"Cookie": self._cookie, "Origin": self._origin},
            compression=None,
            open_timeout=ANSWER_WITHIN,
            close_timeout=2,
            ping_interval=None,
            proxy=None,
        )
        self.tally.socket_open.append(time.perf_counter() - began)
        self.start(self._read())
        self.start(self._keep_alive())
        welcome = await self.ask("join", microphone=True, camera=True, take_over=False, resume=None)
        now = time.perf_counter()
        if welcome["type"] == "welcome":
            self.tally.join.append(now - began)
            self.room.welcomed_at[self.id] = now
        return welcome

    async def ask(self, kind: str, **fields: object) -> Json:
        """Send a message and wait for its answer; one that refuses is an error of the run."""
        assert self._socket is not None
        self._number += 1
        number = self._number
        answer = self._pending[number] = asyncio.get_running_loop().create_future()
        await self._socket.send(json.dumps({"type": kind, "id": number, **fields}))
        async with asyncio.timeout(ANSWER_WITHIN):
            said = await answer
        if said["type"] in ("error", "closing"):
            self.tally.errors[f"{kind}: {said['error']} {said.get('reason') or ''}".strip()] += 1
        return said

    async def go(self) -> None:
        """Leave."""
        with contextlib.suppress(*TROUBLES, AssertionError):
            await self.ask("leave")
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._socket is not None:
            await self._socket.close()

    def start(self, work: Awaitable[None]) -> None:
        """Own a task until the person goes; what breaks in it is an error of the run."""
        self._tasks.append(asyncio.ensure_future(self._guarded(work)))

    def hear(self, change: Json) -> None:
        """Take one change of the room."""

    async def _guarded(self, work: Awaitable[None]) -> None:
        try:
            await work
        except TROUBLES as error:
            self.tally.errors[f"socket: {type(error).__name__}"] += 1

    async def _read(self) -> None:
        assert self._socket is not None
        async for text in self._socket:
            self._take(json.loads(text))

    async def _keep_alive(self) -> None:
        while True:
            await asyncio.sleep(PING_EVERY)
            await self.ask("ping")

    def _take(self, message: Json) -> None:
        match message["type"]:
            case "event":
                self.tally.events += 1
                # Every number comes, and comes once: `none` stands for what this person may not see.
                if message["seq"] != self.seq + 1:
                    self.tally.errors["seq: not the next number"] += 1
                self.seq = message["seq"]
                self.hear(message["change"])
            case "welcome":
                self._see(message["snapshot"])
            case "snapshot":
                self.tally.gaps += message["id"] is None
                self._see(message["snapshot"])
            case "closing" if message["id"] is None:
                self.tally.errors[f"closing: {message['error']} {message.get('reason') or ''}".strip()] += 1
        waiting = self._pending.pop(message.get("id") or 0, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(message)

    def _see(self, snapshot: Json) -> None:
        self.seq = snapshot["seq"]
        for each in snapshot["participants"]:
            self.hear({"kind": "participant", **each})


class Patient(Person):
    """Comes, waits, is let in, and asks for media."""

    def __init__(self, *arguments: Any, offer: str, **fields: Any) -> None:  # Any: passed on as they are
        super().__init__(*arguments, **fields)
        self._offer = offer
        self._is_in = asyncio.Event()

    async def come(self) -> None:
        """Do all of it; measured on the way."""
        began = time.perf_counter()
        await self.load()
        welcome = await self.enter()
        self.tally.from_page.append(time.perf_counter() - began)
        if welcome["type"] != "welcome":
            return
        async with asyncio.timeout(ADMITTED_WITHIN):
            await self._is_in.wait()
        self.tally.admitted += 1
        began = time.perf_counter()
        await self.ask("ice_servers.get")
        if (await self.ask("publish.offer", generation=1, sdp=self._offer))["type"] == "publish.answer":
            self.tally.media.append(time.perf_counter() - began)

    def hear(self, change: Json) -> None:
        """Notice one's own admission."""
        if change.get("id") == self.id and change.get("state") in SEATED and not self._is_in.is_set():
            sent = self.room.admit_sent_at.get(self.id)
            if sent is not None:
                self.tally.admit.append(time.perf_counter() - sent)
            self._is_in.set()


class Facilitator(Person):
    """Opens the room, sees who waits and lets them in, one click each."""

    def __init__(self, *arguments: Any, **fields: Any) -> None:  # Any: passed on as they are
        super().__init__(*arguments, **fields)
        self._known: set[str] = set()

    async def begin(self) -> None:
        """Join and start the session."""
        await self.enter()
        await self.ask("session.start")

    def hear(self, change: Json) -> None:
        """See somebody wait, and click."""
        who = change.get("id")
        if change.get("state") == "WAITING" and who not in self._known:
            self._known.add(who)
            self.start(self._let_in(who, time.perf_counter()))

    async def _let_in(self, who: str, seen_at: float) -> None:
        while who not in self.room.welcomed_at:
            await asyncio.sleep(0.02)  # the lobby may know before the person's own answer is read here
        self.tally.lobby.append(max(0.0, seen_at - self.room.welcomed_at[who]))
        await asyncio.sleep(CLICKS_AFTER)
        sent = self.room.admit_sent_at[who] = time.perf_counter()
        await self.ask("participant.admit", participant=who)
        self.tally.ack.append(time.perf_counter() - sent)


async def gather(work: list[Awaitable[Any]], note: Callable[[str], None]) -> None:
    """Wait for everybody; a person who fails is noted and stops nobody."""
    for outcome in await asyncio.gather(*work, return_exceptions=True):
        if isinstance(outcome, TROUBLES):
            note(f"{type(outcome).__name__} {outcome}".strip())
        elif isinstance(outcome, BaseException):
            raise outcome
