"""One stream of one publisher as a data plane takes it in: where it stands, and what is to be noted of it."""

from collections.abc import Callable, Sequence

from realtime.relay.transport.inlet import Arrival, Packet, Standing
from realtime.relay.uplink.producer import Producer
from realtime.relay.uplink.streams import Stream
from realtime.wire.relay import Source


class Incoming:
    """Be between a data plane and the producer, as `PublishPeer.on_rtp` is for packets that Python reads."""

    __slots__ = (
        "_decrypted", "_encoding", "_heard", "_heard_ns", "_peer", "_producer", "_source",
        "head", "is_video", "level_id", "payload", "rate", "ssrc",
    )  # fmt: skip

    def __init__(
        self,
        *,
        ssrc: int,
        stream: Stream,
        producer: Producer,
        peer: int,
        heard: Callable[[Source, int], None],
        decrypted: Callable[[bytes, int], None],
    ) -> None:
        encoding = producer.encodings[stream.rank]
        self.ssrc = ssrc
        self.payload = stream.payload
        self.head = encoding.head
        self.rate = encoding.rate
        self.is_video = encoding.is_video
        # Only of a voice it is ever read.
        self.level_id = 0 if encoding.is_video else stream.level_id
        self._source = stream.source
        self._encoding = encoding
        self._producer = producer
        self._peer = peer
        self._heard = heard
        self._heard_ns = -1
        self._decrypted = decrypted

    def standing(self) -> Standing | None:
        """Say where it stands, if it simply goes on."""
        return self._encoding.standing(self._peer, self.ssrc)

    def went_on(self, arrival: Arrival, body: bytes, octets: int, level: int, now_ns: int) -> Packet:
        """Take note of its next packet, of so many bytes; a level below zero says that it has none."""
        if now_ns != self._heard_ns:  # what came in one burst came at one time
            self._heard_ns = now_ns
            self._heard(self._source, now_ns)
        # What `Producer.receive` does, written out.
        producer = self._producer
        producer.packets += 1
        producer.octets += octets
        producer.last_ns = now_ns
        if level >= 0:
            producer.speech.level(level, now_ns)
        return self._encoding.went_on(arrival, body, octets, now_ns)

    def forward(self, packet: Packet) -> None:
        """Hand it to every subscriber."""
        self._encoding.subscribers.forward(self._encoding, *packet)

    def sent(self, packets: Sequence[Packet], no_room: Sequence[tuple[int, int]]) -> None:
        """Take note that all who follow were sent these, but which lane had no room for which packet."""
        self._encoding.subscribers.sent(self._encoding, packets, no_room)

    def decrypted(self, data: bytes, now_ns: int) -> None:
        """Take a packet that is out of the ordinary inside."""
        self._decrypted(data, now_ns)
