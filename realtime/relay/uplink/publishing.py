"""One publish peer connection: find the track of each packet, and report back to the browser."""

from dataclasses import dataclass

from realtime.relay.counters import Counters
from realtime.relay.negotiation import sdp_write
from realtime.relay.negotiation.sdp_read import AUDIO_LEVEL_URI, MID_URI, BadSdpError, Description
from realtime.relay.packets import rtcp, rtp
from realtime.relay.seat import PeerEvents, PeerFactory
from realtime.relay.transport.peer import Peer
from realtime.relay.uplink.producer import Producer
from realtime.wire.relay import Source


@dataclass(frozen=True, slots=True)
class _Line:
    mid: str
    payload: int
    mid_id: int
    level_id: int
    ssrcs: tuple[int, ...]


class PublishPeer:
    """Route authenticated RTP to the connection's producers; the first m-line of each kind is the track."""

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
        self._lines: dict[Source, _Line] = {}
        self._bound: dict[int, Source] = {}
        self.peer = factory.make(direction="publish", generation=generation, owner=self, now_ns=now_ns)
        self.peer.ice.meet(offer.ufrag)
        self.peer.fingerprints = offer.fingerprints
        self._take_lines()

    @property
    def tracks(self) -> frozenset[Source]:
        """What is published by the newest offer; a camera switched off is still published."""
        return frozenset(self._lines)

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
            sending=[line.mid for line in self._lines.values()],
            session_id=self._session_id,
            version=self._version,
        )

    def on_check(self, peer: Peer, now_ns: int) -> None:
        """Take a STUN check as a sign of life."""
        self._events.authenticated(now_ns)

    def on_rtp(self, peer: Peer, data: bytes, now_ns: int) -> None:
        """Take one packet of a track."""
        self._events.authenticated(now_ns)
        header = rtp.parse_header(data)
        track = self._bound.get(header[2]) or self._bind(data, header)
        line = self._lines.get(track) if track is not None else None
        if track is None or line is None or data[1] & 0x7F != line.payload:
            self._counters.drop("unpublished")
            return
        level = b""
        if track == "camera":
            self._events.camera_authenticated(now_ns)
        elif line.level_id:
            level = rtp.find_extension(data, header[3], header[4], line.level_id)
        reason = self._producers[track].receive(0, data, header, level, peer.number, peer.send_rtcp, now_ns)
        if reason is not None:
            self._counters.drop(reason)

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

    def report(self, bitrate: int, now_ns: int) -> None:
        """Send the reception report, and how much the browser may send."""
        blocks = []
        for producer in self._producers.values():
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
        lines: dict[Source, _Line] = {}
        for media in self._offer.media:
            track: Source = "microphone" if media.kind == "audio" else "camera"
            if sdp_write.is_usable(media) and media.is_sending and media.payload is not None:
                lines.setdefault(
                    track,
                    _Line(
                        mid=media.mid,
                        payload=media.payload,
                        mid_id=media.extensions.get(MID_URI, 0),
                        level_id=media.extensions.get(AUDIO_LEVEL_URI, 0),
                        ssrcs=media.ssrcs,
                    ),
                )
        self._lines = lines

    def _bind(self, data: bytes, header: rtp.Header) -> Source | None:
        """Remember whose authentic SSRC this is: by MID, or announcement, or payload type."""
        mid_id = next((line.mid_id for line in self._lines.values()), 0)
        mid = (
            rtp.find_extension(data, header[3], header[4], mid_id).decode("ascii", "replace")
            if mid_id
            else ""
        )
        for track, line in self._lines.items():
            if line.mid == mid if mid else (header[2] in line.ssrcs or line.payload == data[1] & 0x7F):
                self._bound[header[2]] = track
                return track
        return None
