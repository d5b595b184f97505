"""Everybody in one room: who gets whose tracks, in which side room, who speaks, and how well it arrives."""

import logging
from collections.abc import Callable

from realtime.relay.clock import MILLISECOND
from realtime.relay.connection import Connection
from realtime.relay.downlink.quality import Quality
from realtime.relay.downlink.rates import Rates
from realtime.relay.downlink.viewer import Company, Viewer
from realtime.relay.downlink.views import Key, View
from realtime.relay.seat import Environment
from realtime.relay.uplink.producer import Producer
from realtime.relay.uplink.speech import Speakers, Voice
from realtime.wire.relay import Event, QualityEvent, SlotsEvent, SpeakersEvent

logger = logging.getLogger("realtime.relay")

SHARES_EVERY_NS = 200 * MILLISECOND
# Cameras in the room, and bits per second for each: what a subscriber takes in stays within a few Mbit/s.
_BITRATES = ((4, 1_200_000), (8, 700_000), (16, 400_000))
_SMALLEST_BITRATE = 250_000
_SCREEN_BITRATE = 1_500_000


class Room:
    """Route within each side room. Nobody receives themselves; of two devices the newer one is sent."""

    def __init__(self, *, room: str, environment: Environment, emit: Callable[[Event], None]) -> None:
        self.id = room
        self.connections: dict[str, Connection] = {}
        self._viewers: dict[str, Viewer] = {}
        self._qualities: dict[str, Quality] = {}
        # When the timers of this room are due; the relay keeps them, so that rooms take turns.
        self.tick_due_ns = 0
        self.report_due_ns = 0
        self._environment = environment
        self._emit = emit
        self._speakers = Speakers()
        self._rates = Rates()
        self._shared: dict[str, int] = {}
        self._share_turn = 0
        self._share_due_ns = 0
        self._voices_too_many = 0

    def add(self, connection: Connection) -> None:
        """Take a seat in."""
        self.connections[connection.id] = connection
        self._qualities[connection.id] = Quality()
        self._viewers[connection.id] = Viewer(
            participant=connection.participant,
            table=connection.table,
            lines=connection.subscribers,
            counters=self._environment.counters,
            overloaded=self._overloaded,
            last_n=self._environment.last_n,
        )

    def remove(self, connection: Connection) -> None:
        """Let a seat go."""
        del self.connections[connection.id], self._viewers[connection.id], self._qualities[connection.id]

    def look(self, connection: Connection, view: View, now_ns: int) -> None:
        """Take what somebody looks at, and act on it at once."""
        self._viewers[connection.id].view = view
        self.refresh_for(connection, now_ns)

    def refresh(self, now_ns: int) -> None:
        """Bring slots and routes of every subscriber in line with what is published now."""
        companies: dict[str, Company] = {}
        for connection, viewer in self._subscribers():
            if connection.side_room not in companies:
                companies[connection.side_room] = self._company(connection.side_room, now_ns)
            if viewer.refresh(companies[connection.side_room], now_ns):
                self.announce_slots(connection)

    def refresh_for(self, connection: Connection, now_ns: int) -> None:
        """Do the same for one subscriber, when nothing has changed for the others."""
        if self._viewers[connection.id].refresh(self._company(connection.side_room, now_ns), now_ns):
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
        slots = self._viewers[connection.id].slots()
        return SlotsEvent(room=self.id, connection=connection.id, slots=slots)

    def quality_of(self, connection: Connection) -> QualityEvent:
        """Return how well a connection's network carries, as last announced."""
        quality = self._qualities[connection.id]
        return QualityEvent(
            room=self.id, connection=connection.id, downlink=quality.downlink, uplink=quality.uplink
        )

    def speakers(self) -> list[SpeakersEvent]:
        """Return who is speaking in each side room, as last announced."""
        return [self._spoken(*named) for named in self._speakers.named()]

    def tick(self, now_ns: int) -> None:
        """Say who speaks, share out bandwidth anew, say how well it goes; called ten times a second."""
        voices = [
            Voice(each.participant, each.side_room, _is_speaking(each, now_ns))
            for each in self.connections.values()
        ]
        for news in self._speakers.hear(voices, now_ns):
            self._emit(self._spoken(*news))
            if self._voices_too_many:
                # Whoever begins to speak without a slot must not wait for one longer than this.
                self._share_due_ns = now_ns
        if now_ns >= self._share_due_ns:
            self._share_due_ns = now_ns + SHARES_EVERY_NS
            self._share(now_ns)

    def bitrate(self, connection: Connection) -> int:
        """Return what a publisher may send in the company of its side room; a screen comes on top."""
        company = [each for each in self.connections.values() if each.side_room == connection.side_room]
        cameras = sum("camera" in each.tracks for each in company)
        rate = next((rate for upto, rate in _BITRATES if cameras <= upto), _SMALLEST_BITRATE)
        is_sharing = "screen" in connection.tracks and connection.producers["screen"].allowed
        return rate + _SCREEN_BITRATE if is_sharing else rate

    def _share(self, now_ns: int) -> None:
        self._rates.update(
            (producer for each in self.connections.values() for producer in each.producers.values()), now_ns
        )
        companies: dict[str, Company] = {}
        for connection, viewer in self._subscribers():
            if connection.side_room not in companies:
                companies[connection.side_room] = self._company(connection.side_room, now_ns)
            if viewer.tick(companies[connection.side_room], now_ns):
                self.announce_slots(connection)
            quality = self._qualities[connection.id]
            has_news = quality.received(viewer.downlink, now_ns)
            if quality.sent(_uplink_loss(connection, now_ns), now_ns) or has_news:
                self._emit(self.quality_of(connection))

    def _subscribers(self) -> list[tuple[Connection, Viewer]]:
        return [(each, self._viewers[each.id]) for each in self.connections.values()]

    def _company(self, side_room: str, now_ns: int) -> Company:
        newest: dict[Key, Connection] = {}
        for connection in self.connections.values():
            for source in sorted(connection.tracks, reverse=True):
                if source != "screen" or connection.producers["screen"].allowed:
                    newest[connection.participant, source] = connection
        self._note_screens([key[0] for key in newest if key[1] == "screen"])
        there = {key: each for key, each in newest.items() if each.side_room == side_room}
        # Who began to share last is shown: screens come in the order in which they were shared.
        order = sorted(there, key=lambda key: self._shared[key[0]] if key[1] == "screen" else 0)
        producers: dict[Key, Producer] = {key: there[key].producers[key[1]] for key in order}
        return Company.of_these(producers, self._rates, now_ns)

    def _note_screens(self, sharing: list[str]) -> None:
        self._shared = {name: turn for name, turn in self._shared.items() if name in sharing}
        for name in sharing:
            if name not in self._shared:
                self._share_turn += 1
                self._shared[name] = self._share_turn

    def _spoken(self, side_room: str, participants: list[str]) -> SpeakersEvent:
        return SpeakersEvent(room=self.id, side_room=side_room, participants=participants)

    def _overloaded(self, voices: int) -> None:
        """Say once, for each size the room grows to, that not every voice has a slot of its own."""
        if voices > self._voices_too_many:
            self._voices_too_many = voices
            self._environment.counters.add("audio_overload")
            logger.warning(
                "relay.audio_overload",
                extra={"event": "relay.audio_overload", "room_id": self.id, "voices": voices},
            )


def _is_speaking(connection: Connection, now_ns: int) -> bool:
    microphone = connection.producers["microphone"]
    return microphone.allowed and microphone.speech.is_speaking(now_ns)


def _uplink_loss(connection: Connection, now_ns: int) -> float:
    """Return the worst loss of what a connection sends now."""
    flowing = (
        encoding.loss
        for producer in connection.producers.values()
        for encoding in producer.encodings
        if encoding.is_flowing(now_ns)
    )
    return max(flowing, default=0.0)
