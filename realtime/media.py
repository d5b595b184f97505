"""One seat's conversation with the relay: its connection, its offers, and what the relay says about it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from pydantic import BaseModel

from realtime.desk import Allowed
from realtime.relay_link import LinkUp, Relay, RelayNews, RelayRefusedError, RelayUnavailableError
from realtime.relay_memory import RelayMemory
from realtime.view import ViewTeller
from realtime.wire import relay as control
from realtime.wire import room as wire

Send = Callable[[BaseModel], Awaitable[None]]
NOTHING = Allowed("", "", microphone=False, camera=False)


class SeatMedia:
    """Hold the relay side of one connection for as long as its socket holds the seat.

    News from the relay are kept by kind and only the newest of a kind is sent: a slow browser makes no queue.
    """

    def __init__(
        self,
        *,
        relay: Relay,
        memory: RelayMemory,
        room: str,
        connection: str,
        send: Send,
        opened: Callable[[], None],
        relock: Callable[[], Awaitable[bool]],
        holds_seat: Callable[[], Awaitable[bool]],
        is_near: Callable[[str], bool],
    ) -> None:
        self._relay = relay
        self._opened = opened
        self._relock = relock
        self._holds_seat = holds_seat
        self._is_near = is_near
        self._memory = memory
        self._room = room
        self._connection = connection
        self._send = send
        self._news: dict[str, BaseModel] = {}
        self._wake = asyncio.Event()
        self._boot: str | None = None
        self._is_wanted = False
        self._allowed = NOTHING
        self._speaking: list[str] = []
        self._published = 0
        self._view = ViewTeller(relay, connection)
        self._stop_listening: Callable[[], None] | None = None
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def is_started(self) -> bool:
        """Say whether the seat has its place on the relay, or waits for the relay to have one."""
        return self._is_wanted

    async def start(self, allowed: Allowed) -> None:
        """Want the connection on the relay, now and whenever the relay comes back."""
        self._is_wanted = True
        self._allowed = allowed
        self._stop_listening = self._relay.listen(self._hear)
        for known in self._memory.of(self._connection):
            self._hear(known)
        self._hear_speakers()
        self._tasks = [asyncio.create_task(self._run()), asyncio.create_task(self._view.run())]
        await self._open()

    async def stop(self) -> None:
        """Stop listening; the connection on the relay is closed by whoever decides that the seat is free."""
        self._is_wanted = False
        if self._stop_listening:
            self._stop_listening()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def allow(self, allowed: Allowed) -> None:
        """Remember what may pass, for the next time the connection is opened; call it on every change."""
        self._allowed = allowed
        if self._is_wanted:
            # Somebody may have stepped out or come back.
            self._hear_speakers()

    def view(self, message: wire.MediaView) -> None:
        """Pass on what the browser looks at, as soon as the relay takes it."""
        self._view.want(message)

    async def publish(self, message: wire.PublishOffer) -> wire.PublishAnswer:
        """Bring an offer to the relay and its answer back."""
        request = control.PublishOffer(
            id=0, connection=self._connection, generation=message.generation, sdp=message.sdp
        )
        # The same attempt once more is the same peer connection with new ICE credentials.
        answer = await self._ask(request, is_restart=message.generation == self._published)
        self._published = message.generation
        return wire.PublishAnswer(id=message.id, generation=message.generation, sdp=_sdp(answer))

    async def subscribe(self, message: wire.SubscribeRequest) -> wire.SubscribeOffer:
        """Fetch the relay's offer of its slots."""
        request = control.SubscribeOffer(
            id=0, connection=self._connection, generation=message.generation, restart=message.restart
        )
        offer = await self._ask(request, is_restart=message.restart)
        return wire.SubscribeOffer(id=message.id, generation=message.generation, sdp=_sdp(offer))

    async def answer(self, message: wire.SubscribeAnswer) -> None:
        """Bring the browser's answer to the relay."""
        await self._ask(
            control.SubscribeAnswer(
                id=0, connection=self._connection, generation=message.generation, sdp=message.sdp
            )
        )

    async def say_lost(self) -> None:
        """Make the browser build its media anew."""
        await self._send(wire.MediaLost())

    async def _ask(self, request: control.Request, *, is_restart: bool = False) -> control.Ok:
        try:
            return await self._relay.call(request)
        except RelayRefusedError as error:
            if error.error != "unknown_connection":
                raise
        # The relay gave the connection up, or was started anew: if the seat is still ours, open it once more.
        if not await self._holds_seat():
            # Another device has it, and this one has not been told yet: its media must not come back.
            raise RelayUnavailableError
        await self._claim()
        if is_restart:
            # What was to be restarted is gone: the browser has to build it anew.
            self._tell("lost", wire.MediaLost())
            raise RelayUnavailableError
        return await self._relay.call(request)

    async def _open(self) -> bool:
        try:
            await self._claim()
        except (RelayUnavailableError, RelayRefusedError):
            return False
        return True

    async def _claim(self) -> None:
        """Have the connection on the relay; raises what the relay says."""
        boot = self._relay.boot
        try:
            await self._call_open()
        except RelayRefusedError as error:
            # Seated a moment ago, and the relay has not heard who may come into the locked room.
            if error.error != "locked" or not await self._relock():
                raise
            await self._call_open()
        self._boot = boot
        # A mute that was committed while this was on its way must not be lost: ask anew what may pass.
        self._opened()
        self._view.again()

    async def _call_open(self) -> None:
        allowed = self._allowed
        await self._relay.call(
            control.ConnectionOpen(
                id=0,
                room=self._room,
                connection=self._connection,
                participant=allowed.participant,
                microphone=allowed.microphone,
                camera=allowed.camera,
                screen=allowed.screen,
                side_room=allowed.side_room,
            )
        )

    def _hear(self, news: RelayNews) -> None:
        match news:
            case control.SlotsEvent(connection=self._connection):
                slots = [wire.MediaSlot(**slot.model_dump()) for slot in news.slots]
                self._tell("slots", wire.MediaSlots(slots=slots))
            case control.MediaEvent(connection=self._connection):
                self._tell("state", wire.MediaState(state=news.state))
                # This socket still holds the seat, so what the relay gave up has to be built anew.
                if news.state == "closed" and news.reason in ("timeout", "superseded"):
                    self._tell("lost", wire.MediaLost())
            case control.QualityEvent(connection=self._connection):
                self._tell("quality", wire.MediaQuality(downlink=news.downlink, uplink=news.uplink))
            case control.SpeakersEvent(room=self._room):
                self._hear_speakers()
            case LinkUp():
                self._tell("link", wire.MediaLost())
            case control.DrainingEvent(seconds=None) if self._boot is None:
                # It takes new rooms after all: come once more.
                self._tell("link", wire.MediaLost())

    def _hear_speakers(self) -> None:
        """Tell who speaks where this person is; who speaks elsewhere is not for them, nor when.

        The memory has heard it first: it has listened since the process began.
        """
        near = [each for each in self._memory.speaking(self._room) if self._is_near(each)]
        if near != self._speaking:
            self._speaking = near
            self._tell("speakers", wire.Speakers(participants=near))

    def _tell(self, kind: str, message: BaseModel) -> None:
        self._news[kind] = message
        self._wake.set()

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._news:
                kind = next(iter(self._news))
                message = self._news.pop(kind)
                if kind == "link" and not await self._return():
                    continue
                await self._send(message)

    async def _return(self) -> bool:
        """Take the place on a relay that is back; True if the browser's media there is gone."""
        before = self._boot
        return await self._holds_seat() and await self._open() and self._boot != before


def _sdp(answer: control.Ok) -> str:
    if not isinstance(answer, control.SdpOk):
        raise RelayUnavailableError
    return answer.sdp
