"""One RTP stream of a track as it comes in: the whole track, or one layer of its simulcast."""

from collections.abc import Callable

from realtime.relay.clock import SECOND
from realtime.relay.packets import rtcp, rtp, vp8
from realtime.relay.packets.packet_cache import Cached, PacketCache
from realtime.relay.packets.reception import NackList, ReceptionStats
from realtime.relay.packets.rewriter import Rewriter
from realtime.relay.uplink.capture import CaptureTimes, ClockMap
from realtime.relay.uplink.fan_out import FanOut
from realtime.relay.uplink.keyframes import FULL_THROTTLE_NS, LOW_THROTTLE_NS, KeyframeGovernor
from realtime.relay.uplink.meter import BitrateMeter
from realtime.wire.relay import Source

OPUS_PAYLOAD, OPUS_RATE = 111, 48_000
VP8_PAYLOAD, VP8_RATE = 96, 90_000
AUDIO_LEVEL_ID, ABS_SEND_TIME_ID = 1, 2
_AUDIO_CACHE, _VIDEO_CACHE = 64, 512
# A larger hole is another run of the stream, not loss; a packet further back is of no use to anybody.
_MAX_DROPOUT, _MAX_DISORDER = 1000, 1000
_MAX_SILENT_CLOCK_JUMP_SECONDS = 10
_RETIRED_SOURCE_WAITS_NS = SECOND
_MAX_RETIRED = 16
_MAX_SKIPPED = 64
# Who has just turned away may still ask for what was lost before.
_WATCHED_FOR_NS = 2 * SECOND
# How long each source may be silent and still flow: a shared page that nobody scrolls sends a frame at times.
_FLOWS_NS: dict[Source, int] = {"microphone": SECOND, "camera": SECOND, "screen": 10 * SECOND}
_ANSWERS_NS: dict[Source, int] = {"microphone": 0, "camera": 2 * SECOND, "screen": 30 * SECOND}

_AUDIO_EXTENSION = b"\xbe\xde\x00\x01" + bytes([AUDIO_LEVEL_ID << 4])
_VIDEO_EXTENSION = b"\xbe\xde\x00\x01" + bytes([ABS_SEND_TIME_ID << 4 | 2])
# How far into the canonical body the payload of a video packet begins.
VIDEO_PAYLOAD_AT = len(_VIDEO_EXTENSION) + 3
_VERSION, _EXTENDED, _MARKER = 0x8000, 0x1000, 0x80

Feedback = Callable[[list[bytes]], None]


