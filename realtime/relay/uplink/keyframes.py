"""When to ask a publisher for a key frame: soon and until it comes, yet rarely. Pure.

An *episode* begins with the first request and ends when a key frame is seen. Within it the request is
repeated, since it may have been lost; wishes that come meanwhile are part of it. Episodes of one source begin
at least the throttle apart: each costs the publisher a large frame, and everybody a coarser picture after it.
"""

from realtime.relay.clock import MILLISECOND, SECOND

LOW_THROTTLE_NS = 500 * MILLISECOND
FULL_THROTTLE_NS = SECOND
SHORTEST_REPEAT_NS = 200 * MILLISECOND
LONGEST_REPEAT_NS = SECOND
# Whoever has not answered so many requests is slow, or cannot: more of them would only make it slower.
_QUICK_REPEATS = 5
# What one requester may begin: a subscriber on a hopeless path must not coarsen the picture of all others.
MAX_PER_REQUESTER = 3
REQUESTER_WINDOW_NS = 10 * SECOND
_MAX_REQUESTERS = 64
_LONG_AGO = -(10**15)


class KeyframeGovernor:
    """Take wishes for key frames of one encoding, and say when to ask; no wish is forgotten."""

    __slots__ = (
        "_asked",
        "_asked_ns",
        "_began_ns",
        "_begun_by",
        "_is_asking",
        "_late",
        "_throttle_ns",
        "is_wanted",
    )

    def __init__(self, throttle_ns: int) -> None:
        self._throttle_ns = throttle_ns
        self.is_wanted = False
        self._is_asking = False
        self._began_ns = _LONG_AGO
        self._asked_ns = _LONG_AGO
        self._asked = 0
        self._begun_by: dict[object, list[int]] = {}
        self._late: dict[object, int] = {}

    @property
    def has_work(self) -> bool:
        """Say whether `is_due` can become true by waiting."""
        return self.is_wanted or bool(self._late)

    def want(self, now_ns: int, requester: object | None = None) -> None:
        """Take a wish; that of a requester over its budget waits until the budget allows it."""
        if self.is_wanted:
            return
        if requester is not None and not self._may_begin(requester, now_ns):
            return
        self.is_wanted = True

    def is_due(self, now_ns: int, round_trip_ns: int) -> bool:
        """Say whether to ask now; a yes counts as asked."""
        if self._late and not self.is_wanted:
            late = [each for each, from_ns in self._late.items() if now_ns >= from_ns]
            self.is_wanted = any(self._may_begin(each, now_ns) for each in late)
            if self.is_wanted:
                self._late.clear()
        if not self.is_wanted:
            return False
        if self._is_asking:
            repeat_ns = min(max(2 * round_trip_ns, SHORTEST_REPEAT_NS), LONGEST_REPEAT_NS)
            if self._asked >= _QUICK_REPEATS:
                repeat_ns = LONGEST_REPEAT_NS
            if now_ns - self._asked_ns < repeat_ns:
                return False
        elif now_ns - self._began_ns < self._throttle_ns:
            return False
        else:
            self._began_ns = now_ns
            self._is_asking = True
            self._asked = 0
        self._asked += 1
        self._asked_ns = now_ns
        return True

    def seen(self) -> None:
        """End the episode: a key frame has come, which answers every wish so far."""
        self.is_wanted = self._is_asking = False
        self._late.clear()

    def restart(self) -> None:
        """Forget when the source before was asked: another one feeds the stream."""
        self._is_asking = False
        self._began_ns = _LONG_AGO

    def _may_begin(self, requester: object, now_ns: int) -> bool:
        begun = [at for at in self._begun_by.pop(requester, ()) if now_ns - at < REQUESTER_WINDOW_NS]
        is_allowed = len(begun) < MAX_PER_REQUESTER
        if is_allowed:
            begun.append(now_ns)
        else:
            self._late[requester] = begun[0] + REQUESTER_WINDOW_NS
        if len(self._begun_by) >= _MAX_REQUESTERS:
            oldest = next(iter(self._begun_by))
            del self._begun_by[oldest]
            self._late.pop(oldest, None)
        self._begun_by[requester] = begun
        return is_allowed
