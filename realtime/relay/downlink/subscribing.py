"""One subscribe peer connection: a fixed pool of slots, and the feedback that comes back for them."""

from typing import Literal

from realtime.relay.counters import Counters
from realtime.relay.downlink.consumer import Consumer
from realtime.relay.downlink.feedback import (
    KEYFRAME_REQUESTS_PER_SECOND,
    NACKED_PER_SECOND,
    Limit,
    PathReports,
    SentRate,
)
from realtime.relay.negotiation.sdp_read import BadSdpError, Description
from realtime.relay.negotiation.slot_offer import SlotLine, slot_offer
from realtime.relay.packets import rtcp
from realtime.relay.seat import Environment, PeerEvents, PeerFactory
from realtime.relay.transport.peer import Peer
from realtime.relay.uplink.producer import Producer

Column = Literal["audio", "video", "screen"]
_REPORTS_PER_DATAGRAM = 16
_RTX_BIT = 0x80


class SubscribePeer:
    """Hold the consumers of one peer connection; slot k of voices and of cameras are one stream."""

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
        self._version = 1
        self.remb: int | None = None
        self.remb_ns: int | None = None
        self.has_reported = False
        self._path = PathReports()
        self._sent = SentRate()
        self._nacks = Limit(NACKED_PER_SECOND)
        self._keyframe_requests = Limit(KEYFRAME_REQUESTS_PER_SECOND)
        self.peer = factory.make(direction="subscribe", generation=generation, owner=self, now_ns=now_ns)
        self.audio = [self._slot("a", i, environment) for i in range(environment.audio_slots)]
        self.video = [self._slot("v", i, environment) for i in range(environment.video_slots)]
        self.screen = [self._slot("s", i, environment) for i in range(environment.screen_slots)]
        self._by_ssrc = {consumer.ssrc: consumer for consumer in self._consumers()}
        self._refused: frozenset[str] = frozenset()

    def _slot(self, letter: Literal["a", "v", "s"], index: int, environment: Environment) -> Consumer:
        random_below = environment.random_below
        # The letter, the index and whether it is sent again keep the SSRCs of one peer connection apart.
        ssrc = (random_below(2**21) << 11) | ("avs".index(letter) << 8) | (index & 0x7F)
        return Consumer(
            mid=f"{letter}{index}",
            kind="audio" if letter == "a" else "video",
            ssrc=ssrc,
            first_sequence=random_below(2**15),
            first_timestamp=random_below(2**31),
            send=self.peer.send_rtp,
            rtx_ssrc=None if letter == "a" else ssrc | _RTX_BIT,
            switched=self._switched,
            route=self.peer.route,
        )

    def _consumers(self) -> list[Consumer]:
        return [*self.audio, *self.video, *self.screen]

    def offer(self, *, restart: bool = False) -> str:
        """Write the offer of the pool: the same text each time, but for new ICE credentials if asked for."""
        if restart:
            self._factory.restart(self.peer, None)
            self._version += 1
        slots = [
            SlotLine(
                mid=consumer.mid,
                kind=consumer.kind,
                ssrc=consumer.ssrc,
                rtx_ssrc=consumer.rtx_ssrc,
                stream=_stream(consumer),
            )
            for consumer in self._consumers()
        ]
        local = self._factory.local(self.peer)
        return slot_offer(local, slots, session_id=self._session_id, version=self._version)

    @property
    def loss(self) -> float:
        """The worst smoothed loss of a slot that flows, 0 to 1."""
        return self._path.loss

    @property
    def round_trip_ns(self) -> int:
        """How long a packet to this browser and its answer take."""
        return self._path.round_trip_ns

    def sent_bitrate(self, now_ns: int) -> int:
        """Return the bits per second that went to this browser in the last second, repetitions and all."""
        if now_ns >= self._sent.due_ns:
            self._sent.measure(sum(each.sent_bytes for each in self._consumers()), now_ns)
        return self._sent.bitrate

    @property
    def is_answered(self) -> bool:
        """Say whether the browser has answered."""
        return bool(self.peer.fingerprints)

    def answer(self, answer: Description, now_ns: int) -> None:
        """Take the browser's answer; only now its handshake can be told from anybody else's."""
        if [media.mid for media in answer.media] != [consumer.mid for consumer in self._consumers()]:
            raise BadSdpError("the answer does not list the offered m-lines")
        if self.is_answered and answer.fingerprints != self.peer.fingerprints:
            raise BadSdpError("another certificate needs a new generation")
        if not self.peer.ice.meet(answer.ufrag):
            raise BadSdpError("new ICE credentials answer nothing that was offered")
        self._refused = frozenset(
            media.mid
            for media in answer.media
            if media.is_rejected or not media.is_receiving or media.payload is None
        )
        for consumer, media in zip(self._consumers(), answer.media, strict=True):
            if media.payload is not None:
                consumer.negotiated(payload=media.payload, rtx_payload=media.repair_payload)
        self.peer.expect(answer.fingerprints, now_ns)

    def carry(self, column: Column, producers: list[Producer | None], now_ns: int) -> None:
        """Put these producers into the slots of one column; one that carries the right one is left alone."""
        consumers: list[Consumer] = getattr(self, column)
        for consumer, producer in zip(consumers, producers, strict=True):
            wanted = producer if self.peer.is_listening and consumer.mid not in self._refused else None
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
                self.remb, self.remb_ns = packet.bitrate, now_ns
                self.has_reported = True
            elif isinstance(packet, rtcp.ReportBlock | rtcp.Nack | rtcp.KeyframeRequest):
                consumer = self._by_ssrc.get(packet.ssrc)
                if consumer is not None:
                    self._feedback(consumer, packet, now_ns)

    def _feedback(
        self, consumer: Consumer, packet: rtcp.ReportBlock | rtcp.Nack | rtcp.KeyframeRequest, now_ns: int
    ) -> None:
        counters = self._counters
        if isinstance(packet, rtcp.ReportBlock):
            self.has_reported = True
            self._path.receiver_report(packet, now_ns)
            consumer.round_trip_ns = self._path.round_trip_ns
            consumer.loss_fraction = packet.fraction_lost
        elif isinstance(packet, rtcp.KeyframeRequest):
            if self._keyframe_requests.grant(1, now_ns):
                counters.add("fir_received" if packet.is_fir else "pli_received")
                consumer.keyframe_request(now_ns)
            else:
                counters.drop("pli_rate")
        else:
            granted = self._nacks.grant(len(packet.sequences), now_ns)
            counters.add("nack_received", len(packet.sequences))
            counters.dropped["nack_rate"] += len(packet.sequences) - granted
            answered, refused = consumer.nack(packet.sequences[:granted], now_ns)
            counters.add("rtx_sent", answered)
            counters.dropped["nack_unanswered"] += refused

    def on_connected(self, peer: Peer, now_ns: int) -> None:
        """Pass it on."""
        self._events.peer_connected(peer, now_ns)

    def on_ended(self, peer: Peer, now_ns: int) -> None:
        """Pass it on."""
        self._events.peer_ended(peer, now_ns)

    def report(self, now_ns: int) -> None:
        """Send the sender reports of every slot that carried something in the last second."""
        self._path.keep_only({each.ssrc for each in self._consumers() if each.encoding is not None})
        reports: list[bytes] = []
        names: list[tuple[int, str]] = []
        for consumer in self._consumers():
            report = consumer.report(now_ns)
            if report is not None:
                reports.append(rtcp.build_sender_report(report))
                names.append((consumer.ssrc, _stream(consumer)))
        for start in range(0, len(reports), _REPORTS_PER_DATAGRAM):
            end = start + _REPORTS_PER_DATAGRAM
            self.peer.send_rtcp([*reports[start:end], rtcp.build_sdes(names[start:end])])

    def _switched(self, consumer: Consumer, is_layer: bool, now_ns: int) -> None:
        """Tell the time of what has begun at once: lips would follow what was there before."""
        if is_layer:
            self._counters.add("layer_switch")
        report = consumer.sender_report(now_ns)
        if report is not None:
            names = [(consumer.ssrc, _stream(consumer))]
            self.peer.send_rtcp([rtcp.build_sender_report(report), rtcp.build_sdes(names)])

    def close(self) -> None:
        """End the peer connection; idempotent."""
        for consumer in self._consumers():
            consumer.detach()
        self._factory.end(self.peer)


def _stream(consumer: Consumer) -> str:
    """Name the media stream of a slot; a shared screen is in step with nobody's voice."""
    return f"{'screen' if consumer.mid[0] == 's' else 'slot'}-{consumer.mid[1:]}"