class Encoding:
    """Renumber the authenticated packets of one stream and hand them to every subscriber.

    The stream goes on without a seam when another SSRC or another peer connection takes over. `rank` orders
    the encodings of a track: 0 is the smallest picture.
    """

    # More than thirty attributes in a dictionary of its own would be slow to read.
    __slots__ = (
        "__weakref__", "_capture", "_extended_ns", "_extension", "_feedback", "_first_of_run", "_governor",
        "_is_asking", "_key", "_meter", "_newest", "_newest_key", "_payload", "_retired", "_rewriter",
        "_run_ns", "_running", "_sane_step", "_skipped", "_timed_ns", "_timestamp", "_watched_ns", "_widener",
        "allowed", "cache", "is_nackable", "is_video", "keyframes", "last_ns", "missing", "rank", "rate",
        "source", "stats", "subscribers",
    )  # fmt: skip

    def __init__(
        self,
        *,
        source: Source,
        rank: int,
        first_sequence: int,
        first_timestamp: int,
        clock_map: ClockMap,
        subscribers: FanOut,
    ) -> None:
        self.source: Source = source
        self.rank = rank
        self.is_video = is_video = source != "microphone"
        self.rate = VP8_RATE if is_video else OPUS_RATE
        self.is_nackable = is_video
        self.allowed = True
        self.last_ns: int | None = None
        self.stats: ReceptionStats | None = None
        self.subscribers = subscribers
        self.cache = PacketCache(_VIDEO_CACHE if is_video else _AUDIO_CACHE)
        self.missing = NackList(is_video=is_video)
        self.keyframes = 0
        self._governor = KeyframeGovernor(FULL_THROTTLE_NS if rank or source == "screen" else LOW_THROTTLE_NS)
        self._payload = VP8_PAYLOAD if is_video else OPUS_PAYLOAD
        self._rewriter = Rewriter(
            first_sequence=first_sequence, first_timestamp=first_timestamp, rate=self.rate
        )
        self._widener = vp8.PictureWidener()
        self._capture = CaptureTimes(clock_map, self.rate)
        self._meter = BitrateMeter()
        self._key: tuple[int, int] | None = None
        self._feedback: Feedback | None = None
        self._retired: dict[tuple[int, int], int] = {}
        self._running = False
        self._newest = 0
        self._first_of_run = 0
        self._timestamp = 0
        self._timed_ns: int | None = None
        self._watched_ns = 0
        self._run_ns = 0
        self._newest_key = 0
        self._skipped: list[int] = []
        # Something is asked for, or will be; without it a tick has next to nothing to do.
        self._is_asking = False
        # No step of the RTP clock up to this needs a second look.
        self._sane_step = _MAX_SILENT_CLOCK_JUMP_SECONDS * self.rate
        self._extension = b""
        self._extended_ns = -1

    @property
    def ssrc(self) -> int | None:
        """The SSRC that feeds the stream now."""
        return self._key[1] if self._key else None

    @property
    def peer_number(self) -> int | None:
        """The number of the peer connection that feeds the stream now."""
        return self._key[0] if self._key else None

    @property
    def round_trip_ns(self) -> int:
        """How long the publisher takes to answer, by what it has sent again."""
        return self.missing.round_trip_ns

    @property
    def bitrate(self) -> int:
        """Bits per second of what comes, smoothed over about a second; repairs and padding are not in it."""
        return self._meter.bitrate

    @property
    def loss(self) -> float:
        """The share of packets that were lost on the way here, by the last report."""
        return self.stats.fraction_lost / 256 if self.stats is not None else 0.0

    def is_missing(self, low: int) -> bool:
        """Say whether the packet with these 16 bits of a number is awaited."""
        return self.stats is not None and self.stats.unwrap(low) in self.missing

    def is_flowing(self, now_ns: int) -> bool:
        """Say whether packets come now."""
        return self.last_ns is not None and now_ns - self.last_ns < _FLOWS_NS[self.source]

    def receive(  # one flat function: this is the hot path, and every call in it costs
        self,
        data: bytes,
        header: rtp.Header,
        level: bytes,
        peer: int,
        feedback: Feedback,
        now_ns: int,
        is_repair: bool = False,
    ) -> str | None:
        """Count, renumber, cache and forward one packet; return the reason when it goes no further."""
        sequence, timestamp, ssrc, _, _, start, end = header
        key, stats = self._key, self.stats
        if key is None or key[1] != ssrc or key[0] != peer or stats is None:
            stats = self._take_source((peer, ssrc), sequence, feedback, now_ns)
            if stats is None:
                return "retired_source"
        sequence = stats.unwrap(sequence) if is_repair else stats.count(sequence, timestamp, now_ns)
        if start < end and not is_repair:
            self.last_ns = now_ns
            self._meter.octets += len(data)
        if not self.allowed:
            self._running = False
            return "not_allowed"
        # `signed32`, written out.
        timestamp = self._timestamp + ((timestamp - self._timestamp + 0x80000000) & 0xFFFFFFFF) - 0x80000000
        if self.subscribers:
            self._watched_ns = now_ns
        elif now_ns - self._watched_ns >= _WATCHED_FOR_NS:
            # Nothing is renumbered, kept or asked for. Who comes begins with a key frame anyway.
            self._running = False
            self._governor.seen()
            self._follow_clock(timestamp, now_ns)
            return "unwatched" if is_repair else None
        if self.is_video:
            is_start, descriptor = vp8.parse_descriptor(data, start, end)
            if descriptor[0] and not data[start + descriptor[0]] & 0x80:
                data, descriptor = self._widener.widen(data, start, descriptor)
                end += 1
        else:
            is_start, descriptor = start < end, vp8.NO_DESCRIPTOR
        skipped_since = 0
        if self._running:
            ahead = sequence - self._newest
            if ahead > 0:
                if ahead > _MAX_DROPOUT or not (
                    0 <= timestamp - self._timestamp <= self._sane_step
                    or self._clock_is_sane(timestamp, now_ns)
                ):
                    self._running = False
            elif ahead < -_MAX_DISORDER:
                return "too_late"
            elif self._skipped:
                skipped_since = sum(each > sequence for each in self._skipped)
        rewriter = self._rewriter
        if not self._running:
            if is_repair or not is_start:
                self.want_keyframe(now_ns)
                return "awaiting_keyframe"
            self._begin_run(sequence, timestamp, descriptor, now_ns)
        elif sequence <= self._newest:
            out = sequence + skipped_since + rewriter.sequence_shift
            if out < self._first_of_run:
                return "too_late"
            if self.cache.get(out) is not None or sequence in self._skipped:
                return "duplicate"
        if sequence > self._newest:
            if sequence > self._newest + 1:
                self._note_gap(sequence, now_ns)
            self._newest = sequence
            if start == end:
                return self._skip(sequence)
            self._timestamp, self._timed_ns = timestamp, now_ns
        else:
            self.missing.arrived(sequence, now_ns)
        if self.is_video and is_start:
            self.keyframes += 1
            self._newest_key = max(self._newest_key, sequence)
            self._governor.seen()
        marker = data[1] & _MARKER
        out_timestamp = timestamp + rewriter.timestamp_shift
        out = sequence + skipped_since + rewriter.sequence_shift
        if out > rewriter.last_sequence:
            # `Rewriter.advance`, written out.
            rewriter.last_sequence = out
            rewriter.last_timestamp = out_timestamp
            rewriter.last_ns = now_ns
            rewriter.newest = descriptor
            rewriter.is_frame_whole = marker or not self.is_video
        head = _VERSION | marker | self._payload
        body = data[start:end]
        if self.is_video:
            head |= _EXTENDED
            if now_ns != self._extended_ns:
                self._extended_ns, self._extension = now_ns, _VIDEO_EXTENSION + rtp.abs_send_time(now_ns)
            body = self._extension + body
            if rewriter.picture_shift or rewriter.index_shift:
                body = vp8.rewrite(
                    body, VIDEO_PAYLOAD_AT, descriptor, rewriter.picture_shift, rewriter.index_shift
                )
                descriptor = vp8.shifted(descriptor, rewriter.picture_shift, rewriter.index_shift)
        elif level:
            head |= _EXTENDED
            body = _AUDIO_EXTENSION + level[:1] + b"\0\0" + body
        self.cache.put(out, (head, out_timestamp, body, descriptor))
        self.subscribers.forward(self, out, out_timestamp, head, body, descriptor, is_start, now_ns)
        return None

    def _skip(self, sequence: int) -> str:
        """Leave a packet of nothing but padding out, so that it makes no hole; what follows moves up."""
        skipped, rewriter = self._skipped, self._rewriter
        rewriter.sequence_shift -= 1
        skipped.append(sequence)
        if len(skipped) > _MAX_SKIPPED:
            # What came before it can no longer be numbered.
            before = skipped.pop(0)
            self._first_of_run = max(self._first_of_run, before + 1 + len(skipped) + rewriter.sequence_shift)
        return "padding"

    def _take_source(
        self, key: tuple[int, int], sequence: int, feedback: Feedback, now_ns: int
    ) -> ReceptionStats | None:
        """Let the stream be fed by another SSRC or peer connection; None: it is one that was left."""
        if self._key is not None:
            # Late packets of the SSRC before must not pull the stream back and forth.
            if key in self._retired and now_ns - (self.last_ns or 0) < _RETIRED_SOURCE_WAITS_NS:
                return None
            if len(self._retired) >= _MAX_RETIRED:
                self._retired.pop(next(iter(self._retired)))
            self._retired[self._key] = now_ns
        self._retired.pop(key, None)
        self._key = key
        self._feedback = feedback
        self._running = False
        self._capture.forget()
        self._timed_ns = None
        self._governor.restart()
        self.missing.clear()
        self.stats = ReceptionStats(key[1], self.rate, sequence)
        return self.stats

    def _clock_is_sane(self, timestamp: int, now_ns: int) -> bool:
        step = timestamp - self._timestamp
        elapsed = now_ns - self._rewriter.last_ns
        return 0 <= step <= (elapsed // SECOND + _MAX_SILENT_CLOCK_JUMP_SECONDS) * self.rate

    def _follow_clock(self, timestamp: int, now_ns: int) -> None:
        """Note where the source's RTP clock stands; what was reported of one that has jumped is void."""
        if self._timed_ns is not None:
            elapsed = (now_ns - self._timed_ns) * self.rate // SECOND
            if abs(timestamp - self._timestamp - elapsed) > _MAX_SILENT_CLOCK_JUMP_SECONDS * self.rate:
                self._capture.forget()
        self._timestamp, self._timed_ns = timestamp, now_ns

    def _begin_run(self, sequence: int, timestamp: int, descriptor: vp8.Descriptor, now_ns: int) -> None:
        self._rewriter.splice(sequence, timestamp, now_ns, descriptor)
        self._running = True
        self._run_ns = now_ns
        self._first_of_run = self._rewriter.last_sequence + 1
        self._newest = sequence - 1
        self._follow_clock(timestamp, now_ns)
        self._newest_key = sequence
        self._skipped.clear()
        self.missing.clear()

    def _note_gap(self, sequence: int, now_ns: int) -> None:
        if self.is_nackable:
            self._is_asking = True
            if not self.missing.gap(self._newest + 1, sequence, now_ns):
                self.want_keyframe(now_ns)

    @property
    def newest(self) -> int:
        """The newest number of the virtual stream."""
        return self._rewriter.last_sequence

    def cached(self, sequence: int) -> Cached | None:
        """Return a packet of the virtual stream for somebody who lost it."""
        return self.cache.get(sequence)

    def sender_report(self, report: rtcp.SenderReport, now_ns: int) -> None:
        """Learn which moment of the publisher an RTP timestamp stands for."""
        if self.stats is None or report.ssrc != self.stats.ssrc:
            return
        self.stats.sender_report(report, now_ns)
        if self._timed_ns is not None:
            timestamp = self._timestamp + rtp.signed32(report.rtp_timestamp - self._timestamp)
            self._capture.report(report.ntp, timestamp, (self._timed_ns, self._timestamp), now_ns)

    def timestamp_at(self, now_ns: int) -> int:
        """Return the virtual timestamp of this moment: by the publisher's report, or by the newest packet."""
        timestamp = self._capture.timestamp_at(now_ns)
        if timestamp is not None:
            return timestamp + self._rewriter.timestamp_shift
        since_ns = now_ns - self._rewriter.last_ns
        return self._rewriter.last_timestamp + since_ns * self.rate // SECOND

    def capture_ns(self, timestamp: int) -> int | None:
        """Return the relay's time at which a virtual timestamp was captured; None before the first report."""
        return self._capture.capture_ns(timestamp - self._rewriter.timestamp_shift)

    def want_keyframe(self, now_ns: int, requester: object | None = None) -> None:
        """Ask the publisher for a key frame now or as soon as the governor allows, until one comes."""
        if self.is_video:
            self._is_asking = True
            self._governor.want(now_ns, requester)
            self._ask_keyframe(now_ns)

    def _ask_keyframe(self, now_ns: int) -> None:
        if (
            self.allowed
            and self.stats is not None
            and self._feedback is not None
            and self._governor.is_due(now_ns, self.round_trip_ns)
        ):
            self._feedback([rtcp.build_pli(rtcp.RELAY_SSRC, self.stats.ssrc)])

    def tick(self, now_ns: int) -> None:
        """Send what is due: repeated key frame requests and NACKs."""
        if now_ns >= self._meter.due_ns:
            self._meter.tick(now_ns)
        if not self._is_asking:
            return
        if self._governor.has_work and now_ns - (self.last_ns or 0) < _ANSWERS_NS[self.source]:
            self._ask_keyframe(now_ns)
        if self.missing and self.stats is not None and self._feedback is not None:
            wanted, given_up = self.missing.due(now_ns, self.stats.received)
            if wanted:
                low = [sequence & 0xFFFF for sequence in wanted]
                self._feedback([rtcp.build_nack(rtcp.RELAY_SSRC, self.stats.ssrc, low)])
            if given_up is not None and given_up >= self._newest_key:
                # Pictures since the last key frame build on it.
                self.want_keyframe(now_ns)
        self._is_asking = self._governor.has_work or bool(self.missing)

    def forget_peer(self, peer: int) -> None:
        """Stop sending feedback into a peer connection that is gone; the counters and numbers go on."""
        if self._key is not None and self._key[0] == peer:
            self._key = None
            self._feedback = None
            self._running = False
            self._capture.forget()
            self._timed_ns = None
            self.stats = None
            self.missing.clear()
        self._retired = {key: at for key, at in self._retired.items() if key[0] != peer}
