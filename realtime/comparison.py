"""Compare what the rooms want of the relay with what was wanted the last time, and have the difference told.

Whoever commits a change tells the relay at once. A process that ended in between told nothing: the worker
looks once a second, and repeats what it has not wanted before itself. Repeating does no harm.
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from realtime.desk import Allowed, RelayDesk
from realtime.reading import allowed_of
from realtime.wire.state import SEATED
from sessions.selectors.room import HeldConnection


class Comparison:
    """Remember what a desk was asked to bring to one boot of the relay."""

    def __init__(self, desk: RelayDesk) -> None:
        self._desk = desk
        self._boot: str | None = None
        self._allowed: dict[str, Allowed] = {}
        self._locks: dict[str, frozenset[str]] = {}

    def look(self, held: Iterable[HeldConnection], locked: Iterable[UUID]) -> None:
        """Ask for what is new in the seats and the locks of all rooms."""
        if self._desk.boot is None:
            return
        if self._desk.boot != self._boot:
            self._boot = self._desk.boot
            self._allowed.clear()
            self._locks.clear()
        seats = [each for each in held if each.state in SEATED]
        self._look_at_seats(seats)
        self._look_at_locks(seats, {str(room) for room in locked})

    def _look_at_seats(self, seats: list[HeldConnection]) -> None:
        before, self._allowed = self._allowed, {}
        for each in seats:
            wanted = allowed_of(each)
            self._allowed[wanted.connection] = wanted
            if before.get(wanted.connection) != wanted:
                self._desk.refresh(str(each.group_session_id), [wanted.participant])

    def _look_at_locks(self, seats: list[HeldConnection], locked: set[str]) -> None:
        before, self._locks = self._locks, {}
        for room in locked:
            people = (str(each.participant) for each in seats if str(each.group_session_id) == room)
            self._locks[room] = frozenset(people)
        for room in before.keys() | locked:
            if before.get(room) != self._locks.get(room):
                self._desk.refresh(room, [], lock=True)
