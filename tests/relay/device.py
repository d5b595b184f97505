"""A participant's device: a publish and a subscribe peer connection and the tracks it sends."""

from dataclasses import dataclass, field

from realtime.relay.packets import rtp
from tests.relay.impairment import Impairment
from tests.relay.network import World
from tests.relay.peer import AUDIO, DELTA_FRAME, KEY_FRAME, PAYLOADS, VIDEO, FakePeer, FakeTrack

_ports = iter(range(20_000, 60_000))


@dataclass
class Device:
    """Join a room the way a browser does, through control messages and the network."""

    world: World
    connection: str
    participant: str = ""
    room: str = "room-1"
    kinds: tuple[str, ...] = (AUDIO, VIDEO)
    publish_generation: int = 0
    subscribe_generation: int = 0
    voice: FakeTrack = field(default_factory=lambda: FakeTrack(AUDIO, 0x1111))
    picture: FakeTrack = field(default_factory=lambda: FakeTrack(VIDEO, 0x2222))
    publisher: FakePeer = field(init=False)
    subscriber: FakePeer = field(init=False)
    bad: Impairment | None = None
    offered: str = ""
    is_allowed: bool = True

    def __post_init__(self) -> None:
        self.participant = self.participant or f"person-{self.connection}"
        self.world.ask(
            "connection.open",
            room=self.room,
            connection=self.connection,
            participant=self.participant,
            microphone=self.is_allowed,
            camera=self.is_allowed,
        )

    def join(self) -> "Device":
        """Set up both peer connections."""
        self.publish()
        self.subscribe()
        return self

    def publish(self) -> None:
        """Make a new publish connection, a generation higher than the last."""
        self.publish_generation += 1
        self.publisher = self._peer(f"p{self.publish_generation}")
        self.publisher.connect(self.negotiate(*self.kinds))

    def negotiate(self, *kinds: str) -> str:
        """Offer these tracks on the publish connection and return the relay's answer."""
        answer = self.world.ask(
            "publish.offer",
            connection=self.connection,
            generation=self.publish_generation,
            sdp=self.publisher.offer(*kinds),
        )
        return str(answer["sdp"])

    def subscribe(self) -> None:
        """Make a new subscribe connection."""
        self.subscribe_generation += 1
        self.subscriber = self._peer(f"s{self.subscribe_generation}")
        names = {"connection": self.connection, "generation": self.subscribe_generation}
        self.offered = str(self.world.ask("subscribe.offer", **names)["sdp"])
        self.world.ask("subscribe.answer", **names, sdp=self.subscriber.answer(self.offered))
        self.subscriber.connect(self.offered)

    def _peer(self, ufrag: str) -> FakePeer:
        address = ("192.0.2.1", next(_ports))
        if self.bad is not None:
            self.world.network.impair(address, up=self.bad, down=self.bad, seed=address[1])
        return FakePeer(self.world, address, ufrag=ufrag)

    def restart_publish(self) -> None:
        """Restart ICE of the publish connection in place."""
        self.publisher.ufrag += "r"
        self.publisher.adopt(self.negotiate(*self.kinds))

    def restart_subscribe(self) -> None:
        """Restart ICE of the subscribe connection in place."""
        names = {"connection": self.connection, "generation": self.subscribe_generation}
        self.offered = str(self.world.ask("subscribe.offer", **names, restart=True)["sdp"])
        self.subscriber.ufrag += "r"
        self.subscriber.adopt(self.offered)
        self.world.ask("subscribe.answer", **names, sdp=self.subscriber.answer(self.offered))

    def speak(self, payload: bytes = b"opus", *, skip: int = 0) -> None:
        """Send one packet of voice."""
        self.publisher.send_rtp(self.voice.packet(payload, skip=skip))

    def show(self, payload: bytes = DELTA_FRAME, *, skip: int = 0) -> None:
        """Send one packet of video."""
        self.publisher.send_rtp(self.picture.packet(payload, skip=skip))

    def show_key(self) -> None:
        """Send one packet that begins a key frame."""
        self.show(KEY_FRAME)

    def go_away(self) -> None:
        """Fall silent altogether."""
        self.publisher.is_muted = True
        self.subscriber.is_muted = True

    def received(self, kind: str) -> list[tuple[int, int, int, bytes]]:
        """Return (sequence, timestamp, ssrc, payload) of everything that came for a kind of media."""
        answered = PAYLOADS[kind]
        found = []
        for packet in self.subscriber.rtp:
            if packet[1] & 0x7F == answered:
                sequence, timestamp, ssrc, _, _, start, end = rtp.parse_header(packet)
                found.append((sequence, timestamp, ssrc, packet[start:end]))
        return found

    def slots(self) -> dict[str, str]:
        """Return who is in which slot, from the newest event."""
        event = self.world.last_event("slots", self.connection)
        assert event is not None
        assert event.event == "slots"
        return {slot.mid: slot.participant for slot in event.slots if slot.participant is not None}
