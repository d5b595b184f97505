"""The relay's monotonic clock and its two translations: the web side's wall clock, and NTP."""

from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Monotonic = Callable[[], int]

SECOND = 1_000_000_000
MILLISECOND = 1_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NTP_EPOCH_SECONDS = 2_208_988_800
# Each web process measures twice a minute; nothing older than the longest silence is ever spoken of.
_OFFSETS_KEPT = 64


class WebClock:
    """Map monotonic nanoseconds to the web side's wall clock by the offset that side measured.

    Each stamp goes by the offset that was in force then: when the web side's clock is put right by a minute,
    a packet from before must not move by that minute only because it is spoken of afterwards.
    """

    def __init__(self) -> None:
        self._offsets: deque[tuple[int, int]] = deque(maxlen=_OFFSETS_KEPT)

    @property
    def is_set(self) -> bool:
        """Say whether a web process has told us its time yet."""
        return bool(self._offsets)

    def set(self, offset_ns: int, *, since_ns: int) -> None:
        """Take a newly measured offset (wall minus monotonic), in force from a monotonic stamp on."""
        if not self._offsets or self._offsets[-1][1] != offset_ns:
            self._offsets.append((since_ns, offset_ns))

    def wall(self, mono_ns: int) -> datetime:
        """Return the wall time of a monotonic stamp, floored to whole microseconds."""
        if not self._offsets:
            raise ClockNotSetError
        offset_ns = next(
            (offset for since, offset in reversed(self._offsets) if since <= mono_ns), self._offsets[0][1]
        )
        return _EPOCH + timedelta(microseconds=(mono_ns + offset_ns) // 1000)


class ClockNotSetError(Exception):
    """Nobody has set the clock, so no fact can carry a time."""


def iso(at: datetime) -> str:
    """Write an instant as RFC 3339 in UTC with six decimals."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def parse_iso(text: str) -> datetime:
    """Read what `iso` wrote."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("an instant needs an offset")
    return at.astimezone(UTC)


def ntp_from_mono(mono_ns: int) -> int:
    """Return a 32.32 NTP stamp on the relay's own time line; only differences of it mean anything."""
    seconds, rest = divmod(mono_ns, SECOND)
    return ((seconds + _NTP_EPOCH_SECONDS) << 32) | ((rest << 32) // SECOND)


def ntp_to_ns(ntp: int) -> int:
    """Return the nanoseconds a 32.32 NTP stamp stands for, on its sender's time line."""
    return (ntp >> 32) * SECOND + (((ntp & 0xFFFFFFFF) * SECOND) >> 32)
