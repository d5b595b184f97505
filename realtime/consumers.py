"""The room socket: parse, authorise, hand to the seat, reply. The messages are in `docs/protocol.md`."""

from __future__ import annotations

import asyncio
import logging
import time

from channels.db import database_sync_to_async
from django.conf import settings

from realtime import gatekeeper, turn
from realtime.commands import COMMANDS
from realtime.groups import ConnectionGone, PersonRemoved, RoomEvents, login_group, room_group
from realtime.message_socket import MessageSocket
from realtime.relay_link import RelayRefusedError, RelayUnavailableError
from realtime.runtime import Runtime
from realtime.seat import NoSeatError, Seat
from realtime.wire import room as wire
from realtime.wire.errors import NORMAL_CLOSURE, ErrorId
from realtime.words import Refusal, refusal, refusal_of, relay_refusal
from realtime.worker import start_embedded
from telehealth.accounts import access
from telehealth.core import clock
from telehealth.core.errors import Denied, DomainError, NotFound

logger = logging.getLogger(__name__)

TOUCH_SECONDS = 30.0
# A refused join leaves nothing to do on this socket, except to ask again with `take_over`.
JOIN_ENDS_WITH = frozenset(
    {ErrorId.DENIED, ErrorId.NOT_FOUND, ErrorId.NOT_YET_OPEN, ErrorId.ENDED, ErrorId.REMOVED}
)


