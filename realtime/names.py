"""What people are called, remembered by each process for a moment: names do not travel between processes.

Everybody in a room hears of everybody who comes, and each socket has to put a name to the id. Without this a
group of twelve would ask the database for the same name twelve times.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from uuid import UUID

from sessions.selectors.room import RoomName, room_names

# All sockets of a room ask at the same moment. If it were longer, who changes the name that others may see
# and comes again by another process would be shown there by one that they no longer agree to.
KEPT_SECONDS = 5.0
MOST = 4096


class Names:
    """Remember names; safe to use from several threads."""

    def __init__(
        self,
        read: Callable[[Iterable[UUID]], Mapping[UUID, RoomName]] = room_names,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._read = read
        self._monotonic = monotonic
        self._known: dict[UUID, tuple[float, RoomName]] = {}

    def learn(self, found: Mapping[UUID, RoomName]) -> None:
        """Remember what some people are called."""
        until = self._monotonic() + KEPT_SECONDS
        if len(self._known) > MOST:
            self._known = {}
        self._known.update({pk: (until, name) for pk, name in found.items()})

    def known(self, people: Iterable[UUID]) -> dict[UUID, RoomName]:
        """Give those of the names that are remembered."""
        now, known = self._monotonic(), self._known
        found = {pk: known[pk] for pk in people if pk in known}
        return {pk: name for pk, (until, name) in found.items() if until > now}

    def read(self, people: Iterable[UUID]) -> dict[UUID, RoomName]:
        """Give all of the names; touches the database if one is not remembered."""
        wanted = set(people)
        # Another socket's question may have been answered while this one waited for the thread.
        found = self.known(wanted)
        if wanted - found.keys():
            self.learn(self._read(wanted - found.keys()))
        return self.known(wanted)
