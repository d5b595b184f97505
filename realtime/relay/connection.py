"""One participant's device in a room: a seat that outlives the peer connections it is fed through."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from realtime.relay.clock import SECOND, WebClock
from realtime.relay.downlink.slots import SlotTable
from realtime.relay.downlink.subscribing import SubscribePeer
from realtime.relay.facts.journal import Journals
from realtime.relay.facts.liveness import Change
from realtime.relay.facts.witness import TrackCounters, Witness
from realtime.relay.negotiation.sdp_read import Description
from realtime.relay.seat import Environment, PeerFactory
from realtime.relay.transport.peer import Peer
from realtime.relay.uplink.capture import ClockMap
from realtime.relay.uplink.producer import Producer
from realtime.relay.uplink.publishing import PublishPeer
from realtime.wire.facts import CloseReason, Track
from realtime.wire.relay import Source

SOURCES: tuple[Source, ...] = ("microphone", "camera", "screen")
# Longer than any bridge: the web side decides about seats, this only clears what nobody asks for any more.
FORGOTTEN_AFTER_NS = 180 * SECOND
# A peer connection that has been still for so long while its seat was heard on the other one is over.
DEAD_AFTER_NS = 30 * SECOND

Line = TypeVar("Line", PublishPeer, SubscribePeer)


@dataclass(frozen=True, slots=True)
class Allowed:
    """Say which sources of a connection may be forwarded, and in which side room; the group's is empty."""

    microphone: bool
    camera: bool
    screen: bool
    side_room: str


class StaleGenerationError(Exception):
    """The peer connection meant has been replaced, or is over."""


