"""When is somebody there? Pure: authenticated packets in, changes of state out, the clock is an argument."""

from enum import Enum

from realtime.relay.clock import SECOND

SILENT_AFTER_NS = 10 * SECOND


class Change(Enum):
    """What a packet or the passing of time has changed."""

    FIRST = "first"
    RESUMED = "resumed"
    SILENT = "silent"


class Liveness:
    """Follow one thing that should keep sending: a whole connection, or a published camera."""

    __slots__ = ("is_silent", "last_ns")

    def __init__(self, *, expected_since_ns: int | None = None) -> None:
        self.last_ns = expected_since_ns
        self.is_silent = False

    def goes_on(self, now_ns: int) -> bool:
        """Take note of a packet that changes nothing, as nearly all do; False: it has to be looked at."""
        if self.last_ns is None or self.is_silent or now_ns - self.last_ns >= SILENT_AFTER_NS:
            return False
        self.last_ns = now_ns
        return True

    def packet(self, now_ns: int) -> Change | None:
        """Take note of one authenticated packet; call `tick` before it, so that no gap goes unseen."""
        before, self.last_ns = self.last_ns, now_ns
        if self.is_silent:
            self.is_silent = False
            return Change.RESUMED
        return Change.FIRST if before is None else None

    def tick(self, now_ns: int) -> Change | None:
        """Notice a silence that has lasted long enough."""
        if self.last_ns is None or self.is_silent or now_ns - self.last_ns < SILENT_AFTER_NS:
            return None
        self.is_silent = True
        return Change.SILENT
