"""Leases behave the same in memory and in Redis."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from django.conf import settings

from realtime.presence import PresenceStore, Seen, make_presence
from tests.patience import PATIENCE_SECONDS

LONG_SECONDS = 60.0
SHORT_SECONDS = 0.05


@pytest.fixture
async def store() -> AsyncIterator[PresenceStore]:
    made = make_presence(settings.REDIS_URL)
    yield made
    await made.close()


@pytest.fixture
def connection() -> str:
    return str(uuid4())


async def lapsed(store: PresenceStore, connection: str) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (await store.seen([connection]))[connection].at_all:
            await asyncio.sleep(0.01)


async def test_nobody_is_seen_before_a_lease(store: PresenceStore, connection: str) -> None:
    assert await store.seen([connection]) == {connection: Seen(socket=False, media=False)}


async def test_socket_and_media_are_leases_of_their_own(store: PresenceStore, connection: str) -> None:
    await store.renew(connection, "socket", LONG_SECONDS)
    assert (await store.seen([connection]))[connection] == Seen(socket=True, media=False)
    await store.renew(connection, "media", LONG_SECONDS)
    assert (await store.seen([connection]))[connection] == Seen(socket=True, media=True)
    await store.drop(connection, "socket")
    assert (await store.seen([connection]))[connection] == Seen(socket=False, media=True)


async def test_a_lease_that_is_not_renewed_lapses_by_itself(store: PresenceStore, connection: str) -> None:
    await store.renew(connection, "socket", SHORT_SECONDS)
    await lapsed(store, connection)


async def test_a_renewal_replaces_what_was_left(store: PresenceStore, connection: str) -> None:
    await store.renew(connection, "socket", LONG_SECONDS)
    await store.renew(connection, "socket", SHORT_SECONDS)
    await lapsed(store, connection)


async def test_dropping_what_was_never_held_is_nothing(store: PresenceStore, connection: str) -> None:
    await store.drop(connection, "media")
    assert not (await store.seen([connection]))[connection].at_all


async def test_each_connection_is_answered_for_itself(store: PresenceStore) -> None:
    here, gone = str(uuid4()), str(uuid4())
    await store.renew(here, "media", LONG_SECONDS)
    seen = await store.seen([here, gone])
    assert (seen[here].at_all, seen[gone].at_all) == (True, False)
    assert await store.seen([]) == {}