class RoomConsumer(MessageSocket):
    """One browser tab in one room."""

    runtime: Runtime
    caller: gatekeeper.Caller

    async def connect(self) -> None:
        """Accept pages of ours; tell anybody else why they cannot stay."""
        self.prepare()
        self.seat: Seat | None = None
        self.pings: set[asyncio.Task[None]] = set()
        self.touched_at = time.monotonic()
        self.room_id = self.scope["url_route"]["kwargs"]["pk"]
        if not gatekeeper.is_our_origin(self.scope["headers"]):
            self.is_over = True
            await self.close()
            return
        await self.accept()
        try:
            self.caller = await database_sync_to_async(gatekeeper.identify)(
                session_key=self.scope["cookies"].get(settings.SESSION_COOKIE_NAME),
                group_session_id=self.room_id,
                at=clock.now(),
            )
        except DomainError as error:
            await self.finish(refusal_of(error))
            return
        self.runtime = start_embedded()
        await self.channel_layer.group_add(login_group(self.caller.session_key), self.channel_name)

    async def disconnect(self, code: int) -> None:
        """Keep the seat for a moment: the person may be on the way back."""
        self.is_over = True
        for ping in self.pings:
            ping.cancel()
        await asyncio.gather(*self.pings, return_exceptions=True)
        if hasattr(self, "caller"):
            await self.channel_layer.group_discard(login_group(self.caller.session_key), self.channel_name)
            await self.channel_layer.group_discard(room_group(self.room_id), self.channel_name)
        if self.seat is not None:
            await self.seat.close()

    async def take(self, message: wire.ClientMessage) -> None:
        """Do what one message says, and answer whatever it comes to."""
        if isinstance(message, wire.Ping):
            # Beside the others: what it compares with may be among the messages that come meanwhile.
            task = asyncio.create_task(self.attempt(message))
            self.pings.add(task)
            task.add_done_callback(self.pings.discard)
            return
        await self.attempt(message)

    async def attempt(self, message: wire.ClientMessage) -> None:
        """Do what one message says, or say why not."""
        try:
            await self.obey(message)
        except DomainError as error:
            await self.refuse(message, refusal_of(error), error)
        except RelayUnavailableError:
            await self.refuse(message, refusal(ErrorId.RELAY_UNAVAILABLE))
        except RelayRefusedError as error:
            await self.refuse(message, relay_refusal(error.error))
        except Exception:
            # Whatever broke, the page must be told to come back instead of waiting for an answer.
            logger.exception("room.message_failed", extra={"message_type": message.type})
            await self.finish(refusal(ErrorId.SERVER_ERROR), message.id)

    async def obey(self, message: wire.ClientMessage) -> None:
        """Authorise one message and do what it says."""
        if not access.may_send(self.caller.role, message.type):
            at = clock.now()
            await database_sync_to_async(gatekeeper.deny)(
                self.caller.user, "role", self.room_id, message.type, at
            )
            await self.reply_refusal(message.id, refusal(ErrorId.DENIED, reason="role"))
            return
        if isinstance(message, wire.Ping):
            await self.on_ping(message)
            return
        if isinstance(message, wire.Join):
            await self.on_join(message)
            return
        seat = self.seat
        if seat is None:
            await self.reply_refusal(message.id, refusal(ErrorId.NOT_JOINED))
            return
        await seat.seen()
        if message.type in COMMANDS:
            command = COMMANDS[message.type]
            await database_sync_to_async(command)(self.caller.user, self.room_id, message, clock.now())
            await self.tell(wire.Ack(id=message.id))
            return
        match message:
            case wire.PublishOffer():
                await self.tell(await seat.publish(message))
            case wire.SubscribeRequest():
                await self.tell(await seat.subscribe(message))
            case wire.SubscribeAnswer():
                await seat.answer(message)
                await self.tell(wire.Ack(id=message.id))
            case wire.MediaSet():
                await seat.set_media(message, clock.now())
                await self.tell(wire.Ack(id=message.id))
            case wire.MediaView():
                seat.view(message)
                await self.tell(wire.Ack(id=message.id))
            case wire.SnapshotGet():
                await seat.reread()
                await self.tell(wire.Snapshot(id=message.id, snapshot=seat.feed.view()))
            case wire.IceServersGet() if not seat.is_seated:
                raise NoSeatError
            case wire.IceServersGet():
                await self.tell(turn.ice_servers(message_id=message.id, at=clock.now()))
            case wire.Leave():
                await seat.leave(clock.now())
                await self.tell(wire.Ack(id=message.id))
                await self.end(NORMAL_CLOSURE)

    async def on_ping(self, message: wire.Ping) -> None:
        """Keep lease and login alive, and notice what the channel layer may have lost."""
        now = time.monotonic()
        if now - self.touched_at >= TOUCH_SECONDS:
            self.touched_at = now
            why = await database_sync_to_async(gatekeeper.keep_login)(self.caller, self.room_id, clock.now())
            if why is not None:
                await self.give_up(why, message.id)
                return
        if self.seat is not None:
            await self.seat.renew()
            ended_by = await self.seat.check()
            if ended_by is not None:
                await self.finish(ended_by, message.id)
                return
        seq = self.seat.feed.seq if self.seat else 0
        await self.tell(wire.Pong(id=message.id, server_time=clock.now(), seq=seq))

    async def on_join(self, message: wire.Join) -> None:
        """Take a place, or take it back."""
        if self.seat is not None:
            await self.reply_refusal(message.id, refusal(ErrorId.CONFLICT, reason="already_joined"))
            return
        # Subscribed first, read second: what happens in between is an event the snapshot already holds.
        await self.channel_layer.group_add(room_group(self.room_id), self.channel_name)
        seat = Seat(
            runtime=self.runtime,
            caller=self.caller,
            room_id=self.room_id,
            channel_name=self.channel_name,
            tell=self.tell,
        )
        self.seat = await seat.join(message, clock.now())
        await self.follow()

    async def follow(self) -> None:
        """Do what the room's state means for this very socket."""
        if self.seat is not None and not self.is_over:
            ended_by = await self.seat.follow()
            if ended_by is not None:
                await self.finish(ended_by)

    # What the channel layer brings. Channels finds these by the messages' types.

    async def room_events(self, message: RoomEvents) -> None:
        """Pass on numbered changes."""
        if self.seat is not None and not self.is_over:
            await self.seat.take_changes(message["seq"], message["changes"])
            await self.follow()

    async def connection_gone(self, message: ConnectionGone) -> None:
        """Close if it was this socket's connection that lost its place."""
        seat = self.seat
        if seat is None or self.is_over or message["connection"] != seat.connection:
            return
        if message["but_socket"] == self.channel_name or seat.is_leaving:
            return
        seat.is_detached = True
        match message["why"]:
            # Left, though not through this socket: the person went on in another session.
            case "superseded" | "left":
                await self.finish(refusal(ErrorId.SUPERSEDED))
            case "removed":
                await self.finish(refusal(ErrorId.REMOVED))
            case "consent_revoked":
                await self.finish(refusal(ErrorId.DENIED, reason="consent_revoked"))
            case "timeout":
                await self.finish(refusal(ErrorId.SERVER_ERROR, reason="place_given_up"))

    async def person_removed(self, message: PersonRemoved) -> None:
        """Close if it was this person who was removed."""
        if self.seat is not None and message["participant"] == str(self.caller.user.pk):
            self.seat.is_detached = True
            await self.finish(refusal(ErrorId.REMOVED))

    async def attendance_changed(self, message: object) -> None:
        """Read the minutes anew, not too often."""
        if self.seat is not None and not self.is_over:
            self.seat.attendance.want()

    async def login_ended(self, message: object) -> None:
        """Close with the login."""
        await self.give_up(refusal(ErrorId.LOGGED_OUT))

    async def give_up(self, why: Refusal, message_id: int | None = None) -> None:
        """Close because the right to be here is over, and leave: media must not outlive it."""
        if self.seat is not None and not self.seat.is_detached and not self.is_over:
            try:
                await self.seat.leave(clock.now())
            except DomainError as error:
                logger.warning("room.leave_failed", extra={"error": error.error})
        await self.finish(why, message_id)

    async def refuse(
        self, message: wire.ClientMessage, why: Refusal, error: DomainError | None = None
    ) -> None:
        """Answer a refused message; a refused join mostly ends the socket."""
        if isinstance(error, Denied | NotFound):
            await database_sync_to_async(gatekeeper.deny)(
                self.caller.user, error.error, self.room_id, message.type, clock.now()
            )
        if isinstance(error, NoSeatError):
            logger.info("room.no_seat", extra={"message_type": message.type})
        if isinstance(message, wire.Join) and why.error in JOIN_ENDS_WITH:
            await self.finish(why, message.id)
            return
        await self.reply_refusal(message.id, why)
