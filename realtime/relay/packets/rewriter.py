"""Splice streams into one: contiguous sequence numbers and timestamps that never go back. Pure arithmetic."""

from realtime.relay.clock import SECOND

# A slot that stood empty for hours must not advance so far that 32 bits read it as going back.
_MAX_ADVANCE = 2**30


class Rewriter:
    """Map unwrapped numbers of the stream that feeds it now onto one endless outgoing stream."""

    __slots__ = (
        "_rate",
        "_started",
        "last_ns",
        "last_sequence",
        "last_timestamp",
        "sequence_shift",
        "timestamp_shift",
    )

    def __init__(self, *, first_sequence: int, first_timestamp: int, rate: int) -> None:
        self._rate = rate
        self._started = False
        self.last_sequence = first_sequence - 1
        self.last_timestamp = first_timestamp
        self.last_ns = 0
        self.sequence_shift = 0
        self.timestamp_shift = 0

    def splice(self, sequence: int, timestamp: int, now_ns: int) -> None:
        """Make this packet the next one after everything sent so far; time moves on by the wall clock."""
        advance = 0
        if self._started:
            advance = min(max((now_ns - self.last_ns) * self._rate // SECOND, 1), _MAX_ADVANCE)
        self._started = True
        self.sequence_shift = self.last_sequence + 1 - sequence
        self.timestamp_shift = self.last_timestamp + advance - timestamp

    def advance(self, sequence: int, timestamp: int, now_ns: int) -> int:
        """Return the outgoing sequence number of a packet of the spliced stream, and remember the newest."""
        out = sequence + self.sequence_shift
        if out > self.last_sequence:
            self.last_sequence = out
            self.last_timestamp = timestamp + self.timestamp_shift
            self.last_ns = now_ns
        return out
