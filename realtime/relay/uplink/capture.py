"""When a picture or a sound was captured: the publisher's clocks, translated to the relay's time."""

from realtime.relay.clock import SECOND, ntp_to_ns

# A report that ties the RTP clock to another time than this says nothing that lips could be kept in step by.
_MAX_SKEW_SECONDS = 10


class ClockMap:
    """Translate a publisher's NTP clock to the relay's, alike for all tracks so that lips stay in step."""

    __slots__ = ("_offset_ns",)

    def __init__(self) -> None:
        self._offset_ns: int | None = None

    def to_mono(self, ntp: int, now_ns: int) -> int:
        """Return the relay's time of a publisher's stamp that has arrived just now."""
        their_ns = ntp_to_ns(ntp)
        measured = now_ns - their_ns
        if self._offset_ns is None or abs(measured - self._offset_ns) > SECOND:
            self._offset_ns = measured
        else:
            self._offset_ns += (measured - self._offset_ns) // 16
        return their_ns + self._offset_ns


class CaptureTimes:
    """Tie the RTP clock of one source to the relay's time, by its newest sender report."""

    __slots__ = ("_clock_map", "_rate", "_reported")

    def __init__(self, clock_map: ClockMap, rate: int) -> None:
        self._clock_map = clock_map
        self._rate = rate
        self._reported: tuple[int, int] | None = None

    def report(self, ntp: int, timestamp: int, newest: tuple[int, int], now_ns: int) -> None:
        """Take a report, if it agrees with the newest packet's (time, timestamp)."""
        at_ns = self._clock_map.to_mono(ntp, now_ns)
        newest_ns, newest_timestamp = newest
        expected = newest_timestamp + (at_ns - newest_ns) * self._rate // SECOND
        if abs(timestamp - expected) <= _MAX_SKEW_SECONDS * self._rate:
            self._reported = at_ns, timestamp

    def forget(self) -> None:
        """Let go of the report: another clock begins."""
        self._reported = None

    def timestamp_at(self, now_ns: int) -> int | None:
        """Return the timestamp of this moment; None before the first report."""
        if self._reported is None:
            return None
        at_ns, timestamp = self._reported
        return timestamp + (now_ns - at_ns) * self._rate // SECOND

    def capture_ns(self, timestamp: int) -> int | None:
        """Return when a timestamp was captured; None before the first report."""
        if self._reported is None:
            return None
        at_ns, reported = self._reported
        return at_ns + (timestamp - reported) * SECOND // self._rate
