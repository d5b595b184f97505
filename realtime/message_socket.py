"""A socket that speaks in whole messages: size, rate and shape are checked here, closes are written here."""

from __future__ import annotations

import json
import time
from typing import Any
from uuid import UUID

from channels.consumer import get_handler_name
from channels.generic.websocket import AsyncWebsocketConsumer
from pydantic import BaseModel, ValidationError

from realtime.limits import TokenBucket
from realtime.ways import way_out
from realtime.wire import room as wire
from realtime.wire.errors import CLOSE_CODES, ErrorId
from realtime.words import Refusal, refusal


class MessageSocket(AsyncWebsocketConsumer):  # type: ignore[misc]  # Channels has no types
    """Take frames of the protocol and hand them to `take`; once `is_over`, nothing more is sent."""

    room_id: UUID
    is_over: bool
    bad_messages: int
    bucket: TokenBucket

    def prepare(self) -> None:
        """Begin to count."""
        self.is_over = False
        self.bad_messages = 0
        self.bucket = TokenBucket(
            rate=wire.FRAMES_PER_SECOND, burst=wire.FRAME_BURST, monotonic=time.monotonic
        )

    async def dispatch(self, message: dict[str, Any]) -> None:
        """Hand each of the server's messages to its handler.

        Channels would first visit a thread to look for old connections to the database, at each message.
        Whoever goes to the database looks for them there, and an event must not wait for somebody's query.
        """
        handler = getattr(self, get_handler_name(message), None)
        if handler is None:
            raise ValueError(f"No handler for message type {message['type']}")
        await handler(message)

    async def take(self, message: wire.ClientMessage) -> None:
        """Do what one message says."""
        raise NotImplementedError

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Take one frame."""
        if self.is_over:
            return
        if len(bytes_data or b"") + len((text_data or "").encode()) > wire.MAX_FRAME_BYTES:
            await self.finish(refusal(ErrorId.TOO_LARGE))
            return
        if not self.bucket.take():
            await self.finish(refusal(ErrorId.RATE_LIMITED))
            return
        try:
            message = wire.CLIENT.validate_json(text_data or "")
        except ValidationError:
            await self.refuse_frame(_id_of(text_data))
            return
        await self.take(message)

    async def tell(self, message: BaseModel) -> None:
        """Send one message, unless the socket is closing."""
        if not self.is_over:
            await self.send(text_data=message.model_dump_json())

    async def reply_refusal(self, message_id: int | None, why: Refusal) -> None:
        """Refuse and stay."""
        way = way_out(why.way_out, self.room_id)
        await self.tell(
            wire.Error(id=message_id, error=why.error, text=why.text, reason=why.reason, way_out=way)
        )

    async def refuse_frame(self, message_id: int | None) -> None:
        """Answer a frame outside the protocol; who keeps sending them is closed."""
        self.bad_messages += 1
        if self.bad_messages >= wire.MAX_BAD_MESSAGES:
            await self.finish(refusal(ErrorId.BAD_MESSAGE), message_id)
        else:
            await self.reply_refusal(message_id, refusal(ErrorId.BAD_MESSAGE))

    async def finish(self, why: Refusal, message_id: int | None = None) -> None:
        """Say why and close with the error's code."""
        way = way_out(why.way_out, self.room_id)
        await self.tell(
            wire.Closing(id=message_id, error=why.error, text=why.text, reason=why.reason, way_out=way)
        )
        await self.end(CLOSE_CODES[why.error])

    async def end(self, code: int) -> None:
        """Close once."""
        if not self.is_over:
            self.is_over = True
            await self.close(code=code)


def _id_of(text: str | None) -> int | None:
    """Find the number of a frame that could not be read otherwise."""
    try:
        frame: Any = json.loads(text or "")  # Any: it is whatever a stranger sent
    except (ValueError, RecursionError):
        return None
    number = frame.get("id") if isinstance(frame, dict) else None
    if isinstance(number, bool) or not isinstance(number, int):
        return None
    return number if 0 < number < 2**53 else None
