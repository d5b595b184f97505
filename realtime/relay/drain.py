"""The way to a planned end: no new rooms from now on, and a last moment for those that are there."""

from realtime.relay.clock import SECOND


class Drain:
    """Remember whether the relay is to end, and when at the latest; the clock is an argument."""

    __slots__ = ("_is_final", "_until_ns")

    def __init__(self) -> None:
        self._until_ns: int | None = None
        self._is_final = False

    @property
    def is_on(self) -> bool:
        """Say whether an end is planned."""
        return self._until_ns is not None

    def begin(self, seconds: int, *, is_final: bool, now_ns: int) -> None:
        """Plan the end; a later one never puts off an end that is final."""
        until_ns = now_ns + seconds * SECOND
        if self._is_final and self._until_ns is not None:
            until_ns = min(until_ns, self._until_ns)
        self._until_ns = until_ns
        self._is_final = self._is_final or is_final

    def cancel(self) -> bool:
        """Plan no end any more; False when the supervisor has decided it and will not wait."""
        if self._is_final:
            return False
        self._until_ns = None
        return True

    def remaining(self, now_ns: int) -> int | None:
        """Return the whole seconds left, None when no end is planned."""
        return None if self._until_ns is None else max(0, -(-(self._until_ns - now_ns) // SECOND))

    def is_over(self, *, is_empty: bool, now_ns: int) -> bool:
        """Say whether the process should end now: nobody is there, or time is up."""
        return self._until_ns is not None and (is_empty or now_ns >= self._until_ns)
