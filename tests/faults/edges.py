"""The edges that break: the database's door, Redis, and the steps between which a process can be killed."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from typing import Any

from django.db import OperationalError
from redis.exceptions import ConnectionError as RedisConnectionError

from realtime.presence import Kind, MemoryPresence, Seen


class Killed(BaseException):
    """The process is no more: nothing of it runs on, not even an `except Exception`."""


class Steps:
    """Count the steps of the process that acts now, and kill it at the one that was chosen."""

    def __init__(self) -> None:
        self.acting: str | None = None
        self._victim: str | None = None
        self._left = 0

    def arm(self, victim: str, steps: int) -> None:
        """Let the victim die after so many more of its own steps."""
        self._victim, self._left = victim, steps

    def disarm(self) -> None:
        """Let nobody die."""
        self._victim = None

    def take(self) -> None:
        """Note one step: a query, a message, a lease, an announcement."""
        if self._victim is None or self.acting != self._victim:
            return
        self._left -= 1
        if self._left < 0:
            self._victim = None
            raise Killed


class DatabaseDoor:
    """Stand before every query (`connection.execute_wrapper`), savepoints and commits included.

    `away_after` counts down to an outage that begins in the middle of whatever runs then.
    """

    def __init__(self, steps: Steps, luck: random.Random) -> None:
        self._steps = steps
        self._luck = luck
        self._is_undoing = False
        self.away_after: int | None = None

    # Any: Django's own shapes.
    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if self._steps.acting is None:
            return execute(sql, params, many, context)
        if sql.startswith("ROLLBACK"):
            # An aborted transaction is undone by the server, whether or not anybody can still ask for it.
            self._is_undoing = True
            return execute(sql, params, many, context)
        if self._is_undoing and sql.startswith("RELEASE"):
            self._is_undoing = False
            return execute(sql, params, many, context)
        self._is_undoing = False
        is_commit = sql.startswith("RELEASE")
        dies_after = is_commit and self._luck.random() < 0.5
        if not dies_after:
            self._steps.take()
        if self.away_after is not None:
            self.away_after -= 1
            if self.away_after < 0:
                raise OperationalError("the database is away")
        result = execute(sql, params, many, context)
        if dies_after:
            self._steps.take()
        return result


class Leases:
    """Presence as one process or Redis keeps it, on simulated time."""

    def __init__(self, monotonic: Callable[[], float], steps: Steps) -> None:
        self._monotonic = monotonic
        self._steps = steps
        self._store = MemoryPresence(monotonic)
        self.is_away = False

    def wipe(self) -> None:
        """Lose everything, as a restarted Redis does that keeps nothing."""
        self._store = MemoryPresence(self._monotonic)

    async def renew(self, connection: str, kind: Kind, seconds: float) -> None:
        self._step()
        await self._store.renew(connection, kind, seconds)

    async def drop(self, connection: str, kind: Kind) -> None:
        self._step()
        await self._store.drop(connection, kind)

    async def seen(self, connections: Iterable[str]) -> dict[str, Seen]:
        self._step()
        return await self._store.seen(connections)

    async def close(self) -> None:
        """Hold nothing open."""

    def _step(self) -> None:
        self._steps.take()
        if self.is_away:
            raise RedisConnectionError("Redis is away")


class AwayLayer:
    """A channel layer whose Redis is away."""

    async def group_send(self, group: str, message: object) -> None:
        raise RedisConnectionError("Redis is away")
