"""One seat's conversation with the relay: its connection, its offers, and what the relay says about it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from pydantic import BaseModel

from realtime.relay_link import LinkUp, Relay, RelayNews, RelayRefusedError, RelayUnavailableError
from realtime.relay_memory import RelayMemory
from realtime.wire import relay as control
from realtime.wire import room as wire

Send = Callable[[BaseModel], Awaitable[None]]


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
        participant: str,
        send: Send,
        opened: Callable[[], None],
    ) -> None:
        self._relay = relay
        self._opened = opened
        self._memory = memory
        self._room = room
        self._connection = connection
        self._participant = participant
        self._send = send
        self._news: dict[str, BaseModel] = {}
        self._wake = asyncio.Event()
        self._boot: str | None = None
        self._is_wanted = False
        self._allowed = (False, False)
        self._stop_listening: Callable[[], None] | None = None
        self._pump: asyncio.Task[None] | None = None

    @property
    def is_started(self) -> bool:
        """Say whether the seat has its place on the relay, or waits for the relay to have one."""
        return self._is_wanted

    async def start(self, *, microphone: bool, camera: bool) -> None:
        """Want the connection on the relay, now and whenever the relay comes back."""
        self._is_wanted = True
        self._allowed = (microphone, camera)
        self._stop_listening = self._relay.listen(self._hear)
        for known in (self._memory.slots(self._connection), self._memory.speakers(self._room)):
            if known is not None:
                self._hear(known)
        self._pump = asyncio.create_task(self._run())
        await self._open()

    async def stop(self) -> None:
        """Stop listening; the connection on the relay is closed by whoever decides that the seat is free."""
        self._is_wanted = False
        if self._stop_listening:
            self._stop_listening()
        if self._pump:
            self._pump.cancel()
            await asyncio.gather(self._pump, return_exceptions=True)

    def allow(self, *, microphone: bool, camera: bool) -> None:
        """Remember what may pass, for the next time the connection is opened."""
        self._allowed = (microphone, camera)

    async def publish(self, message: wire.PublishOffer) -> wire.PublishAnswer:
        """Bring an offer to the relay and its answer back."""
        answer = await self._ask(
            control.PublishOffer(
                id=0, connection=self._connection, generation=message.generation, sdp=message.sdp
            )
        )
        return wire.PublishAnswer(id=message.id, generation=message.generation, sdp=_sdp(answer))

    async def subscribe(self, message: wire.SubscribeRequest) -> wire.SubscribeOffer:
        """Fetch the relay's offer of its slots."""
        offer = await self._ask(
            control.SubscribeOffer(id=0, connection=self._connection, generation=message.generation)
        )
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

    async def _ask(self, request: control.Request) -> control.Ok:
        try:
            return await self._relay.call(request)
        except RelayRefusedError as error:
            if error.error != "unknown_connection":
                raise
        # The relay gave the connection up, or was started anew: the seat is still ours, so open it once more.
        if not await self._open():
            raise RelayUnavailableError
        return await self._relay.call(request)

    async def _open(self) -> bool:
        microphone, camera = self._allowed
        request = control.ConnectionOpen(
            id=0,
            room=self._room,
            connection=self._connection,
            participant=self._participant,
            microphone=microphone,
            camera=camera,
        )
        boot = self._relay.boot
        try:
            await self._relay.call(request)
        except (RelayUnavailableError, RelayRefusedError):
            return False
        self._boot = boot
        # A mute that was committed while this was on its way must not be lost: ask anew what may pass.
        self._opened()
        return True

    def _hear(self, news: RelayNews) -> None:
        match news:
            case control.SlotsEvent(connection=self._connection):
                slots = [wire.MediaSlot(**slot.model_dump()) for slot in news.slots]
                self._news["slots"] = wire.MediaSlots(slots=slots)
            case control.MediaEvent(connection=self._connection):
                self._news["state"] = wire.MediaState(state=news.state)
                # This socket still holds the seat, so what the relay gave up has to be built anew.
                if news.state == "closed" and news.reason in ("timeout", "superseded"):
                    self._news["lost"] = wire.MediaLost()
            case control.SpeakersEvent(room=self._room):
                self._news["speakers"] = wire.Speakers(participants=news.participants)
            case LinkUp():
                self._news["link"] = wire.MediaLost()
            case _:
                return
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
        return await self._open() and self._boot != before


def _sdp(answer: control.Ok) -> str:
    if not isinstance(answer, control.SdpOk):
        raise RelayUnavailableError
    return answer.sdp
