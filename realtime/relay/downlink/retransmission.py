"""What a slot has sent and may be asked for again: found exactly; bounded in times, pace and bytes."""

from dataclasses import dataclass
from weakref import ref

from realtime.relay.clock import MILLISECOND, SECOND
from realtime.relay.packets import rtp, vp8
from realtime.relay.packets.rewriter import Rewriter
from realtime.relay.uplink.encoding import VIDEO_PAYLOAD_AT, Encoding

MAX_TIMES = 3
# Voice is small, and there is time for one answer only before it is played: a lost copy must not matter.
VOICE_COPIES = 2
# Of what the slot sends, in percent; the floor is three pictures' packets or some forty of voice.
BUDGET_PERCENT = 15
BUDGET_FLOOR_BYTES = 4000
# libsrtp keeps a window of 128 numbers per SSRC: what is older cannot be encrypted under its own number.
PLAIN_REACH = 120
DEFAULT_ROUND_TRIP_NS = 100 * MILLISECOND
_SEGMENTS_KEPT = 16
_COUNTS_KEPT = 1024

# first two header bytes, outgoing timestamp, everything behind the fixed header
Again = tuple[int, int, bytes]


@dataclass(slots=True)
class _Segment:
    """Map a stretch of outgoing numbers back to the encoding that it came from, while there is one.

    The slot must not keep the packets of somebody who has left.
    """

    first: int
    last: int
    encoding: ref[Encoding]
    sequence_shift: int
    timestamp_shift: int
    picture_shift: int
    index_shift: int


class History:
    """Know which packet went out under which number; the packets lie in the encodings' caches."""

    __slots__ = ("_segments",)

    def __init__(self) -> None:
        self._segments: list[_Segment] = []  # a deque takes 0.7 KiB, and most slots stay empty

    def end(self, last: int) -> None:
        """End the stretch at the last number that was given; the one behind it may stay free."""
        if self._segments:
            self._segments[-1].last = last

    def begin(self, encoding: Encoding, rewriter: Rewriter) -> None:
        """Begin a stretch with the next number."""
        del self._segments[: 1 - _SEGMENTS_KEPT]
        self._segments.append(
            _Segment(
                rewriter.last_sequence + 1,
                -1,
                ref(encoding),
                rewriter.sequence_shift,
                rewriter.timestamp_shift,
                rewriter.picture_shift,
                rewriter.index_shift,
            )
        )

    def find(self, out: int, now_ns: int) -> Again | None:
        """Return what belongs to a number, as it is to be sent now; None if it never came or is too old."""
        segment = next((each for each in reversed(self._segments) if each.first <= out), None)
        if segment is None or (segment is not self._segments[-1] and out > segment.last):
            return None
        encoding = segment.encoding()
        cached = encoding.cached(out - segment.sequence_shift) if encoding is not None else None
        if encoding is None or cached is None:
            return None
        head, timestamp, body, descriptor = cached
        if encoding.is_video:
            # Bytes 5 to 8 hold the abs-send-time; an old one would read as a queue on the path.
            fresh = body[:5] + rtp.abs_send_time(now_ns)
            body = fresh + body[VIDEO_PAYLOAD_AT:]
            body = vp8.rewrite(body, VIDEO_PAYLOAD_AT, descriptor, segment.picture_shift, segment.index_shift)
        return head, timestamp + segment.timestamp_shift, body


class Allowance:
    """Decide whether a packet may go again: not often, not twice in a round trip, not beyond a budget."""

    __slots__ = ("_before", "_counts", "_since_ns", "_spent", "_total")

    def __init__(self) -> None:
        self._counts: dict[int, tuple[int, int]] = {}
        self._since_ns = 0
        self._total = 0
        self._before = 0
        self._spent = 0

    def take(
        self, out: int, size: int, *, sent: int, round_trip_ns: int, now_ns: int, at_first: int = 1
    ) -> int:
        """Return in how many copies `out` may go again, and note it; `sent` counts all bytes of the slot.

        There are none or one, but `at_first` of them the first time.
        """
        times, at_ns = self._counts.get(out, (0, 0))
        if times >= MAX_TIMES or (times and now_ns - at_ns < round_trip_ns):
            return 0
        copies = 1 if times else at_first
        size *= copies
        elapsed = now_ns - self._since_ns
        if elapsed >= SECOND:
            self._before = (sent - self._total) * SECOND // elapsed
            self._since_ns, self._total, self._spent = now_ns, sent, 0
        rate = max(self._before, sent - self._total)
        if self._spent + size > max(BUDGET_FLOOR_BYTES, rate * BUDGET_PERCENT // 100):
            return 0
        self._spent += size
        if times == 0 and len(self._counts) >= _COUNTS_KEPT:
            self._counts.pop(next(iter(self._counts)))
        self._counts[out] = times + copies, now_ns
        return copies
