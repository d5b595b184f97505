"""What was committed, on its way to the sockets: in order, and nobody's thread waits for it."""

from __future__ import annotations

import asyncio
import logging
from collections import deque

from realtime.groups import GroupMessage, tell

logger = logging.getLogger(__name__)

# With the channel layer away each takes its time limit; what is let go of then is found by its number.
MOST_WAITING = 100
# A message stays small, whatever comes together.
MOST_CHANGES = 50


class Announcer:
    """Send to each group one after the other; what happens meanwhile in a room goes in one message."""

    def __init__(self) -> None:
        self._waiting: dict[str, deque[GroupMessage]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def say(self, group: str, message: GroupMessage) -> None:
        """Have a message sent soon; on the event loop."""
        waiting = self._waiting.get(group)
        if waiting is None:
            self._waiting[group] = deque([message.copy()])
            task = asyncio.create_task(self._send(group))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        elif not (waiting and _is_joined(waiting[-1], message)):
            if len(waiting) >= MOST_WAITING:
                logger.warning("announcer.full", extra={"group": group, "kind": message["type"]})
                return
            # A copy, for what comes next may be joined to it.
            waiting.append(message.copy())

    async def stop(self) -> None:
        """Say nothing any more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _send(self, group: str) -> None:
        waiting = self._waiting[group]
        try:
            while waiting:
                await tell(group, waiting.popleft())
        finally:
            del self._waiting[group]


def _is_joined(last: GroupMessage, message: GroupMessage) -> bool:
    """Put a message into the one before it, if both come to the same as one."""
    if message["type"] == "attendance.changed":
        return last["type"] == "attendance.changed"
    if last["type"] != "room.events" or message["type"] != "room.events":
        return False
    follows = message["seq"] - len(message["changes"]) == last["seq"]
    if not follows or len(last["changes"]) + len(message["changes"]) > MOST_CHANGES:
        return False
    last["changes"] = [*last["changes"], *message["changes"]]
    last["seq"] = message["seq"]
    return True
