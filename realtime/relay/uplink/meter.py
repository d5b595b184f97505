"""The bit rate of a stream, smoothed over about a second."""

from realtime.relay.clock import MILLISECOND, SECOND

_EVERY_NS = 200 * MILLISECOND


class BitrateMeter:
    """Add `octets` as they come; `bitrate` follows when the clock ticks."""

    __slots__ = ("_before", "_since_ns", "bitrate", "due_ns", "octets")

    def __init__(self) -> None:
        self.octets = 0
        self.bitrate = 0
        self._before = 0
        self._since_ns = 0
        self.due_ns = 0

    def tick(self, now_ns: int) -> None:
        """Take the time since the last one into account; called when `due_ns` has come."""
        rate = (self.octets - self._before) * 8 * SECOND // max(1, now_ns - self._since_ns)
        self.bitrate += (rate - self.bitrate) // 4
        self._before, self._since_ns, self.due_ns = self.octets, now_ns, now_ns + _EVERY_NS
