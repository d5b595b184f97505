"""One slot of one subscriber: constant SSRC, whoever is in it."""

from collections.abc import Callable

from realtime.relay.clock import SECOND, ntp_from_mono
from realtime.relay.downlink.outgoing import Outgoing
from realtime.relay.downlink.retransmission import (
    DEFAULT_ROUND_TRIP_NS,
    PLAIN_REACH,
    VOICE_COPIES,
    Allowance,
    History,
)
from realtime.relay.packets import rtcp, rtp, vp8
from realtime.relay.transport.route import Route
from realtime.relay.uplink.encoding import (
    OPUS_PAYLOAD,
    OPUS_RATE,
    VIDEO_PAYLOAD_AT,
    VP8_PAYLOAD,
    VP8_RATE,
    Encoding,
)
from realtime.relay.uplink.producer import Producer
from realtime.wire.relay import MediaKind

# A publisher's clock that differs so much from the time that has passed here is not believed.
_MAX_CLOCK_ERROR_NS = SECOND
_MAX_REPORT_ERROR_NS = 5 * SECOND
_MAX_HOLES = 1000
# A key frame of a large picture; what follows it is asked for like anything that is lost.
_MAX_CAUGHT_UP = 64
# 200 ms of voice; what has waited longer is of no use any more.
_VOICE_HELD = 10
_pack = rtp.HEADER.pack
_MASK16, _MASK32 = 0xFFFF, 0xFFFFFFFF
_MARKER, _ALWAYS = 0x80, 0x8000
_EXTENSION_BYTES = 8


