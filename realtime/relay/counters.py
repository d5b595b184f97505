"""Counters of the whole process. Reasons and names are fixed short words, never addresses or ids."""

import logging
from bisect import bisect_left
from collections import Counter

logger = logging.getLogger("realtime.relay")

# One line in the log for so many of a kind.
FAULTS_PER_LINE = 100
_DELAYS = (0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5)
_ROUND_TRIPS = (0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0, 2.0)
_JITTERS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2)
_LOSSES = (0.0, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
_JOINS = (0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 5.0, 10.0)


class Distribution:
    """Count values by size: what a histogram is made of. The last count is of what is above every bound."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def observe(self, value: float) -> None:
        """Take one value in."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value


class Counters:
    """Count packets in and out, everything that was dropped, by reason, and what else happened, by name.

    Distributions are in seconds, those of loss in parts of one. `forward_latency` is sampled.
    """

    __slots__ = (
        "bytes_in", "bytes_out", "dropped", "forward_latency", "happened", "jitter", "join_time",
        "loop_lag", "loss_in", "loss_out", "packets_in", "packets_out", "round_trip",
    )  # fmt: skip

    def __init__(self) -> None:
        self.packets_in = 0
        self.packets_out = 0
        self.bytes_in = 0
        self.bytes_out = 0
        self.dropped: Counter[str] = Counter()
        self.happened: Counter[str] = Counter()
        self.forward_latency = Distribution(_DELAYS)
        self.loop_lag = Distribution(_DELAYS)
        self.round_trip = Distribution(_ROUND_TRIPS)
        self.jitter = Distribution(_JITTERS)
        self.loss_in = Distribution(_LOSSES)
        self.loss_out = Distribution(_LOSSES)
        self.join_time = Distribution(_JOINS)

    def add(self, name: str, number: int = 1) -> None:
        """Count something that happened, such as `nack_sent`."""
        self.happened[name] += number

    def drop(self, reason: str) -> None:
        """Count one datagram or packet that went no further."""
        self.dropped[reason] += 1

    def unsent(self, *, unprotectable: int, failed: int, no_room: int) -> None:
        """Count packets that were to be sent: not encrypted, not taken by the way, or by a full socket."""
        for reason, number in (
            ("send_unprotectable", unprotectable),
            ("send_failed", failed),
            ("send_would_block", no_room),
        ):
            if number:
                self.dropped[reason] += number

    def fault(self, reason: str) -> None:
        """Count an exception behind a fence, and log it; call it while handling one."""
        self.dropped[reason] += 1
        # Whoever can cause one can cause many, and a line costs more than a packet.
        if self.dropped[reason] % FAULTS_PER_LINE == 1:
            logger.exception("relay.fault", extra={"reason": reason, "faults": self.dropped[reason]})
