"""The lease store keeps one promise, in memory and in Redis."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from django.conf import settings
from redis.asyncio import Redis

from realtime.presence import MemoryPresence, PresenceStore, RedisPresence, Seen, make_presence
from tests.patience import PATIENCE_SECONDS

pytestmark = pytest.mark.services


def stores() -> list[str]:
    return ["memory", "redis"] if settings.REDIS_URL else ["memory"]


@pytest.fixture(params=stores())
async def store(request: pytest.FixtureRequest) -> AsyncIterator[PresenceStore]:
    made: PresenceStore = (
        RedisPresence(Redis.from_url(settings.REDIS_URL), prefix=f"test-{uuid4().hex}")
        if request.param == "redis"
        else MemoryPresence()
    )
    yield made
    await made.close()


async def test_nobody_is_seen_before_the_first_lease(store: PresenceStore) -> None:
    assert await store.seen(["a"]) == {"a": Seen(socket=False, media=False)}
    assert await store.seen([]) == {}


async def test_socket_and_media_are_leased_apart(store: PresenceStore) -> None:
    await store.renew("a", "socket", 60)
    await store.renew("b", "media", 60)
    seen = await store.seen(["a", "b", "c"])
    assert seen == {"a": Seen(True, False), "b": Seen(False, True), "c": Seen(False, False)}
    assert [seen[each].at_all for each in "abc"] == [True, True, False]


async def test_a_dropped_lease_is_gone_and_dropping_twice_is_harmless(store: PresenceStore) -> None:
    await store.renew("a", "socket", 60)
    await store.drop("a", "socket")
    await store.drop("a", "socket")
    assert not (await store.seen(["a"]))["a"].at_all


async def test_a_lease_lapses_by_itself(store: PresenceStore) -> None:
    await store.renew("a", "socket", 0.001)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (await store.seen(["a"]))["a"].at_all:
            await asyncio.sleep(0)


async def test_renewing_may_also_shorten_a_lease(store: PresenceStore) -> None:
    await store.renew("a", "socket", 60)
    await store.renew("a", "socket", 0.001)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (await store.seen(["a"]))["a"].socket:
            await asyncio.sleep(0)


async def test_memory_forgets_lapsed_leases_instead_of_growing() -> None:
    now = 0.0
    store = MemoryPresence(monotonic=lambda: now)
    for number in range(5000):
        now = float(number)
        await store.renew(str(number), "socket", 1)
    assert len(store._until) < 4200


async def test_the_settings_choose_the_store() -> None:
    assert isinstance(make_presence(""), MemoryPresence)
    redis = make_presence("redis://127.0.0.1:1/0")
    assert isinstance(redis, RedisPresence)
    await redis.close()
