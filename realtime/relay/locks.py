"""Which rooms are closed to newcomers, and who may still come in."""

from collections.abc import Callable, Iterable

# Rooms that nobody is in may be locked beforehand; more than this are never prepared at a time.
MAX_EMPTY = 1024


class Locks:
    """Hold the guest lists of locked rooms; a lock outlives a moment in which its room is empty."""

    def __init__(self, *, is_used: Callable[[str], bool]) -> None:
        self._lists: dict[str, frozenset[str]] = {}
        self._is_used = is_used

    def set(self, room: str, participants: Iterable[str] | None) -> None:
        """Lock a room to all but these, or (None) unlock it; of too many empty rooms the oldest lock goes."""
        self._lists.pop(room, None)
        if participants is None:
            return
        self._lists[room] = frozenset(participants)
        empty = [each for each in self._lists if not self._is_used(each)]
        for oldest in empty[:-MAX_EMPTY]:
            del self._lists[oldest]

    def admits(self, room: str, participant: str) -> bool:
        """Say whether somebody may open a connection that is not there yet."""
        allowed = self._lists.get(room)
        return allowed is None or participant in allowed
