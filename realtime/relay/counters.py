"""Counters of the whole process. Reasons are fixed short words, never addresses or ids."""

import logging
from collections import Counter

logger = logging.getLogger("realtime.relay")


class Counters:
    """Count packets in and out, everything that was dropped, by reason, and what else happened, by name."""

    __slots__ = ("bytes_in", "bytes_out", "dropped", "happened", "packets_in", "packets_out")

    def __init__(self) -> None:
        self.packets_in = 0
        self.packets_out = 0
        self.bytes_in = 0
        self.bytes_out = 0
        self.dropped: Counter[str] = Counter()
        self.happened: Counter[str] = Counter()

    def add(self, name: str, number: int = 1) -> None:
        """Count something that happened, such as `nack_sent`."""
        self.happened[name] += number

    def drop(self, reason: str) -> None:
        """Count one datagram or packet that went no further."""
        self.dropped[reason] += 1

    def fault(self, reason: str) -> None:
        """Count an exception behind a fence, and log the first of each kind; call it while handling one."""
        self.dropped[reason] += 1
        if self.dropped[reason] == 1:
            logger.exception("relay.fault", extra={"event": "relay.fault", "reason": reason})
