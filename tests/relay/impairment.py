"""What a bad network does to the datagrams of one direction; a seed and the clock decide."""

import random
from dataclasses import dataclass

from realtime.relay.clock import MILLISECOND, SECOND

# What IPv4 and UDP add to each datagram; a rate cap counts it.
OVERHEAD_BYTES = 28
_HELD_BACK_NS = 30 * MILLISECOND


@dataclass(frozen=True, slots=True)
class Impairment:
    """Describe one direction of a path: shares from 0 to 1, seconds, bits per second, and a queue in bytes.

    `jitter` adds up to that many seconds without changing the order; `reorder` holds a datagram back so that
    others overtake it. A `rate` lets datagrams wait in `queue` bytes; what finds it full is lost.
    """

    loss: float = 0
    delay: float = 0
    jitter: float = 0
    reorder: float = 0
    duplicate: float = 0
    rate: int | None = None
    queue: int = 64_000


class Link:
    """Say when each datagram of one direction arrives, if it does."""

    def __init__(self, impairment: Impairment, *, seed: int) -> None:
        self.impairment = impairment
        self.lost = 0
        self.refused = 0
        self._random = random.Random(seed)
        self._free_ns = 0
        self._last_ns = 0

    def carry(self, size: int, now_ns: int) -> list[int]:
        """Return the times at which copies of a datagram arrive: none, one, or two."""
        bad, chance = self.impairment, self._random.random
        at_ns = now_ns
        if bad.rate is not None:
            waiting = max(0, self._free_ns - now_ns) * bad.rate // (8 * SECOND)
            if waiting + size + OVERHEAD_BYTES > bad.queue:
                self.refused += 1
                return []
            taken_ns = (size + OVERHEAD_BYTES) * 8 * SECOND // bad.rate
            self._free_ns = at_ns = max(now_ns, self._free_ns) + taken_ns
        if bad.loss and chance() < bad.loss:
            self.lost += 1
            return []
        at_ns += round((bad.delay + (chance() * bad.jitter if bad.jitter else 0)) * SECOND)
        self._last_ns = at_ns = max(at_ns, self._last_ns)
        if bad.reorder and chance() < bad.reorder:
            at_ns += _HELD_BACK_NS
        if bad.duplicate and chance() < bad.duplicate:
            return [at_ns, at_ns]
        return [at_ns]
