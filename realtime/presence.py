"""Who has been seen: one lease for a connection's socket, one for its media, in memory or in Redis.

A lease that is not renewed lapses by itself, so a process that dies leaves nobody behind as present.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal, Protocol

from redis.asyncio import BlockingConnectionPool, Redis
from redis.exceptions import RedisError

# What a store that is away raises; it comes back by itself, and so do the leases that are renewed then.
PRESENCE_ERRORS = (RedisError, OSError)

CONNECTIONS = 8
CONNECTION_SECONDS = 5.0

Kind = Literal["socket", "media"]
KINDS: tuple[Kind, ...] = ("socket", "media")


@dataclass(frozen=True, slots=True)
class Seen:
    """Which leases of a connection are alive."""

    socket: bool
    media: bool

    @property
    def at_all(self) -> bool:
        """Say whether the connection counts as present."""
        return self.socket or self.media


class PresenceStore(Protocol):
    """Keep leases by connection id; safe to call from any task of the loop it was made on."""

    async def renew(self, connection: str, kind: Kind, seconds: float) -> None:
        """Make a lease last `seconds` from now, whatever it was before."""
        ...

    async def drop(self, connection: str, kind: Kind) -> None:
        """End a lease at once."""
        ...

    async def seen(self, connections: Iterable[str]) -> dict[str, Seen]:
        """Give the leases of each of these connections."""
        ...

    async def close(self) -> None:
        """Let go of what the store holds open."""
        ...


class MemoryPresence:
    """Leases within one process."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._until: dict[tuple[str, Kind], float] = {}

    async def renew(self, connection: str, kind: Kind, seconds: float) -> None:
        """Make a lease last `seconds` from now."""
        now = self._monotonic()
        self._until[connection, kind] = now + seconds
        if len(self._until) > 4096:
            self._until = {key: until for key, until in self._until.items() if until > now}

    async def drop(self, connection: str, kind: Kind) -> None:
        """End a lease at once."""
        self._until.pop((connection, kind), None)

    async def seen(self, connections: Iterable[str]) -> dict[str, Seen]:
        """Give the leases of each of these connections."""
        return {
            each: Seen(self._is_alive(each, "socket"), self._is_alive(each, "media")) for each in connections
        }

    async def close(self) -> None:
        """Hold nothing open."""

    def _is_alive(self, connection: str, kind: Kind) -> bool:
        return self._until.get((connection, kind), 0.0) > self._monotonic()


class RedisPresence:
    """Leases that all processes share; Redis itself lets them lapse."""

    def __init__(self, client: Redis, prefix: str = "presence") -> None:
        self._client = client
        self._prefix = prefix

    async def renew(self, connection: str, kind: Kind, seconds: float) -> None:
        """Make a lease last `seconds` from now."""
        await self._client.set(self._key(connection, kind), 1, px=max(1, int(seconds * 1000)))

    async def drop(self, connection: str, kind: Kind) -> None:
        """End a lease at once."""
        await self._client.delete(self._key(connection, kind))

    async def seen(self, connections: Iterable[str]) -> dict[str, Seen]:
        """Give the leases of each of these connections; one round trip."""
        wanted = list(connections)
        if not wanted:
            return {}
        keys = [self._key(connection, kind) for connection in wanted for kind in KINDS]
        values = await self._client.mget(keys)
        pairs = zip(values[::2], values[1::2], strict=True)
        return {
            connection: Seen(socket is not None, media is not None)
            for connection, (socket, media) in zip(wanted, pairs, strict=True)
        }

    async def close(self) -> None:
        """Close the connections to Redis."""
        await self._client.aclose()

    def _key(self, connection: str, kind: Kind) -> str:
        return f"{self._prefix}:{kind}:{connection}"


def make_presence(redis_url: str) -> PresenceStore:
    """Give the store the settings ask for: Redis by URL, otherwise memory."""
    if not redis_url:
        return MemoryPresence()
    # Who finds all of them in use waits for one. The client's own pool would refuse, when everybody comes.
    pool = BlockingConnectionPool.from_url(redis_url, max_connections=CONNECTIONS, timeout=CONNECTION_SECONDS)
    return RedisPresence(Redis.from_pool(pool))
