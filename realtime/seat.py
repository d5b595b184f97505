"""One person's place in a room as one socket holds it: state, media, leases, minutes."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from functools import partial
from uuid import UUID, uuid4

from channels.db import database_sync_to_async
from pydantic import BaseModel

from realtime import reading
from realtime.attendance import AttendanceTeller
from realtime.desk import Allowed
from realtime.gatekeeper import Caller
from realtime.groups import ConnectionGone, room_group, tell
from realtime.media import SeatMedia
from realtime.room.feed import Feed
from realtime.room.projection import Viewer
from realtime.room.reducer import SequenceGapError, find
from realtime.runtime import Runtime
from realtime.wire import room as wire
from realtime.wire.errors import ErrorId
from realtime.wire.state import SEATED, ParticipantInfo
from realtime.words import Refusal, refusal
from sessions.selectors.room import HeldConnection, RoomName
from sessions.services import room as services
from telehealth.core import clock
from telehealth.core.errors import Conflict, DomainError

# Longer than the silence after which the relay gives up on media, shorter than any bridge.
SEATED_LEASE_SECONDS = 15.0
# Browsers slow hidden pages without media down to one timer a minute.
WAITING_LEASE_SECONDS = 90.0
# A lease that was renewed just now is not renewed again: a page says several things when it comes in.
FRESH_SECONDS = 2.0
# After a socket has closed: time for a reload.
LINGER_SECONDS = 5.0
# How long a committed change may be on its way to a socket before it counts as lost.
LATE_SECONDS = 2.0


class NoSeatError(DomainError):
    """The message needs a seat in the room, and the person has none yet."""

    def __init__(self) -> None:
        words = refusal(ErrorId.NOT_IN_ROOM)
        super().__init__(words.error, words.text, words.way_out)


class Seat:
    """What a joined socket holds; made by `join`, given up by `close`."""

    feed: Feed
    media: SeatMedia
    attendance: AttendanceTeller

    def __init__(
        self,
        *,
        runtime: Runtime,
        caller: Caller,
        room_id: UUID,
        channel_name: str,
        tell: Callable[[BaseModel], Awaitable[None]],
    ) -> None:
        self._runtime = runtime
        self._caller = caller
        self._room_id = room_id
        self._channel_name = channel_name
        self._tell = tell
        self.participant = str(caller.user.pk)
        self.connection = ""
        self.is_leaving = False
        self.is_detached = False
        self._renewed_at, self._renewed_as_seated = 0.0, False

    async def join(self, message: wire.Join, at: datetime) -> Seat:
        """Pass the gate, take the place, and welcome the browser."""
        secret = secrets.token_urlsafe(32)
        resume = _resume_of(message.resume)
        connection = uuid4()
        # Seen before it has a place: a sweep may come at any moment, and frees places that nobody is seen on.
        await self._runtime.presence.renew(str(connection), "socket", SEATED_LEASE_SECONDS)
        enter = partial(
            reading.enter_and_read,
            actor=self._caller.user,
            group_session_id=self._room_id,
            connection=connection,
            secret_hash=_hash(secret),
            microphone=message.microphone,
            camera=message.camera,
            at=at,
            resume=resume,
        )
        try:
            entry, state = await database_sync_to_async(enter)(take_over=message.take_over)
        except Conflict as conflict:
            # Hardly ever: so who holds the place, and when they were seen, is asked only now.
            if conflict.error != ErrorId.OPENED_ELSEWHERE or not await self._is_abandoned():
                raise
            entry, state = await database_sync_to_async(enter)(take_over=True)
        self.connection = str(entry.connection)
        if entry.is_resumed and message.resume is not None:
            secret = message.resume.secret
            await self._take_from_other_socket()
        self.feed = Feed(
            Viewer(self.participant, "patient" if entry.role == "patient" else "facilitator"), state
        )
        user = self._caller.user
        self._runtime.names.learn({user.pk: RoomName(user.peer_name, user.full_name)})
        self.media = SeatMedia(
            relay=self._runtime.relay,
            memory=self._runtime.memory,
            room=str(self._room_id),
            connection=self.connection,
            send=self._tell,
            opened=lambda: self._runtime.desk.refresh(str(self._room_id), [self.participant]),
            relock=lambda: self._runtime.desk.tell_lock(str(self._room_id)),
            holds_seat=self._holds_seat,
            is_near=self._is_near,
        )
        self.attendance = AttendanceTeller(
            read=partial(self._runtime.minutes.ask, self._room_id),
            only=self._caller.user.pk if self.feed.viewer.role == "patient" else None,
            tell=self._tell,
        )
        await self.renew()
        await self._tell(
            wire.Welcome(
                id=message.id,
                you=wire.You(
                    participant=self.participant,
                    name=self._caller.user.peer_name,
                    role=self.feed.viewer.role,
                    state="IN_ROOM" if self.is_seated else "WAITING",
                    connection=self.connection,
                    secret=secret,
                    resumed=entry.is_resumed,
                ),
                snapshot=self.feed.view(),
                server_time=clock.now(),
            )
        )
        # After the welcome: news from the relay must not come before it, offers cannot.
        if self.is_seated:
            await self._start_media()
            if entry.is_resumed:
                await self._rebuild_if_lost()
        self.attendance.want()
        return self

    async def close(self) -> None:
        """Let go of everything but the place itself, which stays for a moment."""
        await self.attendance.stop()
        await self.media.stop()
        if self.is_leaving:
            await self._runtime.presence.drop(self.connection, "socket")
        elif not self.is_detached:
            await self._runtime.presence.renew(self.connection, "socket", LINGER_SECONDS)

    @property
    def me(self) -> ParticipantInfo | None:
        """Give this person's own block."""
        return find(self.feed.state, self.participant)

    @property
    def is_seated(self) -> bool:
        """Say whether the person holds a seat, as far as this socket knows."""
        return self.me is not None and self.me.state in SEATED

    async def seen(self) -> None:
        """Renew the socket's lease, unless that was done just now."""
        is_fresh = time.monotonic() - self._renewed_at < FRESH_SECONDS
        if not is_fresh or self._renewed_as_seated != self.is_seated:
            await self.renew()

    async def renew(self) -> None:
        """Renew the socket's lease, which may have been lost since."""
        now, is_seated = time.monotonic(), self.is_seated
        seconds = SEATED_LEASE_SECONDS if is_seated else WAITING_LEASE_SECONDS
        await self._runtime.presence.renew(self.connection, "socket", seconds + FRESH_SECONDS)
        self._renewed_at, self._renewed_as_seated = now, is_seated

    async def publish(self, message: wire.PublishOffer) -> wire.PublishAnswer:
        """Bring the browser's offer to the relay."""
        self._need_seat()
        return await self.media.publish(message)

    async def subscribe(self, message: wire.SubscribeRequest) -> wire.SubscribeOffer:
        """Fetch the relay's offer."""
        self._need_seat()
        return await self.media.subscribe(message)

    async def answer(self, message: wire.SubscribeAnswer) -> None:
        """Bring the browser's answer to the relay."""
        self._need_seat()
        await self.media.answer(message)

    def view(self, message: wire.MediaView) -> None:
        """Tell the relay what the person looks at; it is kept nowhere else."""
        self._need_seat()
        self.media.view(message)

    async def set_media(self, message: wire.MediaSet, at: datetime) -> None:
        """Say what the person wants to send; the relay follows the committed state."""
        await database_sync_to_async(services.set_media)(
            actor=self._caller.user,
            group_session_id=self._room_id,
            connection=UUID(self.connection),
            microphone=message.microphone,
            camera=message.camera,
            screen=message.screen,
            seen=message.seen,
            at=at,
        )

    async def leave(self, at: datetime) -> None:
        """Give the place up."""
        self.is_leaving = True
        await database_sync_to_async(services.leave)(
            actor=self._caller.user,
            group_session_id=self._room_id,
            connection=UUID(self.connection),
            at=at,
        )

    async def reread(self) -> None:
        """Take the room from the database."""
        found = await self._runtime.rooms.ask(self._room_id)
        if found is not None:
            self.feed.replace(found)

    async def take_changes(self, seq: int, changes: list[Mapping[str, object]]) -> None:
        """Pass on numbered changes in this viewer's terms; a gap is healed by a snapshot."""
        names = await self._names_of(reading.unknown_people(changes, self.feed.state))
        events = reading.numbered_events(seq=seq, changes=changes, room=self.feed.state, names=names)
        for event in events:
            try:
                shown = self.feed.take(event)
            except SequenceGapError:
                await self.reread()
                await self._tell(wire.Snapshot(id=None, snapshot=self.feed.view()))
                return
            if shown is not None:
                await self._tell(wire.EventMessage(seq=shown.seq, change=shown.change))

    async def check(self) -> Refusal | None:
        """Compare with the database what messages may have failed to tell; gives why the socket must end.

        It takes a moment, in which messages go on being taken.
        """
        standing = await self._runtime.standings.ask((self._room_id, self._caller.user.pk))
        if standing is None or standing.seq > self.feed.seq:
            # Committed is not yet told, and at nine much is on the way: only what stays away is lost.
            await asyncio.sleep(LATE_SECONDS)
            if standing is None or standing.seq > self.feed.seq:
                await self.reread()
                await self._tell(wire.Snapshot(id=None, snapshot=self.feed.view()))
        holder = None if standing is None else standing.connection
        if holder is not None and str(holder) != self.connection:
            self.is_detached = True
            return refusal(ErrorId.SUPERSEDED)
        return await self.follow()

    async def follow(self) -> Refusal | None:
        """Do what the room's state means for this person; gives why the socket must end, if it must."""
        if self.feed.state.session.phase in ("ENDED", "CANCELLED"):
            return refusal(ErrorId.ENDED)
        me = self.me
        if self.is_leaving:
            return None
        if me is None or me.state == "LEFT":
            return refusal(ErrorId.SERVER_ERROR, reason="place_given_up")
        if me.state in ("REMOVED", "DENIED"):
            self.is_detached = True
            return refusal(ErrorId.REMOVED)
        if self.is_seated and not self.media.is_started:
            await self._start_media()
            await self.seen()
        self.media.allow(self._allowed(me))
        return None

    async def _names_of(self, people: list[UUID]) -> Mapping[UUID, RoomName]:
        """Give what people are called; mostly this process knows."""
        names = self._runtime.names
        found = names.known(people)
        if len(found) < len(people):
            found = await database_sync_to_async(names.read)(people)
        return found

    def _need_seat(self) -> None:
        if not self.is_seated:
            raise NoSeatError

    async def _start_media(self) -> None:
        me = self.me
        if me is not None:
            await self.media.start(self._allowed(me))

    def _allowed(self, me: ParticipantInfo) -> Allowed:
        return Allowed(
            self.connection, me.id, me.microphone, me.camera, me.screen, side_room=me.side_room or ""
        )

    def _is_near(self, participant: str) -> bool:
        """Say whether somebody is where this person is: in the group, or in the same side room."""
        me, other = self.me, find(self.feed.state, participant)
        return me is not None and other is not None and me.side_room == other.side_room

    async def _held(self) -> HeldConnection | None:
        """Read which connection holds this person's place."""
        held: HeldConnection | None = await database_sync_to_async(reading.read_held)(
            self._room_id, self._caller.user.pk
        )
        return held

    async def _holds_seat(self) -> bool:
        held = await self._held()
        return held is not None and str(held.connection) == self.connection and held.state in SEATED

    async def _is_abandoned(self) -> bool:
        """Say whether another connection holds the place that nobody has seen lately."""
        held = await self._held()
        if held is None:
            return False
        seen = await self._runtime.presence.seen([str(held.connection)])
        return not seen[str(held.connection)].at_all

    async def _take_from_other_socket(self) -> None:
        """Close an older socket that still shows this connection, such as a copied tab."""
        message: ConnectionGone = {
            "type": "connection.gone",
            "connection": self.connection,
            "why": "superseded",
            "but_socket": self._channel_name,
        }
        await tell(room_group(self._room_id), message)

    async def _rebuild_if_lost(self) -> None:
        held = await self._held()
        if held is None or held.media_state == "LOST":
            await self.media.say_lost()


def _resume_of(claim: wire.Resume | None) -> services.Resume | None:
    if claim is None:
        return None
    try:
        return services.Resume(connection=UUID(claim.connection), secret_hash=_hash(claim.secret))
    except ValueError:
        return None


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
