"""The clocks of a schedule: one true time in milliseconds, the web side's wall clock, a relay's own."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

BASE = datetime(2026, 3, 4, 15, 9, tzinfo=UTC)
"""True millisecond 0; the session is planned a minute later."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND = 1000
NS = 1_000_000


@dataclass
class Clocks:
    """Give every clock's reading at the one true time; only `ms` and `step` change it."""

    ms: int = -120 * SECOND
    steps: list[tuple[int, int]] = field(default_factory=lambda: [(-(10**9), 0)])

    def step(self, by_ms: int) -> None:
        """Let the web side's wall clock jump."""
        self.steps.append((self.ms, self.skew_at(self.ms) + by_ms))

    def skew_at(self, ms: int) -> int:
        """Give how far the web side's clock was ahead of the true time, in milliseconds."""
        return self.steps[bisect_right(self.steps, ms, key=lambda step: step[0]) - 1][1]

    def web(self) -> datetime:
        """Give what the web side's clock shows."""
        return BASE + timedelta(milliseconds=self.ms + self.skew_at(self.ms))

    def web_ns(self) -> int:
        """Give the same as the control protocol counts it."""
        return ((self.web() - EPOCH) // timedelta(microseconds=1)) * 1000

    def monotonic(self) -> float:
        """Give a web process's monotonic seconds."""
        return (self.ms + 10**7) / SECOND


def since_base(at: datetime) -> float:
    """Give an instant of the web side's clock as seconds after `BASE`."""
    return (at - BASE) / timedelta(seconds=1)
