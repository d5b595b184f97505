"""One publish peer connection: find the track of each packet, and report back to the browser."""

from realtime.relay.counters import Counters
from realtime.relay.negotiation import sdp_write
from realtime.relay.negotiation.sdp_read import BadSdpError, Description
from realtime.relay.packets import rtcp, rtp
from realtime.relay.seat import PeerEvents, PeerFactory
from realtime.relay.transport.inlet import Inlet
from realtime.relay.transport.peer import Peer
from realtime.relay.uplink.incoming import Incoming
from realtime.relay.uplink.producer import Producer
from realtime.relay.uplink.streams import Stream, StreamTable, take_lines
from realtime.wire.relay import Source


class PublishPeer:
    """Route authenticated RTP to the connection's producers, by the m-lines of the newest offer."""

    def __init__(
        self,
        *,
        generation: int,
        offer: Description,
        producers: dict[Source, Producer],
        events: PeerEvents,
        factory: PeerFactory,
        counters: Counters,
        session_id: int,
        now_ns: int,
    ) -> None:
        self._events = events
        self._factory = factory
        self._counters = counters
        self._producers = producers
        self._session_id = session_id
        self._version = 0
        self._offer = offer
        self._streams = StreamTable(self._is_missing)
        self._witnessed_ns = self._camera_ns = -1
        self.peer = factory.make(direction="publish", generation=generation, owner=self, now_ns=now_ns)
        self.peer.ice.meet(offer.ufrag)
        self.peer.fingerprints = offer.fingerprints
        self._incoming: dict[int, Incoming] = {}
        self._take_lines()

    @property
    def tracks(self) -> frozenset[Source]:
        """What is published by the newest offer; a camera switched off is still published."""
        return frozenset(self._streams.lines)

    def renegotiate(self, offer: Description) -> None:
        """Take a further offer of the same peer connection; another user fragment restarts ICE."""
        if offer.fingerprints != self._offer.fingerprints:
            raise BadSdpError("another certificate needs a new generation")
        if offer.ufrag != self.peer.ice.remote_ufrag:
            self._factory.restart(self.peer, offer.ufrag)
        self._offer = offer
        self._take_lines()

    def answer(self) -> str:
        """Write the answer to the newest offer."""
        self._version += 1
        return sdp_write.answer(
            self._offer,
            self._factory.local(self.peer),
            takes={line.media.mid: line.rids for line in self._streams.lines.values()},
            session_id=self._session_id,
            version=self._version,
        )

    def on_check(self, peer: Peer, now_ns: int) -> None:
        """Take a STUN check as a sign of life."""
        self._events.authenticated(now_ns)

    def on_rtp(self, peer: Peer, data: bytes, now_ns: int) -> None:
        """Take one packet of a track."""
        self._heard(now_ns)
        header = rtp.parse_header(data)
        stream = self._streams.known.get(header[2]) or self._streams.latch(data, header)
        if stream is None or data[1] & 0x7F != stream.payload:
            self._counters.drop("unpublished")
            return
        if stream.is_repair:
            self._repair(stream, data, header, now_ns)
            return
        level = b""
        if stream.source == "camera":
            self._seen(now_ns)
        elif stream.level_id:
            level = rtp.find_extension(data, header[3], header[4], stream.level_id)
        reason = self._producers[stream.source].receive(
            stream.rank, data, header, level, peer.number, self._feedback, now_ns
        )
        if reason is not None:
            self._counters.drop(reason)
        elif self.peer.inlet is not None:
            self._let_go_on(self.peer.inlet, header[2], stream)

    def _heard(self, now_ns: int) -> None:
        # What came in one burst came at one time.
        if now_ns != self._witnessed_ns:
            self._witnessed_ns = now_ns
            self._events.authenticated(now_ns)

    def _seen(self, now_ns: int) -> None:
        if now_ns != self._camera_ns:
            self._camera_ns = now_ns
            self._events.camera_authenticated(now_ns)

    def _let_go_on(self, inlet: Inlet, ssrc: int, stream: Stream) -> None:
        """Let the data plane take in what comes next."""
        producer = self._producers[stream.source]
        incoming = self._incoming.get(ssrc)
        if incoming is None:
            incoming = self._incoming[ssrc] = Incoming(
                ssrc=ssrc, stream=stream, producer=producer, peer=self.peer.number,
                heard=self._went_on, decrypted=self._decrypted,
            )  # fmt: skip
        producer.encodings[stream.rank].flow = inlet.go_on(incoming)

    def _went_on(self, source: Source, now_ns: int) -> None:
        """Witness a packet that the data plane took in."""
        self.peer.last_ns = now_ns
        self._heard(now_ns)
        if source == "camera":
            self._seen(now_ns)

    def _decrypted(self, data: bytes, now_ns: int) -> None:
        """Take a packet that the data plane has decrypted, and found out of the ordinary."""
        self.peer.last_ns = now_ns
        try:
            self.on_rtp(self.peer, data, now_ns)
        except ValueError:
            self._counters.drop("srtp_or_rtp_invalid")

    def _repair(self, stream: Stream, data: bytes, header: rtp.Header, now_ns: int) -> None:
        """Take what is sent again in a stream of its own; probes for bandwidth end here."""
        producer = self._producers[stream.source]
        repeated = rtp.unwrap_repair(data, header, producer.encodings[stream.rank].ssrc or 0)
        if repeated is None:
            self._counters.add("rtx_padding")
            return
        reason = producer.repair(stream.rank, data, repeated, self.peer.number, self._feedback, now_ns)
        if reason is None:
            self._counters.add("rtx_received")
            if stream.source == "camera":
                self._events.camera_authenticated(now_ns)
        else:
            # Browsers probe with packets that have arrived long ago: no loss, and nothing to wonder about.
            self._counters.add("rtx_unneeded")

    def on_rtcp(self, peer: Peer, data: bytes, now_ns: int) -> None:
        """Take the browser's sender reports; the rest has no receiver here."""
        self._events.authenticated(now_ns)
        for packet in rtcp.parse(data):
            if isinstance(packet, rtcp.SenderReport):
                for producer in self._producers.values():
                    for encoding in producer.encodings:
                        encoding.sender_report(packet, now_ns)

    def on_connected(self, peer: Peer, now_ns: int) -> None:
        """Pass it on."""
        self._events.peer_connected(peer, now_ns)

    def on_ended(self, peer: Peer, now_ns: int) -> None:
        """Pass it on."""
        self._events.peer_ended(peer, now_ns)

    def _feedback(self, packets: list[bytes]) -> None:
        for packet in packets:
            self._counters.add("nack_sent" if packet[1] == rtcp.RTPFB else "pli_sent")
        self.peer.send_rtcp(packets)

    def report(self, bitrate: int, now_ns: int) -> None:
        """Send the reception report, and how much the browser may send."""
        blocks = []
        for producer in self._producers.values():
            self._counters.add("keyframe", producer.keyframes_since())
            for encoding in producer.encodings:
                if encoding.peer_number == self.peer.number and encoding.stats is not None:
                    blocks.append(encoding.stats.report(now_ns))
        if not blocks or not self.peer.is_connected:
            return
        self.peer.send_rtcp(
            [
                rtcp.build_receiver_report(rtcp.RELAY_SSRC, blocks),
                rtcp.build_remb(rtcp.RELAY_SSRC, bitrate, [block.ssrc for block in blocks]),
            ]
        )

    def close(self) -> None:
        """End the peer connection; idempotent."""
        self._factory.end(self.peer)
        for producer in self._producers.values():
            producer.forget_peer(self.peer.number)

    def _take_lines(self) -> None:
        lines = take_lines(self._offer)
        self._streams.take(lines)
        self._incoming.clear()
        if self.peer.inlet is not None:
            self.peer.inlet.forget()
        for source, line in lines.items():
            self._producers[source].negotiated(
                is_simulcast=len(line.rids) > 1, is_nackable="nack" in line.media.feedback
            )

    def _is_missing(self, source: Source, rank: int, sequence: int) -> bool:
        encoding = self._producers[source].encodings[rank]
        return encoding.peer_number == self.peer.number and encoding.is_missing(sequence)
