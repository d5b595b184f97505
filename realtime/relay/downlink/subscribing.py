"""One subscribe peer connection: a fixed pool of slots, and the feedback that comes back for them."""

from realtime.relay.counters import Counters
from realtime.relay.downlink.consumer import Consumer
from realtime.relay.negotiation import sdp_write
from realtime.relay.negotiation.sdp_read import BadSdpError, Description
from realtime.relay.packets import rtcp
from realtime.relay.seat import Environment, PeerEvents, PeerFactory
from realtime.relay.transport.peer import Peer
from realtime.relay.uplink.producer import Producer
from realtime.wire.relay import MediaKind

_REPORTS_PER_DATAGRAM = 16


class SubscribePeer:
    """Hold the consumers of one peer connection, audio slots first; slot k of both kinds shares a stream."""

    def __init__(
        self,
        *,
        generation: int,
        environment: Environment,
        factory: PeerFactory,
        events: PeerEvents,
        session_id: int,
        now_ns: int,
    ) -> None:
        self._events = events
        self._factory = factory
        self._counters: Counters = environment.counters
        self._session_id = session_id
        self._answer: Description | None = None
        self.remb: int | None = None
        self.peer = factory.make(direction="subscribe", generation=generation, owner=self, now_ns=now_ns)
        self.audio = [self._slot("audio", i, environment) for i in range(environment.audio_slots)]
        self.video = [self._slot("video", i, environment) for i in range(environment.video_slots)]
        self._by_ssrc = {consumer.ssrc: consumer for consumer in self._consumers()}
        self._refused: frozenset[str] = frozenset()

    def _slot(self, kind: MediaKind, index: int, environment: Environment) -> Consumer:
        random_below = environment.random_below
        return Consumer(
            mid=f"{kind[0]}{index}",
            kind=kind,
            # One bit of the kind and the index keep the SSRCs of one peer connection apart.
            ssrc=(random_below(2**24) << 8) | (0x80 if kind == "video" else 0) | (index & 0x7F),
            first_sequence=random_below(2**15),
            first_timestamp=random_below(2**31),
            send=self.peer.send_rtp,
        )

    def _consumers(self) -> list[Consumer]:
        return [*self.audio, *self.video]

    def offer(self) -> str:
        """Write the offer of the pool; the same text each time."""
        slots = [
            sdp_write.SlotLine(
                mid=consumer.mid, kind=consumer.kind, ssrc=consumer.ssrc, stream=f"slot-{consumer.mid[1:]}"
            )
            for consumer in self._consumers()
        ]
        return sdp_write.slot_offer(
            self._factory.local(self.peer), slots, session_id=self._session_id, version=1
        )

    @property
    def is_answered(self) -> bool:
        """Say whether the browser has answered."""
        return self._answer is not None

    def answer(self, answer: Description) -> None:
        """Take the browser's answer; only now its handshake can be told from anybody else's."""
        if [media.mid for media in answer.media] != [consumer.mid for consumer in self._consumers()]:
            raise BadSdpError("the answer does not list the offered m-lines")
        if self._answer is not None and (
            answer.ufrag != self._answer.ufrag or answer.fingerprints != self._answer.fingerprints
        ):
            raise BadSdpError("a new transport needs a new generation")
        self._answer = answer
        self._refused = frozenset(
            media.mid for media in answer.media if media.is_rejected or not media.is_receiving
        )
        self.peer.ice.remote_ufrag = answer.ufrag
        self.peer.fingerprints = answer.fingerprints

    def carry(self, kind: MediaKind, producers: list[Producer | None], now_ns: int) -> None:
        """Put these producers into the slots of one kind; a slot that carries the right one is left alone."""
        consumers = self.audio if kind == "audio" else self.video
        for consumer, producer in zip(consumers, producers, strict=True):
            wanted = producer if self.peer.is_connected and consumer.mid not in self._refused else None
            if consumer.producer is wanted:
                continue
            if wanted is None:
                consumer.detach()
            else:
                consumer.attach(wanted, now_ns)

    def on_check(self, peer: Peer, now_ns: int) -> None:
        """Take a STUN check as a sign of life."""
        self._events.authenticated(now_ns)

    def on_rtp(self, peer: Peer, data: bytes, now_ns: int) -> None:
        """Take a packet that should not come here as a sign of life, and no more."""
        self._events.authenticated(now_ns)
        self._counters.drop("rtp_on_subscribe")

    def on_rtcp(self, peer: Peer, data: bytes, now_ns: int) -> None:
        """Take the browser's feedback."""
        self._events.authenticated(now_ns)
        for packet in rtcp.parse(data):
            if isinstance(packet, rtcp.Remb):
                self.remb = packet.bitrate
            elif isinstance(packet, rtcp.ReportBlock | rtcp.Nack | rtcp.KeyframeRequest):
                consumer = self._by_ssrc.get(packet.ssrc)
                if consumer is not None:
                    self._feedback(consumer, packet, now_ns)

    def _feedback(
        self, consumer: Consumer, packet: rtcp.ReportBlock | rtcp.Nack | rtcp.KeyframeRequest, now_ns: int
    ) -> None:
        if isinstance(packet, rtcp.ReportBlock):
            consumer.receiver_report(packet, now_ns)
        elif isinstance(packet, rtcp.KeyframeRequest):
            consumer.keyframe_request(now_ns)
        else:
            refused = consumer.nack(packet.sequences, now_ns)
            if refused:
                self._counters.dropped["nack_unanswered"] += refused

    def on_connected(self, peer: Peer, now_ns: int) -> None:
        """Pass it on."""
        self._events.peer_connected(peer, now_ns)

    def on_ended(self, peer: Peer, now_ns: int) -> None:
        """Pass it on."""
        self._events.peer_ended(peer, now_ns)

    def report(self, now_ns: int) -> None:
        """Send the sender reports of every slot that carried something in the last second."""
        reports: list[bytes] = []
        names: list[tuple[int, str]] = []
        for consumer in self._consumers():
            report = consumer.report(now_ns)
            if report is not None:
                reports.append(rtcp.build_sender_report(report))
                names.append((consumer.ssrc, f"slot-{consumer.mid[1:]}"))
        for start in range(0, len(reports), _REPORTS_PER_DATAGRAM):
            end = start + _REPORTS_PER_DATAGRAM
            self.peer.send_rtcp([*reports[start:end], rtcp.build_sdes(names[start:end])])

    def close(self) -> None:
        """End the peer connection; idempotent."""
        for consumer in self._consumers():
            consumer.detach()
        self._factory.end(self.peer)
