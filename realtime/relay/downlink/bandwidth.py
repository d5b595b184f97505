"""How much a subscriber's network carries, from what its browser reports: REMB and loss. Pure arithmetic.

A browser's estimate counts pictures only (voices carry no send time), and it follows what it gets: it says no
more than about one and a half times that, however wide the path. So a low estimate limits only when as much
is being sent, and what lies beyond is found by trying.
"""

from collections import deque
from dataclasses import dataclass

from realtime.relay.clock import MILLISECOND, SECOND

# Until something is known: seven small pictures, or a large one beside some voices.
START = 1_000_000
LOWEST, HIGHEST = 30_000, 20_000_000
# What has been possible for this long may be used for more.
HELD_NS = 2 * SECOND
# The limits of Google's congestion control and of Galene: below the first losses mean nothing, above the
# second they mean that less must be sent, however they come about.
LOSS_IS_FINE, LOSS_IS_BAD = 0.02, 0.10
_LOSS_RISE_PERCENT = 105
_LOSS_EVERY_NS = SECOND
# One bad report may be a handful of packets of somebody who hardly speaks.
_BAD_REPORTS = 2
# An estimate below this share of what is sent speaks of the path; above it only repeats what arrives.
_LIMITED_PERCENT = 115
# The estimate needs this long to see that more is being sent; a fall from its peak counts even then.
_SETTLES_NS = 1500 * MILLISECOND
_FALL_PERCENT = 90
# After this long without a complaint it was right to send more; what failed is left alone, for longer each
# time.
_PROVES_NS = 3 * SECOND
RETRIES_AFTER_NS, RETRIES_LATEST_NS = 3 * SECOND, 30 * SECOND
_BELOW_CEILING_PERCENT = 95
# What was possible long ago and has not been used since is no knowledge.
_FORGETS_AFTER_NS = 30 * SECOND


@dataclass(frozen=True, slots=True)
class Feedback:
    """Hold what is known of one peer connection now, in bit/s; loss from 0 to 1.

    `remb` and `video` (what is sent) are of pictures only, `audio` is what the voices take. `remb` is None
    when there is no recent one; `has_reported` says that the browser reports at all.
    """

    remb: int | None
    video: int
    audio: int
    loss: float
    has_reported: bool


class Bandwidth:
    """Follow the budget of one subscribe connection, voices included; `update` it five times a second."""

    def __init__(self, now_ns: int) -> None:
        self.budget = START
        self._history: deque[tuple[int, int]] = deque()
        self._cost = 0
        self._peak = 0
        self._settled_ns = now_ns + _SETTLES_NS
        self._proven_ns: int | None = None
        self._ceiling: int | None = None
        self._pause_ns = RETRIES_AFTER_NS
        self._calm_since_ns = now_ns
        self._used_ns = now_ns
        self._loss_due_ns = now_ns + _LOSS_EVERY_NS
        self._bad_reports = 0
        self._loss = 0.0
        self._has_reported = False

    def held(self, now_ns: int) -> int:
        """Return what may be counted on for more: the least of late, and not again soon what has failed."""
        held = min((budget for _, budget in self._history), default=self.budget)
        if self._ceiling is not None and now_ns - self._calm_since_ns < self._pause_ns:
            held = min(held, self._ceiling * _BELOW_CEILING_PERCENT // 100)
        return held

    def may_try(self, now_ns: int) -> bool:
        """Say whether one step beyond the budget may be tried: not blindly, not soon after a failure."""
        return (
            self._has_reported
            and self._proven_ns is None
            and self._loss <= LOSS_IS_FINE
            and now_ns >= self._settled_ns
            and now_ns - self._calm_since_ns >= self._pause_ns
        )

    def planned(self, cost: int, *, has_risen: bool, now_ns: int) -> None:
        """Take note of what will be sent from now on, and whether that is more than before."""
        self._cost = cost
        if has_risen:
            self.budget = max(self.budget, cost)
            self._settled_ns = now_ns + _SETTLES_NS
            self._proven_ns = now_ns + _PROVES_NS
            self._peak = 0

    def update(self, feedback: Feedback, now_ns: int) -> None:
        """Take what is known now."""
        self._loss = feedback.loss
        self._has_reported = self._has_reported or feedback.has_reported
        if feedback.remb is not None:
            self._estimated(feedback.remb, feedback, now_ns)
        if now_ns >= self._loss_due_ns:
            self._loss_due_ns = now_ns + _LOSS_EVERY_NS
            self._lost(feedback, now_ns)
        if self._proven_ns is not None and now_ns >= self._proven_ns:
            self._proven_ns = None
            if self._ceiling is None or self._cost * 100 >= self._ceiling * _BELOW_CEILING_PERCENT:
                self._ceiling, self._pause_ns = None, RETRIES_AFTER_NS
        self.budget = min(max(self.budget, LOWEST), HIGHEST)
        self._history.append((now_ns, self.budget))
        while now_ns - self._history[0][0] > HELD_NS:
            self._history.popleft()

    def _estimated(self, remb: int, feedback: Feedback, now_ns: int) -> None:
        self._peak = max(self._peak, remb)
        total = remb + feedback.audio
        is_settled = now_ns >= self._settled_ns
        if total >= self.budget:
            self.budget = total
            self._used_ns = now_ns
        elif (
            remb * 100 < feedback.video * _LIMITED_PERCENT
            if is_settled
            else remb * 100 < self._peak * _FALL_PERCENT
        ):
            self.budget = total
            self._used_ns = now_ns
            if total < self._cost:
                self._complained(now_ns)
        elif now_ns - self._used_ns >= _FORGETS_AFTER_NS:
            self.budget = max(total, min(self.budget, START))

    def _lost(self, feedback: Feedback, now_ns: int) -> None:
        self._bad_reports = self._bad_reports + 1 if feedback.loss > LOSS_IS_BAD else 0
        sent = feedback.video + feedback.audio
        if self._bad_reports >= _BAD_REPORTS:
            self.budget = round(min(self.budget, sent) * (1 - feedback.loss / 2))
            self._used_ns = now_ns
            self._complained(now_ns)
        elif (
            feedback.remb is None
            and feedback.has_reported
            and feedback.loss < LOSS_IS_FINE
            and sent * 8 >= self.budget * 7
        ):
            self.budget = self.budget * _LOSS_RISE_PERCENT // 100

    def _complained(self, now_ns: int) -> None:
        if self._proven_ns is not None:
            self._proven_ns = None
            self._ceiling = self._cost
            self._pause_ns = min(2 * self._pause_ns, RETRIES_LATEST_NS)
        self._calm_since_ns = now_ns