class Consumer:
    """Send one encoding of one producer at a time; numbers and time run on without a seam when it changes.

    `encoding` is what is sent now, `target` what is to be sent from its next start on; both None: paused.
    """

    # More than thirty attributes in a dictionary of its own would be slow to read.
    __slots__ = (
        "_allowance", "_dropped_frame", "_end_bit", "_held", "_history", "_holes", "_last_report",
        "_packets_reported", "_plain_send", "_rate", "_rtx_payload", "_rtx_sequence", "_send", "_switched",
        "encoding", "kind", "loss_fraction", "mid", "outgoing", "producer", "resent_bytes", "round_trip_ns",
        "rtx_ssrc", "ssrc", "target",
    )  # fmt: skip

    def __init__(
        self,
        *,
        mid: str,
        kind: MediaKind,
        ssrc: int,
        first_sequence: int,
        first_timestamp: int,
        send: Callable[[bytes], bool | None],
        rtx_ssrc: int | None = None,
        switched: Callable[["Consumer", bool, int], None] | None = None,
        route: Route | None = None,
    ) -> None:
        if not 0 <= first_sequence < 2**15:
            # A receiver that misses the first packets must not have to guess whether the counter has wrapped.
            raise ValueError("the first sequence number must lie below 2^15")
        self.mid = mid
        self.kind: MediaKind = kind
        self.ssrc = ssrc
        self.rtx_ssrc = rtx_ssrc
        self.producer: Producer | None = None
        self.encoding: Encoding | None = None
        self.target: Encoding | None = None
        self.resent_bytes = 0
        self.loss_fraction = 0
        self.round_trip_ns = DEFAULT_ROUND_TRIP_NS
        is_video = kind == "video"
        self._plain_send = self._send = send
        self._switched = switched
        self._rate = VP8_RATE if is_video else OPUS_RATE
        self._end_bit = _MARKER if is_video else _ALWAYS
        self.outgoing = Outgoing(
            ssrc=ssrc,
            first_sequence=first_sequence,
            first_timestamp=first_timestamp,
            rate=self._rate,
            route=route,
        )
        self._rtx_payload: int | None = None
        self._rtx_sequence = first_sequence
        self._history = History()
        self._allowance = Allowance()
        # Numbers passed over whose packets the relay lacks itself; only these may still come late.
        self._holes: dict[int, None] = {}
        self._dropped_frame = b""
        self._held: list[bytes] = []
        self._last_report: int | None = None
        self._packets_reported = 0

    @property
    def is_waiting(self) -> bool:
        """Say whether something is to be sent of which nothing could be sent yet."""
        return self.encoding is None and self.target is not None

    @property
    def is_paused(self) -> bool:
        """Say whether somebody is in the slot of whom nothing is to be sent."""
        return self.producer is not None and self.encoding is None and self.target is None

    @property
    def packets(self) -> int:
        """Count the packets of the slot's own stream."""
        return self.outgoing.packets

    @property
    def octets(self) -> int:
        """Count what was in them."""
        return self.outgoing.octets

    @property
    def sent_bytes(self) -> int:
        """Count everything sent, with headers and repetitions."""
        return self.outgoing.sent_bytes(rtp.FIXED_LENGTH + _EXTENSION_BYTES) + self.resent_bytes

    def negotiated(self, *, payload: int, rtx_payload: int | None) -> None:
        """Use the numbers of the browser's answer; without one for RTX, packets go again as they were."""
        self.outgoing.payload_change = payload ^ (VP8_PAYLOAD if self.kind == "video" else OPUS_PAYLOAD)
        self._rtx_payload = rtx_payload if self.rtx_ssrc is not None else None

    def attach(self, producer: Producer, now_ns: int) -> None:
        """Carry `producer` from now on, its smallest encoding until `select` says otherwise."""
        self.detach()
        self.producer = producer
        self.select(producer.encodings[0], now_ns)

    def detach(self) -> None:
        """Carry nobody; the numbers wait where they are."""
        self._let_go(self.encoding)
        self._let_go(self.target)
        self.producer = self.encoding = self.target = None

    def select(self, encoding: Encoding | None, now_ns: int) -> None:
        """Send this encoding from its next packet on (video: its next key frame, which is asked for).

        Until then the one before goes on. None pauses at once: the slot keeps its producer and sends nothing.
        """
        if encoding is None:
            self._let_go(self.encoding)
            self._let_go(self.target)
            self.encoding = self.target = None
            return
        if encoding is self.target or (encoding is self.encoding and self.target is None):
            return
        self._let_go(self.target)
        self.target = None
        if encoding is self.encoding:
            return
        self.target = encoding
        encoding.subscribers.append(self)
        if self.kind == "video":
            encoding.requests.want_keyframe(now_ns)  # the relay's own wish: no subscriber is charged for it

    def _let_go(self, encoding: Encoding | None) -> None:
        if encoding is not None:
            encoding.subscribers.remove(self)

    def lane(self, encoding: Encoding, sequence: int) -> Outgoing | None:
        """Return the numbers if all of this encoding up to this one was sent, and nothing waits."""
        outgoing = self.outgoing
        return outgoing if encoding is self.encoding and outgoing.can_follow(sequence) else None

    def forward(  # one flat function: this is the hot path, and every call in it costs
        self,
        encoding: Encoding,
        sequence: int,
        timestamp: int,
        head: int,
        body: bytes,
        descriptor: vp8.Descriptor,
        is_start: bool,
        now_ns: int,
    ) -> None:
        """Send one packet of an encoding on."""
        rewriter = self.outgoing
        if encoding is self.target:
            if not is_start:
                return
            is_layer = self._switch(encoding, sequence, timestamp, descriptor, now_ns)
            self.forward(encoding, sequence, timestamp, head, body, descriptor, is_start, now_ns)
            if sequence < encoding.newest:
                self._catch_up(encoding, sequence, now_ns)
            if self._switched is not None:
                self._switched(self, is_layer, now_ns)
            return
        out = sequence + rewriter.sequence_shift
        out_timestamp = timestamp + rewriter.timestamp_shift
        last = rewriter.last_sequence
        if out > last:
            if out > last + 1:
                self._note_holes(last + 1, out)
            # `Rewriter.advance`, written out.
            rewriter.last_sequence = out
            rewriter.last_timestamp = out_timestamp
            rewriter.last_ns = now_ns
            rewriter.newest = descriptor
            rewriter.is_frame_whole = head & self._end_bit
        elif not self._fills_hole(out, now_ns):
            return
        packet = _pack(head ^ rewriter.payload_change, out & _MASK16, out_timestamp & _MASK32, self.ssrc)
        if rewriter.picture_shift or rewriter.index_shift:
            packet = vp8.rewrite(
                body, VIDEO_PAYLOAD_AT, descriptor, rewriter.picture_shift, rewriter.index_shift, packet
            )
        else:
            packet += body
        if self._send(packet) is False:
            self._no_room(packet)
            return
        rewriter.count(1, len(body) - (head >> 9 & 8))  # the extension bit counts its 8 bytes

    def crowded_out(
        self,
        sequence: int,
        timestamp: int,
        head: int,
        body: bytes,
        descriptor: vp8.Descriptor,
    ) -> None:
        """Take a packet back that was counted as sent, but the socket had no room for."""
        outgoing = self.outgoing
        outgoing.count(-1, (head >> 9 & 8) - len(body))
        out, out_timestamp = sequence + outgoing.sequence_shift, timestamp + outgoing.timestamp_shift
        header = _pack(head ^ outgoing.payload_change, out & _MASK16, out_timestamp & _MASK32, self.ssrc)
        shifts = outgoing.picture_shift, outgoing.index_shift
        self._no_room(vp8.rewrite(body, VIDEO_PAYLOAD_AT, descriptor, *shifts, header))

    def _switch(
        self, encoding: Encoding, sequence: int, timestamp: int, descriptor: vp8.Descriptor, now_ns: int
    ) -> bool:
        """Splice the target in; say whether another layer of the same camera went before it."""
        rewriter = self.outgoing
        before = self.encoding
        advance = self._captured_since(before, encoding, timestamp, now_ns) if before is not None else None
        self._let_go(before)
        self.encoding, self.target = encoding, None
        self._history.end(rewriter.last_sequence)
        rewriter.splice(sequence, timestamp, now_ns, descriptor, advance=advance)
        self._history.begin(encoding, rewriter)
        encoding.subscribers.begin(self)
        # What comes late of the time before has no number any more: the shifts are new.
        self._holes.clear()
        return before is not None

    def _catch_up(self, encoding: Encoding, start: int, now_ns: int) -> None:
        """Send what has followed a start that was itself lost on the way here, and has come late."""
        for sequence in range(start + 1, min(encoding.newest, start + _MAX_CAUGHT_UP) + 1):
            cached = encoding.cached(sequence)
            if cached is not None:
                head, timestamp, body, descriptor = cached
                self.forward(encoding, sequence, timestamp, head, body, descriptor, False, now_ns)

    def _captured_since(
        self, before: Encoding, encoding: Encoding, timestamp: int, now_ns: int
    ) -> int | None:
        """Return the ticks between the newest picture sent and the first of another layer of the same camera.

        Both layers show the same moments; their own clocks, told by the publisher's reports, say which.
        """
        rewriter = self.outgoing
        shown_ns = before.capture_ns(rewriter.last_timestamp - rewriter.timestamp_shift)
        next_ns = encoding.capture_ns(timestamp)
        if shown_ns is None or next_ns is None:
            return None
        if abs(next_ns - shown_ns - (now_ns - rewriter.last_ns)) > _MAX_CLOCK_ERROR_NS:
            return None
        return (next_ns - shown_ns) * self._rate // SECOND

    def _note_holes(self, first: int, until: int) -> None:
        for missing in range(max(first, until - _MAX_HOLES), until):
            self._holes[missing] = None
        while len(self._holes) > _MAX_HOLES:
            del self._holes[next(iter(self._holes))]

    def _fills_hole(self, out: int, now_ns: int) -> bool:
        """Say whether a packet that comes late may go under its own number; each number goes only once."""
        if out not in self._holes:
            return False
        del self._holes[out]
        if out > self.outgoing.last_sequence - PLAIN_REACH:
            return True
        if self._rtx_payload is not None:
            self._resend(out, now_ns)
        return False

    def _no_room(self, packet: bytes) -> None:
        """Let go of the rest of a picture that cannot be whole; keep voice for the next moment."""
        if self.kind == "video":
            self._dropped_frame = packet[4:8]
            self._hold(self._send_other_frames)
        else:
            self.outgoing.count(1, len(packet) - rtp.FIXED_LENGTH - (packet[0] >> 1 & 8))
            self._held.append(packet)
            self._hold(self._send_held_first)

    def _hold(self, send: Callable[[bytes], bool | None]) -> None:
        """Send in another way until there is room again."""
        self._send = send
        self.outgoing.is_held = True

    def _release(self) -> None:
        self._send = self._plain_send
        self.outgoing.is_held = False

    def _send_other_frames(self, packet: bytes) -> bool | None:
        if packet[4:8] == self._dropped_frame:
            return False
        self._release()
        return self._plain_send(packet)

    def _send_held_first(self, packet: bytes) -> bool:
        self._held.append(packet)
        del self._held[:-_VOICE_HELD]
        while self._held and self._plain_send(self._held[0]) is not False:
            del self._held[0]
        if not self._held:
            self._release()
        return True

    def nack(self, sequences: tuple[int, ...], now_ns: int) -> tuple[int, int]:
        """Send again what the subscriber lost, within bounds; return how many were and how many were not.

        What the relay is itself still waiting for is neither: it goes out when it comes.
        """
        answered = refused = 0
        newest = self.outgoing.last_sequence
        for low in sequences:
            out = newest + rtp.signed16(low - newest)
            if self._resend(out, now_ns):
                answered += 1
            elif out not in self._holes:
                refused += 1
        return answered, refused

    def _resend(self, out: int, now_ns: int) -> bool:
        newest = self.outgoing.last_sequence
        if out > newest or (self._rtx_payload is None and out <= newest - PLAIN_REACH):
            return False
        found = self._history.find(out, now_ns)
        if found is None:
            return False
        head, timestamp, body = found
        size = len(body) + rtp.FIXED_LENGTH
        copies = self._allowance.take(
            out, size, sent=self.sent_bytes, round_trip_ns=self.round_trip_ns, now_ns=now_ns,
            at_first=1 if self.kind == "video" else VOICE_COPIES,
        )  # fmt: skip
        if not copies:
            return False
        self._holes.pop(out, None)
        if self._rtx_payload is None or self.rtx_ssrc is None:
            head, sequence, ssrc = head ^ self.outgoing.payload_change, out, self.ssrc
            self.outgoing.count(copies, copies * (len(body) - (head >> 9 & 8)))
        else:
            # RFC 4588: a stream of its own, in which each payload begins with its number in the first stream.
            original = (out & _MASK16).to_bytes(2, "big")
            body = body[:VIDEO_PAYLOAD_AT] + original + body[VIDEO_PAYLOAD_AT:]
            head = head & ~0x7F | self._rtx_payload
            sequence, ssrc = self._rtx_sequence, self.rtx_ssrc
            self._rtx_sequence += 1
            self.resent_bytes += size + len(original)
        packet = _pack(head, sequence & _MASK16, timestamp & _MASK32, ssrc) + body
        for _ in range(copies):
            self._plain_send(packet)
        return True

    def keyframe_request(self, now_ns: int) -> None:
        """Pass the subscriber's wish on to whoever is in the slot."""
        wanted = self.target or self.encoding
        if self.kind == "video" and wanted is not None:
            wanted.requests.want_keyframe(now_ns, self.ssrc)

    def report(self, now_ns: int) -> rtcp.SenderReport | None:
        """Return the sender report of the last second, or None if nothing was sent in it."""
        if self.packets == self._packets_reported:
            return None
        report = self.sender_report(now_ns)
        if report is not None:
            self._packets_reported = self.packets
        return report

    def sender_report(self, now_ns: int) -> rtcp.SenderReport | None:
        """Tie this moment to the slot's timestamps, never by a mapping from before the newest switch.

        None while nothing is sent, and where the clock would have to go back: none is better.
        """
        encoding, rewriter = self.encoding, self.outgoing
        if encoding is None:
            return None
        by_arrival = rewriter.last_timestamp + (now_ns - rewriter.last_ns) * self._rate // SECOND
        timestamp = encoding.timestamp_at(now_ns) + rewriter.timestamp_shift
        if abs(timestamp - by_arrival) > _MAX_REPORT_ERROR_NS * self._rate // SECOND:
            timestamp = by_arrival
        if self._last_report is not None and timestamp <= self._last_report:
            return None
        self._last_report = timestamp
        return rtcp.SenderReport(
            ssrc=self.ssrc,
            ntp=ntp_from_mono(now_ns),
            rtp_timestamp=timestamp & _MASK32,
            packets=self.packets,
            octets=self.octets,
        )
