"""Browser tabs for tests: a login, a socket, and answers found by number."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from uuid import UUID

from channels.db import database_sync_to_async
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.test import Client

from telehealth.accounts.models import User
from telehealth.asgi import application
from tests.patience import PATIENCE_SECONDS

ORIGIN = "http://localhost"

Message = dict[str, Any]

_opened: list[Tab] = []


def login(user: User) -> Client:
    """Sign somebody in."""
    client = Client()
    client.force_login(user)
    return client


class Tab:
    """One tab in one room."""

    def __init__(
        self, room: object, client: Client | None, *, origin: str | None = ORIGIN, path: str | None = None
    ) -> None:
        headers = [(b"host", b"localhost")]
        if origin is not None:
            headers.append((b"origin", origin.encode()))
        if client is not None:
            key = client.cookies[settings.SESSION_COOKIE_NAME].value
            headers.append((b"cookie", f"{settings.SESSION_COOKIE_NAME}={key}".encode()))
        self.client = client
        self._socket = WebsocketCommunicator(application, path or f"/ws/rooms/{room}/", headers)
        self._last_id = 0
        self.seen: list[Message] = []
        self.welcome: Message = {}
        _opened.append(self)

    async def connect(self) -> bool:
        """Open the socket; False when the handshake was refused."""
        is_open, _ = await self._socket.connect(timeout=PATIENCE_SECONDS)
        return bool(is_open)

    async def send(self, kind: str, **fields: object) -> int:
        """Send a frame and give its number."""
        self._last_id += 1
        await self.send_text(json.dumps({"type": kind, "id": self._last_id, **fields}))
        return self._last_id

    async def send_text(self, text: str) -> None:
        """Send anything."""
        await self._socket.send_to(text_data=text)

    async def send_bytes(self, data: bytes) -> None:
        """Send a binary frame."""
        await self._socket.send_to(bytes_data=data)

    async def call(self, kind: str, **fields: object) -> Message:
        """Send a frame and wait for its answer; what comes before goes into `seen`."""
        number = await self.send(kind, **fields)
        return await self.until(lambda message: message.get("id") == number)

    async def join(self, *, microphone: bool = True, camera: bool = True, **fields: object) -> Message:
        """Join and remember the welcome, if it is one."""
        answer = await self.call("join", microphone=microphone, camera=camera, **fields)
        if answer["type"] == "welcome":
            self.welcome = answer
        return answer

    async def until(self, wanted: Any) -> Message:
        """Read until a message of a type, or one that a function picks."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                message = json.loads(await self._socket.receive_from(timeout=PATIENCE_SECONDS))
                self.seen.append(message)
                if message["type"] == wanted if isinstance(wanted, str) else wanted(message):
                    return dict(message)

    async def until_state(self, participant: object, state: str) -> Message:
        """Read until an event puts somebody into a state."""
        return await self.until(
            lambda message: (
                message["type"] == "event"
                and message["change"].get("id") == str(participant)
                and message["change"].get("state") == state
            )
        )

    async def closing(self) -> tuple[str, int]:
        """Read to the end: the error that was said and the code of the close."""
        said = await self.until("closing")
        return str(said["error"]), await self.close_code()

    async def close_code(self) -> int:
        """Wait for the close and give its code."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                output = await self._socket.receive_output(timeout=PATIENCE_SECONDS)
                if output["type"] == "websocket.close":
                    return int(output["code"])

    async def is_quiet(self) -> bool:
        """Say whether nothing waits to be read."""
        return bool(await self._socket.receive_nothing(timeout=0.05))

    async def cut(self) -> None:
        """Lose the socket."""
        await self._socket.disconnect(code=1006, timeout=PATIENCE_SECONDS)

    async def let_go(self) -> None:
        """End the socket if the test did not, so that nothing of it outlives the loop of the test."""
        if not self._socket.future.done():
            await self.cut()

    @property
    def resume(self) -> dict[str, str]:
        """Give what proves the seat."""
        you = self.welcome["you"]
        return {"connection": you["connection"], "secret": you["secret"]}

    @property
    def connection(self) -> str:
        """Give the connection of the seat."""
        return str(self.welcome["you"]["connection"])


async def open_tab(room: UUID, user: User, **more: Any) -> Tab:
    """Sign in and open a socket."""
    tab = Tab(room, await database_sync_to_async(login)(user), **more)
    assert await tab.connect()
    return tab


async def let_go_all() -> None:
    """End what the tabs of a test left open."""
    while _opened:
        await _opened.pop().let_go()
