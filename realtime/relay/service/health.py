"""Is the process alive, and may it be given a room? Redis, database and web have no part in the answer."""

import time
from collections.abc import Callable

from realtime.relay.clock import SECOND, Monotonic, WebClock
from realtime.relay.facts.journal import Journals
from realtime.relay.relay import Relay

# The loop turns every 20 ms. Stalled for so long, the process does nothing for anybody.
STALLED_AFTER_NS = 5 * SECOND


class Health:
    """Answer a supervisor's two questions with short words for what is wrong; none when all is well."""

    def __init__(
        self,
        *,
        relay: Relay,
        clock: WebClock,
        journals: Journals,
        is_socket_open: Callable[[], bool],
        now: Monotonic = time.monotonic_ns,
    ) -> None:
        self._relay = relay
        self._clock = clock
        self._journals = journals
        self._is_socket_open = is_socket_open
        self._now = now
        self._ticked_ns = now()
        self.is_synced = True

    def ticked(self) -> None:
        """Note that the loop has come round."""
        self._ticked_ns = self._now()

    def deadly(self) -> list[str]:
        """Say what only a restart mends. A relay with people in its rooms is restarted for nothing else."""
        problems = []
        if self._now() - self._ticked_ns >= STALLED_AFTER_NS:
            problems.append("loop_stalled")
        if not self._is_socket_open():
            problems.append("socket_closed")
        return problems

    def unready(self) -> list[str]:
        """Say why no new room should come to this relay. Its self-test has passed, or it would not run."""
        problems = self.deadly()
        if not self._clock.is_set:
            problems.append("clock_not_set")
        if self._journals.current.waiting or not self.is_synced:
            problems.append("journal_refused")
        if self._relay.is_draining:
            problems.append("draining")
        return problems
