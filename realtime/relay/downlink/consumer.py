"""One slot of one subscriber: constant SSRC, whoever is in it."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from realtime.relay.clock import MILLISECOND, SECOND, ntp_from_mono
from realtime.relay.packets import rtcp, rtp, vp8
from realtime.relay.packets.rewriter import Rewriter
from realtime.relay.uplink.encoding import OPUS_RATE, VIDEO_PAYLOAD_AT, VP8_RATE, Encoding
from realtime.relay.uplink.producer import Producer
from realtime.wire.relay import MediaKind

MAX_RESENDS_PER_PACKET = 3
MAX_RESENDS_PER_SECOND = 200
_DEFAULT_ROUND_TRIP_NS = 50 * MILLISECOND
_SEGMENTS_KEPT = 8
_RESENDS_KEPT = 512
_MASK16, _MASK32 = 0xFFFF, 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class _Segment:
    """Remember how a stretch of outgoing numbers maps back to the encoding it came from."""

    first: int
    encoding: Encoding
    sequence_shift: int
    timestamp_shift: int
    picture_shift: int
    index_shift: int


class Consumer:
    """Send one encoding of one producer at a time; numbers and time run on without a seam when it changes.

    `encoding` is what is sent now, `target` what is to be sent from its next start on; both None: paused.
    """

    def __init__(
        self,
        *,
        mid: str,
        kind: MediaKind,
        ssrc: int,
        first_sequence: int,
        first_timestamp: int,
        send: Callable[[bytes], bool | None],
    ) -> None:
        if not 0 <= first_sequence < 2**15:
            # A receiver that misses the first packets must not have to guess whether the counter has wrapped.
            raise ValueError("the first sequence number must lie below 2^15")
        self.mid = mid
        self.kind: MediaKind = kind
        self.ssrc = ssrc
        self.producer: Producer | None = None
        self.encoding: Encoding | None = None
        self.target: Encoding | None = None
        self.packets = 0
        self.octets = 0
        self.loss_fraction = 0
        self.round_trip_ns = _DEFAULT_ROUND_TRIP_NS
        self._send = send
        self._rate = VP8_RATE if kind == "video" else OPUS_RATE
        self._rewriter = Rewriter(
            first_sequence=first_sequence, first_timestamp=first_timestamp, rate=self._rate
        )
        self._entered = 0
        self._segments: deque[_Segment] = deque(maxlen=_SEGMENTS_KEPT)
        self._resent: dict[int, tuple[int, int]] = {}
        self._budget = MAX_RESENDS_PER_SECOND
        self._last_report_timestamp: int | None = None
        self._packets_reported = 0

    @property
    def is_waiting(self) -> bool:
        """Say whether something is to be sent of which nothing could be sent yet."""
        return self.encoding is None and self.target is not None

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
            encoding.want_keyframe(now_ns)

    def _let_go(self, encoding: Encoding | None) -> None:
        if encoding is not None:
            encoding.subscribers.remove(self)

    def forward(
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
        rewriter = self._rewriter
        if encoding is self.target:
            if not is_start:
                return
            self._let_go(self.encoding)
            self.encoding, self.target = encoding, None
            self._entered = sequence
            rewriter.splice(sequence, timestamp, now_ns, descriptor)
            self._segments.append(
                _Segment(
                    rewriter.last_sequence + 1,
                    encoding,
                    rewriter.sequence_shift,
                    rewriter.timestamp_shift,
                    rewriter.picture_shift,
                    rewriter.index_shift,
                )
            )
        elif sequence < self._entered:
            return
        out = rewriter.advance(sequence, timestamp, now_ns, descriptor)
        if rewriter.picture_shift or rewriter.index_shift:
            body = vp8.rewrite(
                body, VIDEO_PAYLOAD_AT, descriptor, rewriter.picture_shift, rewriter.index_shift
            )
        self.packets += 1
        self.octets += len(body)
        out_timestamp = (timestamp + rewriter.timestamp_shift) & _MASK32
        self._send(rtp.HEADER.pack(head, out & _MASK16, out_timestamp, self.ssrc) + body)

    def nack(self, sequences: tuple[int, ...], now_ns: int) -> int:
        """Send again what the subscriber lost, within bounds; return how many could not be."""
        refused = 0
        for low in sequences:
            newest = self._rewriter.last_sequence
            if not self._resend(newest + rtp.signed16(low - newest), now_ns):
                refused += 1
        return refused

    def _resend(self, out: int, now_ns: int) -> bool:
        times, at_ns = self._resent.get(out, (0, 0))
        if times >= MAX_RESENDS_PER_PACKET or (times and now_ns - at_ns < self.round_trip_ns):
            return False
        segment = next((each for each in reversed(self._segments) if each.first <= out), None)
        if segment is None or out > self._rewriter.last_sequence or self._budget <= 0:
            return False
        cached = segment.encoding.cached(out - segment.sequence_shift)
        if cached is None:
            return False
        head, timestamp, body, descriptor = cached
        if self.kind == "video":
            # Bytes 5 to 8 hold the abs-send-time; an old one would read as a queue on the path.
            body = body[:5] + rtp.abs_send_time(now_ns) + body[8:]
            body = vp8.rewrite(body, VIDEO_PAYLOAD_AT, descriptor, segment.picture_shift, segment.index_shift)
        self._budget -= 1
        if len(self._resent) >= _RESENDS_KEPT:
            self._resent.pop(next(iter(self._resent)))
        self._resent[out] = times + 1, now_ns
        self.packets += 1
        self.octets += len(body)
        out_timestamp = (timestamp + segment.timestamp_shift) & _MASK32
        self._send(rtp.HEADER.pack(head, out & _MASK16, out_timestamp, self.ssrc) + body)
        return True

    def keyframe_request(self, now_ns: int) -> None:
        """Pass the subscriber's wish on to whoever is in the slot."""
        wanted = self.target or self.encoding
        if self.kind == "video" and wanted is not None:
            wanted.want_keyframe(now_ns)

    def receiver_report(self, block: rtcp.ReportBlock, now_ns: int) -> None:
        """Learn loss and round trip time."""
        self.loss_fraction = block.fraction_lost
        if block.last_sr:
            middle = (ntp_from_mono(now_ns) >> 16) & _MASK32
            round_trip = (middle - block.last_sr - block.delay_since_sr) & _MASK32
            if round_trip < 2 * 65536:
                self.round_trip_ns = max(round_trip * SECOND // 65536, 10 * MILLISECOND)

    def report(self, now_ns: int) -> rtcp.SenderReport | None:
        """Return the sender report of the last second, or None if nothing was sent in it."""
        self._budget = MAX_RESENDS_PER_SECOND
        if self.packets == self._packets_reported or self.encoding is None:
            return None
        self._packets_reported = self.packets
        timestamp = self.encoding.timestamp_at(now_ns) + self._rewriter.timestamp_shift
        if self._last_report_timestamp is not None:
            timestamp = max(timestamp, self._last_report_timestamp)
        self._last_report_timestamp = timestamp
        return rtcp.SenderReport(
            ssrc=self.ssrc,
            ntp=ntp_from_mono(now_ns),
            rtp_timestamp=timestamp & _MASK32,
            packets=self.packets,
            octets=self.octets,
        )