class Connection:
    """Hold producers, slots and the witness of one seat.

    A higher generation makes a second peer connection of a direction; the first stays until the second is
    connected (make before break), so that a rebuild that fails costs nothing.
    """

    def __init__(
        self,
        *,
        room: str,
        connection: str,
        participant: str,
        environment: Environment,
        factory: PeerFactory,
        journals: Journals,
        clock: WebClock,
        changed: Callable[[int], None],
        changed_for_itself: Callable[["Connection", int], None],
        announce: Callable[["Connection", str], None],
        now_ns: int,
    ) -> None:
        self.room = room
        self.id = connection
        self.participant = participant
        self.table = SlotTable(audio=environment.audio_slots, video=environment.video_slots)
        self.publishers: list[PublishPeer] = []
        self.subscribers: list[SubscribePeer] = []
        self.side_room = ""
        self.is_closed = False
        self._has_joined = False
        self._environment = environment
        self._factory = factory
        self._changed = changed
        self._changed_for_itself = changed_for_itself
        self._announce = announce
        self._opened_ns = now_ns
        self._publish_generation = 0
        self._subscribe_generation = 0
        self._session_id = environment.random_below(2**62)
        self._heard_since_ns = now_ns
        clock_map = ClockMap()
        self.producers: dict[Source, Producer] = {
            source: Producer(
                source=source,
                clock_map=clock_map,
                random_below=environment.random_below,
                plane=environment.plane,
            )
            for source in SOURCES
        }
        self._encodings = [each for producer in self.producers.values() for each in producer.encodings]
        self.witness = Witness(
            room=room,
            participant=participant,
            connection=connection,
            journals=journals,
            clock=clock,
            tracks=self._published,
            announce=self._presence_changed,
        )

    @property
    def tracks(self) -> frozenset[Source]:
        """What the newest publish offer sends."""
        return self.publishers[-1].tracks if self.publishers else frozenset()

    @property
    def is_asking(self) -> bool:
        """Say whether something is asked of the publisher, or soon will be."""
        for encoding in self._encodings:  # noqa: SIM110 - looked at all the time
            if encoding.requests.is_asking:
                return True
        return False

    @property
    def is_connected(self) -> bool:
        """Say whether any peer connection has its keys."""
        return any(each.peer.is_connected for each in self._lines())

    def allow(self, allowed: Allowed) -> None:
        """Set what may be forwarded, and to whom; what may not still counts as presence."""
        self.producers["microphone"].allowed = allowed.microphone
        self.producers["camera"].allowed = allowed.camera
        self.producers["screen"].allowed = allowed.screen
        self.side_room = allowed.side_room

    def publish(self, *, generation: int, offer: Description, now_ns: int) -> str:
        """Answer an offer: further negotiation of the same generation, or a new peer connection."""
        before = self.tracks
        if generation > self._publish_generation:
            publisher = PublishPeer(
                generation=generation,
                offer=offer,
                producers=self.producers,
                events=self,
                factory=self._factory,
                counters=self._environment.counters,
                session_id=self._session_id,
                now_ns=now_ns,
            )
            self._publish_generation = generation
            _drop(self.publishers, _is_unfinished)
            self.publishers.append(publisher)
        else:
            publisher = _current(self.publishers, generation)
            publisher.renegotiate(offer)
        if self.tracks != before:
            self.witness.published(now_ns)
            self._changed(now_ns)
        return publisher.answer()

    def subscribe(self, *, generation: int, now_ns: int, restart: bool = False) -> str:
        """Return the offer of the slot pool for this generation, with new ICE credentials if asked for."""
        if generation > self._subscribe_generation:
            subscriber = SubscribePeer(
                generation=generation,
                environment=self._environment,
                factory=self._factory,
                events=self,
                session_id=self._session_id + 1,
                now_ns=now_ns,
            )
            self._subscribe_generation = generation
            _drop(self.subscribers, _is_unfinished)
            self.subscribers.append(subscriber)
            return subscriber.offer()
        return _current(self.subscribers, generation).offer(restart=restart)

    def subscribed(self, *, generation: int, answer: Description, now_ns: int) -> None:
        """Take the answer to our offer."""
        _current(self.subscribers, generation).answer(answer, now_ns)

    def is_forgotten(self, now_ns: int) -> bool:
        """Say whether nothing authentic has come for so long that nobody will come back to this seat."""
        last = self.witness.last_ns if self.witness.last_ns is not None else self._opened_ns
        return now_ns - last >= FORGOTTEN_AFTER_NS

    def tick(self, now_ns: int) -> None:
        """Do what is due ten times a second."""
        listening = [each.peer.is_listening for each in self.subscribers]
        for each in self._lines():
            each.peer.tick(now_ns)
        if [each.peer.is_listening for each in self.subscribers] != listening:
            self._changed_for_itself(self, now_ns)
        for producer in self.producers.values():
            producer.measure(now_ns)
        self.witness.tick(now_ns)
        if self.witness.last_ns is not None and not self.witness.is_silent:
            self._end_dead(now_ns)

    def report(self, bitrate: int, now_ns: int) -> None:
        """Send the RTCP reports of the last second."""
        for publisher in self.publishers:
            publisher.report(bitrate, now_ns)
        for subscriber in self.subscribers:
            subscriber.report(now_ns)

    def close(self, reason: CloseReason, now_ns: int) -> None:
        """Write the end, then make it so; idempotent."""
        if self.is_closed:
            return
        self.witness.closed(reason, now_ns)
        self.is_closed = True
        for each in self._lines():
            each.close()
        self.publishers.clear()
        self.subscribers.clear()

    def authenticated(self, now_ns: int) -> None:
        """Witness a packet."""
        self.witness.packet(now_ns)

    def camera_authenticated(self, now_ns: int) -> None:
        """Witness a packet of the camera."""
        self.witness.camera_packet(now_ns)

    def peer_connected(self, peer: Peer, now_ns: int) -> None:
        """Let go of the peer connection that this one replaces, and start to carry."""
        counters = self._environment.counters
        counters.add("dtls_connected")
        if not any(each.peer.is_connected for each in self._lines() if each.peer is not peer):
            if not self._has_joined:
                self._has_joined = True
                counters.join_time.observe((now_ns - self._opened_ns) / SECOND)
            self._announce(self, "connected")
        if peer.direction == "publish":
            _drop(self.publishers, lambda each: each.generation < peer.generation)
        else:
            _drop(self.subscribers, lambda each: each.generation < peer.generation)
            self._changed_for_itself(self, now_ns)

    def peer_ended(self, peer: Peer, now_ns: int) -> None:
        """Take a failed or closed peer connection out; the seat stays."""
        for publisher in [each for each in self.publishers if each.peer is peer]:
            before = self.tracks
            publisher.close()
            if len(self.publishers) > 1:
                self.publishers.remove(publisher)
            if self.tracks != before:
                self.witness.published(now_ns)
                self._changed(now_ns)
        for subscriber in [each for each in self.subscribers if each.peer is peer]:
            subscriber.close()
            self.subscribers.remove(subscriber)
            self._changed_for_itself(self, now_ns)

    def _end_dead(self, now_ns: int) -> None:
        """End what has been still since long ago, counted from when the seat woke up: both sleep together."""
        for each in self._lines():
            since_ns = max(each.peer.last_ns, self._heard_since_ns)
            if now_ns - since_ns >= DEAD_AFTER_NS and not each.peer.is_ended:
                each.peer.give_up(now_ns)

    def _lines(self) -> list[PublishPeer | SubscribePeer]:
        return [*self.publishers, *self.subscribers]

    def _published(self) -> dict[Track, TrackCounters]:
        facts: tuple[Track, ...] = ("camera", "microphone")
        return {track: self.producers[track] for track in facts if track in self.tracks}

    def _presence_changed(self, change: Change) -> None:
        if change is not Change.SILENT and self.witness.last_ns is not None:
            self._heard_since_ns = self.witness.last_ns
        if change is not Change.FIRST:
            self._announce(self, change.value)


def _is_unfinished(peer: Peer) -> bool:
    return not peer.is_connected


def _drop(lines: list[Line], unwanted: Callable[[Peer], bool]) -> None:
    for each in [each for each in lines if unwanted(each.peer)]:
        each.close()
        lines.remove(each)


def _current(lines: list[Line], generation: int) -> Line:
    newest = lines[-1] if lines else None
    if newest is None or newest.peer.generation != generation or newest.peer.is_ended:
        raise StaleGenerationError
    return newest
