"""The loop of the load: every packet at its own due time, every receiver read in batches, nobody waits.

One thread. What is due is sent first, then the receivers are read if the last time is long enough ago, then
it sleeps until the next of both. How late it was is kept: a generator that falls behind measures itself.
"""

import heapq
import itertools
import time
from collections.abc import Callable

from realtime.relay.clock import MILLISECOND, SECOND
from tests.load.calls.batch import Batch
from tests.load.calls.client import ClientPeer
from tests.load.calls.publishing import FRAME_NS, VOICE_NS, Publishing

READ_EVERY_NS = 3 * MILLISECOND
LATE_NS = 10 * MILLISECOND
_REPORT_NS = SECOND
_TICK_NS = 100 * MILLISECOND
_CONNECT_STEP_SECONDS = 0.0005

# When, a number that breaks ties, how often again, what.
Due = tuple[int, int, int, Callable[[], None]]


class Generator:
    """Drive all peer connections of all calls."""

    def __init__(self) -> None:
        self.peers: list[ClientPeer] = []
        self.batch = Batch()
        self.turns = self.late = 0
        self._due: list[Due] = []
        self._numbers = itertools.count()
        self._next_read_ns = 0

    def every(self, interval_ns: int, work: Callable[[], None]) -> None:
        """Do something again and again; the first time depends on how much there is to do already."""
        number = next(self._numbers)
        # Golden section: however many there are, their phases lie apart.
        phase_ns = int(number * 0.618034 % 1 * interval_ns)
        heapq.heappush(self._due, (time.monotonic_ns() + phase_ns, number, interval_ns, work))

    def add(self, peer: ClientPeer) -> None:
        """Read a peer from now on, and let it send its checks."""
        self.peers.append(peer)
        self.every(_TICK_NS, lambda: peer.tick(time.monotonic_ns()))

    def connect(self, peer: ClientPeer, *, seconds: float) -> None:
        """Run until a peer is connected, or raise TimeoutError."""
        self.wait_for(lambda: peer.is_connected, seconds=seconds, ticking=peer)

    def wait_for(
        self, is_done: Callable[[], bool], *, seconds: float, ticking: ClientPeer | None = None
    ) -> None:
        """Run, looking often, until something is so; TimeoutError if it is not in time."""
        deadline_ns = time.monotonic_ns() + int(seconds * SECOND)
        while not is_done():
            now_ns = time.monotonic_ns()
            if now_ns > deadline_ns:
                raise TimeoutError
            if ticking is not None:
                ticking.tick(now_ns)
            self._next_read_ns = 0
            self._turn(now_ns)
            time.sleep(_CONNECT_STEP_SECONDS)

    def publish(self, publishing: Publishing) -> None:
        """Let somebody speak and be seen from now on."""
        self.every(VOICE_NS, publishing.send_voice)
        self.every(FRAME_NS, publishing.send_frame)
        self.every(_REPORT_NS, publishing.report)

    def watch(self, subscriber: ClientPeer) -> None:
        """Let a receiver report from now on."""
        self.every(_REPORT_NS, subscriber.report)

    def run(self, seconds: float) -> None:
        """Go on for some time."""
        end_ns = time.monotonic_ns() + int(seconds * SECOND)
        while (now_ns := time.monotonic_ns()) < end_ns:
            self._turn(now_ns)
            next_ns = min(self._due[0][0] if self._due else end_ns, self._next_read_ns, end_ns)
            wait_ns = next_ns - time.monotonic_ns()
            if wait_ns > 0:
                time.sleep(wait_ns / SECOND)

    def close(self) -> None:
        """End every peer connection."""
        for peer in self.peers:
            peer.close()

    def _turn(self, now_ns: int) -> None:
        due = self._due
        while due and due[0][0] <= now_ns:
            due_ns, number, interval_ns, work = due[0]
            heapq.heapreplace(due, (due_ns + interval_ns, number, interval_ns, work))
            self.turns += 1
            self.late += now_ns - due_ns > LATE_NS
            work()
        if now_ns >= self._next_read_ns:
            for peer in self.peers:
                peer.receive(self.batch)
            self._next_read_ns = now_ns + READ_EVERY_NS
