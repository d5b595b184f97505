"""What a browser's feedback says about the way to it, and how much of it one browser may send."""

from collections import deque

from realtime.relay.clock import MILLISECOND, SECOND, ntp_from_mono
from realtime.relay.downlink.retransmission import DEFAULT_ROUND_TRIP_NS
from realtime.relay.packets import rtcp

# Twelve pictures at a tenth of loss ask for some 150 packets a second, each up to three times.
NACKED_PER_SECOND = 600
KEYFRAME_REQUESTS_PER_SECOND = 30
_ROUND_TRIPS_KEPT = 8
_SHORTEST_ROUND_TRIP_NS = 10 * MILLISECOND
_LONGEST_ROUND_TRIP = 10 * 65536
_MASK32 = 0xFFFFFFFF
# How many packets a report must cover to count for half of the mean; silence sends too few to judge by.
_WEIGHTY_PACKETS = 50
_MEASURED_EVERY_NS = 400 * MILLISECOND


class Limit:
    """Grant so many of something in each second."""

    __slots__ = ("_left", "_per_second", "_since_ns")

    def __init__(self, per_second: int) -> None:
        self._per_second = per_second
        self._left = per_second
        self._since_ns = 0

    def grant(self, number: int, now_ns: int) -> int:
        """Return how many of these there is still room for."""
        if now_ns - self._since_ns >= SECOND:
            self._since_ns, self._left = now_ns, self._per_second
        granted = min(number, self._left)
        self._left -= granted
        return granted


class PathReports:
    """Follow loss and round trip from the reception reports of every slot of one peer connection."""

    def __init__(self) -> None:
        self._round_trips: deque[int] = deque(maxlen=_ROUND_TRIPS_KEPT)
        self._loss: dict[int, tuple[float, int]] = {}

    @property
    def round_trip_ns(self) -> int:
        """The shortest of the last few: what is measured too long would hold back what is asked for again."""
        return min(self._round_trips, default=DEFAULT_ROUND_TRIP_NS)

    @property
    def loss(self) -> float:
        """The worst smoothed loss of a slot that flows, 0 to 1."""
        return max((loss for loss, _ in self._loss.values()), default=0.0)

    def receiver_report(self, block: rtcp.ReportBlock, now_ns: int) -> None:
        """Take one slot's report."""
        fraction = block.fraction_lost / 256
        known = self._loss.get(block.ssrc)
        if known is None:
            self._loss[block.ssrc] = fraction / 2, block.highest_sequence
        else:
            loss, highest = known
            expected = (block.highest_sequence - highest) & 0xFFFF
            weight = min(expected / _WEIGHTY_PACKETS, 1.0) / 2
            self._loss[block.ssrc] = loss + (fraction - loss) * weight, block.highest_sequence
        if block.last_sr:
            middle = (ntp_from_mono(now_ns) >> 16) & _MASK32
            round_trip = (middle - block.last_sr - block.delay_since_sr) & _MASK32
            if round_trip < _LONGEST_ROUND_TRIP:
                self._round_trips.append(max(round_trip * SECOND // 65536, _SHORTEST_ROUND_TRIP_NS))

    def keep_only(self, flowing: set[int]) -> None:
        """Forget the loss of slots through which nothing comes any more."""
        for ssrc in [each for each in self._loss if each not in flowing]:
            del self._loss[ssrc]


class SentRate:
    """Measure bits per second over the last second from a growing count of bytes, every 400 ms."""

    def __init__(self) -> None:
        self.bitrate = 0
        # To count all slots costs more than a newer figure is worth.
        self.due_ns = 0
        self._samples: deque[tuple[int, int]] = deque(maxlen=64)

    def measure(self, sent_bytes: int, now_ns: int) -> None:
        """Take the count of this moment."""
        samples = self._samples
        self.due_ns = now_ns + _MEASURED_EVERY_NS
        samples.append((now_ns, sent_bytes))
        while len(samples) > 1 and samples[1][0] <= now_ns - SECOND:
            samples.popleft()
        elapsed = now_ns - samples[0][0]
        if elapsed >= 100 * MILLISECOND:
            self.bitrate = (sent_bytes - samples[0][1]) * 8 * SECOND // elapsed
