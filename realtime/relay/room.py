"""Everybody in one room: who gets whose tracks, who speaks, and how much a camera may send."""

from collections.abc import Callable

from realtime.relay.clock import MILLISECOND
from realtime.relay.connection import Connection
from realtime.relay.uplink.producer import Producer
from realtime.wire.relay import Event, Slot, SlotsEvent, Source, SpeakersEvent

SPEAKERS_EVERY_NS = 300 * MILLISECOND
# Cameras in the room, and bits per second for each: what a subscriber takes in stays within a few Mbit/s.
_BITRATES = ((4, 1_200_000), (8, 700_000), (16, 400_000))
_SMALLEST_BITRATE = 250_000


class Room:
    """Route between connections. Nobody receives themselves; of two devices the newer one is sent."""

    def __init__(self, *, room: str, emit: Callable[[Event], None]) -> None:
        self.id = room
        self.connections: dict[str, Connection] = {}
        self._emit = emit
        self._speaking: list[str] = []
        self._speakers_due_ns = 0

    def refresh(self, now_ns: int) -> None:
        """Bring slots and routes of every subscriber in line with what is published now."""
        published = self._published()
        for connection in self.connections.values():
            wanted = [key for key in published if key[0] != connection.participant]
            changed = connection.table.assign(wanted)
            self._carry(connection, published, now_ns)
            if changed:
                self.announce_slots(connection)

    def announce_slots(self, connection: Connection) -> None:
        """Tell the subscriber who is where, once it has asked for slots."""
        event = self.slots_of(connection)
        if event is not None:
            self._emit(event)

    def slots_of(self, connection: Connection) -> SlotsEvent | None:
        """Return the whole slot table of one subscriber, or None before it asked for one."""
        if not connection.subscribers:
            return None
        table, newest = connection.table, connection.subscribers[-1]
        slots: list[Slot] = []
        for consumer, holder in zip(newest.audio, table.audio.holders, strict=True):
            slots.append(Slot(mid=consumer.mid, kind="audio", participant=holder, source="microphone"))
        for consumer, holder in zip(newest.video, table.video.holders, strict=True):
            slots.append(Slot(mid=consumer.mid, kind="video", participant=holder, source="camera"))
        return SlotsEvent(room=self.id, connection=connection.id, slots=slots)

    def speakers(self) -> SpeakersEvent:
        """Return who is speaking, as last announced."""
        return SpeakersEvent(room=self.id, participants=self._speaking)

    def tick(self, now_ns: int) -> None:
        """Announce who is speaking, when it has changed."""
        if now_ns < self._speakers_due_ns:
            return
        speaking = sorted(
            {
                each.participant
                for each in self.connections.values()
                if each.producers["microphone"].allowed
                and each.producers["microphone"].speech.is_speaking(now_ns)
            }
        )
        if speaking != self._speaking:
            self._speaking = speaking
            self._speakers_due_ns = now_ns + SPEAKERS_EVERY_NS
            self._emit(self.speakers())

    def bitrate(self) -> int:
        """Return what each publisher may send in this company."""
        cameras = sum("camera" in each.tracks for each in self.connections.values())
        return next((rate for upto, rate in _BITRATES if cameras <= upto), _SMALLEST_BITRATE)

    def _published(self) -> dict[tuple[str, Source], Producer]:
        published: dict[tuple[str, Source], Producer] = {}
        for connection in self.connections.values():
            for track in sorted(connection.tracks, reverse=True):
                published[connection.participant, track] = connection.producers[track]
        return published

    @staticmethod
    def _carry(connection: Connection, published: dict[tuple[str, Source], Producer], now_ns: int) -> None:
        voices: list[Producer | None] = [
            published.get((holder, "microphone")) if holder is not None else None
            for holder in connection.table.audio.holders
        ]
        pictures: list[Producer | None] = [
            published.get((holder, "camera")) if holder is not None else None
            for holder in connection.table.video.holders
        ]
        for subscriber in connection.subscribers:
            subscriber.carry("audio", voices, now_ns)
            subscriber.carry("video", pictures, now_ns)
