"""One RTP stream of a track as it comes in: the whole track, or one layer of its simulcast."""

from realtime.relay.clock import SECOND
from realtime.relay.packets import rtcp, rtp, vp8
from realtime.relay.packets.packet_cache import Cached, PacketCache
from realtime.relay.packets.reception import ReceptionStats
from realtime.relay.packets.rewriter import Rewriter
from realtime.relay.transport.inlet import Arrival, Flow, Packet, Standing
from realtime.relay.uplink.capture import CaptureTimes, ClockMap
from realtime.relay.uplink.fan_out import FanOut
from realtime.relay.uplink.meter import BitrateMeter
from realtime.relay.uplink.requests import Feedback, Requests
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

VOICE_EXTENSION = b"\xbe\xde\x00\x01" + bytes([AUDIO_LEVEL_ID << 4])
VIDEO_EXTENSION = b"\xbe\xde\x00\x01" + bytes([ABS_SEND_TIME_ID << 4 | 2])
# How far into the canonical body the payload of a video packet begins.
VIDEO_PAYLOAD_AT = len(VIDEO_EXTENSION) + 3
_VERSION, _EXTENDED, _MARKER = 0x8000, 0x1000, 0x80


class Encoding:
    """Renumber the authenticated packets of one stream and hand them to every subscriber.

    The stream goes on without a seam when another SSRC or another peer connection takes over. `rank` orders
    the encodings of a track: 0 is the smallest picture.
    """

    # More than thirty attributes in a dictionary of its own would be slow to read.
    __slots__ = (
        "__weakref__", "_allowed", "_capture", "_extended_ns", "_extension", "_first_of_run", "_key",
        "_meter", "_newest", "_payload", "_retired", "_rewriter", "_run_ns", "_running", "_sane_step",
        "_skipped", "_timed_ns", "_timestamp", "_watched_ns", "_widener", "cache", "flow", "is_video",
        "keyframes", "last_ns", "rank", "rate", "requests", "source", "stats", "subscribers",
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
        self._allowed = True
        # What takes in the next packet without asking, if there is such a thing.
        self.flow: Flow | None = None
        self.last_ns: int | None = None
        self.stats: ReceptionStats | None = None
        self.subscribers = subscribers
        self.cache = PacketCache(_VIDEO_CACHE if is_video else _AUDIO_CACHE)
        self.requests = Requests(source, rank)
        self.keyframes = 0
        self._payload = VP8_PAYLOAD if is_video else OPUS_PAYLOAD
        self._rewriter = Rewriter(
            first_sequence=first_sequence, first_timestamp=first_timestamp, rate=self.rate
        )
        self._widener = vp8.PictureWidener()
        self._capture = CaptureTimes(clock_map, self.rate)
        self._meter = BitrateMeter()
        self._key: tuple[int, int] | None = None
        self._retired: dict[tuple[int, int], int] = {}
        self._running = False
        self._newest = 0
        self._first_of_run = 0
        self._timestamp = 0
        self._timed_ns: int | None = None
        self._watched_ns = 0
        self._run_ns = 0
        self._skipped: list[int] = []
        # No step of the RTP clock up to this needs a second look.
        self._sane_step = _MAX_SILENT_CLOCK_JUMP_SECONDS * self.rate
        self._extension = b""
        self._extended_ns = -1

    @property
    def allowed(self) -> bool:
        """Say whether it may be forwarded."""
        return self._allowed

    @allowed.setter
    def allowed(self, is_allowed: bool) -> None:
        self._allowed = self.requests.is_allowed = is_allowed
        self.stop_flow()

    @property
    def head(self) -> int:
        """The first two header bytes of what goes on, without extension and marker."""
        return _VERSION | self._payload

    @property
    def ssrc(self) -> int | None:
        """The SSRC that feeds the stream now."""
        return self._key[1] if self._key else None

    @property
    def peer_number(self) -> int | None:
        """The number of the peer connection that feeds the stream now."""
        return self._key[0] if self._key else None

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
        return self.stats is not None and self.stats.unwrap(low) in self.requests.missing

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
        if self.flow is not None:
            self.stop_flow()
        sequence, timestamp, ssrc, _, _, start, end = header
        key, stats = self._key, self.stats
        if key is None or key[1] != ssrc or key[0] != peer or stats is None:
            stats = self._take_source((peer, ssrc), sequence, feedback, now_ns)
            if stats is None:
                return "retired_source"
        if is_repair:
            sequence = stats.unwrap(sequence)
            if stats.is_beyond(sequence):
                return "too_early"
        else:
            sequence = stats.count(sequence, timestamp, now_ns)
        if start < end and not is_repair:
            self.last_ns = now_ns
            self._meter.octets += len(data)
        if not self._allowed:
            self._running = False
            return "not_allowed"
        # `signed32`, written out.
        timestamp = self._timestamp + ((timestamp - self._timestamp + 0x80000000) & 0xFFFFFFFF) - 0x80000000
        if self.subscribers:
            self._watched_ns = now_ns
        elif now_ns - self._watched_ns >= _WATCHED_FOR_NS:
            # Nothing is renumbered, kept or asked for. Who comes begins with a key frame anyway.
            self._running = False
            self.requests.drop_wishes()
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
                self.requests.want_keyframe(now_ns)
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
                self.requests.gap(self._newest + 1, sequence, now_ns)
            self._newest = sequence
            if start == end:
                return self._skip(sequence)
            self._timestamp, self._timed_ns = timestamp, now_ns
        else:
            self.requests.missing.arrived(sequence, now_ns)
        if self.is_video and is_start:
            self.keyframes += 1
            self.requests.keyframe_came(sequence)
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
                self._extended_ns, self._extension = now_ns, VIDEO_EXTENSION + rtp.abs_send_time(now_ns)
            body = self._extension + body
            if rewriter.picture_shift or rewriter.index_shift:
                body = vp8.rewrite(
                    body, VIDEO_PAYLOAD_AT, descriptor, rewriter.picture_shift, rewriter.index_shift
                )
                descriptor = vp8.shifted(descriptor, rewriter.picture_shift, rewriter.index_shift)
        elif level:
            head |= _EXTENDED
            body = VOICE_EXTENSION + level[:1] + b"\0\0" + body
        self.cache.put(out, (head, out_timestamp, body, descriptor))
        self.subscribers.forward(self, out, out_timestamp, head, body, descriptor, is_start, now_ns)
        return None

    def standing(self, peer: int, ssrc: int) -> Standing | None:
        """Say where the stream from this source stands, if its next packet needs nothing but to go on."""
        stats, rewriter = self.stats, self._rewriter
        if (
            not self._running
            or not self._allowed
            or not self.subscribers
            or self._skipped
            or self._key != (peer, ssrc)
            or stats is None
            or not stats.is_newest(self._newest)
        ):
            return None
        return Standing(
            rewriter.picture_shift, rewriter.index_shift, rewriter.sequence_shift, rewriter.timestamp_shift,
            self._newest, self._timestamp, self._sane_step, self.last_ns or 0, *stats.variation,
        )  # fmt: skip

    def went_on(self, arrival: Arrival, body: bytes, octets: int, now_ns: int) -> Packet:
        """Take note of a next packet that was renumbered as `standing` says, and keep it."""
        sequence, timestamp, jitter, head, picture_at, picture, index_at, index, begins = arrival
        rewriter, stats = self._rewriter, self.stats
        self._newest = newest = sequence - rewriter.sequence_shift
        self._timestamp = timestamp - rewriter.timestamp_shift
        if stats is not None:
            stats.went_on(newest, self._timestamp, jitter, now_ns)
        self.last_ns = self._watched_ns = self._timed_ns = now_ns
        self._meter.octets += octets
        is_start, descriptor = True, vp8.NO_DESCRIPTOR
        if self.is_video:
            is_start, descriptor = bool(begins), (picture_at, picture, index_at, index)
            if is_start:
                self.keyframes += 1
                self.requests.keyframe_came(newest)
        rewriter.last_sequence, rewriter.last_timestamp, rewriter.last_ns = sequence, timestamp, now_ns
        rewriter.newest = descriptor
        if rewriter.picture_shift or rewriter.index_shift:
            # The rewriter knows pictures by the numbers that they came with.
            rewriter.newest = vp8.shifted(descriptor, -rewriter.picture_shift, -rewriter.index_shift)
        rewriter.is_frame_whole = head & _MARKER or not self.is_video
        self.cache.put(sequence, (head, timestamp, body, descriptor))
        return sequence, timestamp, head, body, descriptor, is_start, now_ns

    def stop_flow(self) -> None:
        """Let nothing go on without a look."""
        if self.flow is not None:
            self.flow.stop()
            self.flow = None

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
        self._running = False
        self._capture.forget()
        self._timed_ns = None
        self.requests.begin(key[1], feedback)
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
        self._skipped.clear()
        self.requests.begin_run(sequence)

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

    def measure(self, now_ns: int) -> None:
        """Follow the bit rate; called ten times a second."""
        if now_ns >= self._meter.due_ns:
            self._meter.tick(now_ns)

    def ask(self, now_ns: int) -> None:
        """Send what is due, where anything is asked for: repeated key frame requests and NACKs."""
        received = self.stats.received if self.stats is not None else 0
        self.requests.send(now_ns, last_ns=self.last_ns or 0, received=received)

    def forget_peer(self, peer: int) -> None:
        """Stop sending feedback into a peer connection that is gone; the counters and numbers go on."""
        if self._key is not None and self._key[0] == peer:
            self.stop_flow()
            self._key = None
            self._running = False
            self._capture.forget()
            self._timed_ns = None
            self.stats = None
            self.requests.end()
        self._retired = {key: at for key, at in self._retired.items() if key[0] != peer}
