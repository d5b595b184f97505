"""How much a subscriber's network carries, from what its browser reports: REMB and loss. Pure arithmetic.

A browser's estimate counts pictures only (voices carry no send time), and it is shy: it starts at what
arrives, grows by some percent a second and never beyond one and a half times what arrives, however wide the
path. So a low estimate says nothing; one that falls, or no longer grows below what is sent, does. What lies
beyond is found by trying.
"""

from collections import deque
from dataclasses import dataclass

from realtime.relay.clock import MILLISECOND, SECOND

# Until something is known: a gallery of nine small pictures and a voice, or a large one beside some small
# ones.
START = 1_300_000
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
# An estimate is believed to fall or to grow by these shares of itself; a fall to more than this share of what
# is sent is none. What grows no more for so long below what is sent has found the limit.
_FALLS_PERCENT, _GROWS_PERCENT, _CLOSE_PERCENT = 93, 101, 115
_STANDS_NS, _STANDS_AT_ONCE_NS = 2500 * MILLISECOND, 1600 * MILLISECOND
_STANDING_CUT_PERCENT, _FALLEN_PERCENT = 70, 85
# The estimate needs this long to see that more is being sent.
_SETTLES_NS = 1500 * MILLISECOND
# For so long after a failure the queue that it made goes on to lower the estimate, though not below this
# share.
_DRAINS_NS, _DRAINING_PERCENT = 1500 * MILLISECOND, 60
# After this long without a complaint it was right to send more; what failed is left alone, for longer each
# time.
_PROVES_NS = 3 * SECOND
RETRIES_AFTER_NS, RETRIES_LATEST_NS = 5 * SECOND, 30 * SECOND
_BELOW_CEILING_PERCENT, _SWING_PERCENT = 95, 115
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
        self._worked = 0
        self._risen_cost = 0
        self._risen_ns = now_ns
        self._estimate: int | None = None
        self._grown_ns = now_ns
        self._settled_ns = now_ns + _SETTLES_NS
        self._drained_ns = now_ns
        self._failed = 0
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
        if has_risen:
            if self._proven_ns is None:
                self._worked = self._cost
            self._risen_cost, self._risen_ns = cost, now_ns
            # Measured rates swing: what has just been granted is not taken back for some percent.
            self.budget = max(self.budget, cost * _SWING_PERCENT // 100)
            self._settled_ns = now_ns + _SETTLES_NS
            self._proven_ns = now_ns + _PROVES_NS
        self._cost = cost

    def update(self, feedback: Feedback, now_ns: int) -> None:
        """Take what is known now."""
        self._loss = feedback.loss
        self._has_reported = self._has_reported or feedback.has_reported
        if feedback.remb is None:
            self._estimate = None
        else:
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
        before, total = self._estimate, remb + feedback.audio
        has_fallen = before is not None and remb * 100 < before * _FALLS_PERCENT
        if before is None or has_fallen or remb * 100 >= before * _GROWS_PERCENT:
            self._estimate, self._grown_ns = remb, now_ns
        is_draining = now_ns < self._drained_ns and remb * 100 >= self._failed * _DRAINING_PERCENT
        stands_ns = _STANDS_NS if self._proven_ns is None else _STANDS_AT_ONCE_NS
        if total >= self.budget:
            self.budget, self._used_ns = total, now_ns
        elif is_draining:
            self._grown_ns = now_ns
        elif has_fallen and remb * 100 < feedback.video * _CLOSE_PERCENT:
            self._limit(self._carried(remb, feedback) + feedback.audio, now_ns)
        elif remb < feedback.video and now_ns - max(self._grown_ns, self._risen_ns) >= stands_ns:
            self._grown_ns = now_ns
            cut = max(remb, feedback.video * _STANDING_CUT_PERCENT // 100)
            self._limit(min(self.budget, cut + feedback.audio), now_ns)
        elif now_ns - self._used_ns >= _FORGETS_AFTER_NS:
            self.budget = max(total, min(self.budget, START))

    def _carried(self, remb: int, feedback: Feedback) -> int:
        """Return what a fallen estimate means for pictures that send less just now than they mostly do.

        It is a share of what arrives: of a still picture it would leave next to nothing.
        """
        planned = self._cost - feedback.audio
        if not 0 < feedback.video < planned:
            return remb
        return max(remb, min(remb * planned // feedback.video, planned * _FALLEN_PERCENT // 100))

    def _limit(self, budget: int, now_ns: int) -> None:
        self.budget, self._used_ns = budget, now_ns
        if budget >= self._cost:
            return
        if self._proven_ns is not None:
            # What had been carried before is no longer in question, once the queue of the failure is gone.
            self.budget = max(budget, self._worked * _SWING_PERCENT // 100)
            self._proven_ns, self._drained_ns = None, now_ns + _DRAINS_NS
            self._ceiling, self._failed = self._risen_cost, self._estimate or 0
            self._pause_ns = min(2 * self._pause_ns, RETRIES_LATEST_NS)
        self._calm_since_ns = now_ns

    def _lost(self, feedback: Feedback, now_ns: int) -> None:
        self._bad_reports = self._bad_reports + 1 if feedback.loss > LOSS_IS_BAD else 0
        sent = feedback.video + feedback.audio
        if self._bad_reports >= _BAD_REPORTS:
            self._limit(round(min(self.budget, sent) * (1 - feedback.loss / 2)), now_ns)
        elif (
            feedback.remb is None
            and feedback.has_reported
            and feedback.loss < LOSS_IS_FINE
            and sent * 8 >= self.budget * 7
        ):
            self.budget = self.budget * _LOSS_RISE_PERCENT // 100
