"""The channel layer carries a room's messages the same way in one process and through Redis."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
from channels.layers import channel_layers, get_channel_layer
from django.conf import settings

from realtime.layer import RoomLayer
from tests.patience import PATIENCE_SECONDS

A_SMALL_QUEUE = 100


@pytest.fixture
async def layer() -> AsyncIterator[Any]:  # channels has no types
    # A layer of this test's own loop: connections to Redis belong to the loop that opened them.
    channel_layers.backends.clear()
    made = get_channel_layer()
    yield made
    await made.flush()
    channel_layers.backends.clear()


@pytest.fixture
def group() -> str:
    return f"test.{uuid4().hex}"


async def received(layer: Any, channel: str) -> dict[str, Any]:
    async with asyncio.timeout(PATIENCE_SECONDS):
        message: dict[str, Any] = await layer.receive(channel)
        return message


async def test_a_group_message_reaches_every_member(layer: Any, group: str) -> None:
    first, second = await layer.new_channel(), await layer.new_channel()
    await layer.group_add(group, first)
    await layer.group_add(group, second)
    message = {"type": "room.events", "seq": 7, "changes": [{"kind": "x", "ids": [str(uuid4())]}]}
    await layer.group_send(group, message)
    assert await received(layer, first) == message
    assert await received(layer, second) == message


async def test_who_has_left_the_group_hears_nothing_more(layer: Any, group: str) -> None:
    stays, leaves = await layer.new_channel(), await layer.new_channel()
    for channel in (stays, leaves):
        await layer.group_add(group, channel)
    await layer.group_discard(group, leaves)
    await layer.group_send(group, {"type": "room.events", "seq": 1})
    await layer.send(leaves, {"type": "mark"})
    assert (await received(layer, stays))["seq"] == 1
    assert (await received(layer, leaves))["type"] == "mark"


async def test_messages_of_one_sender_keep_their_order(layer: Any, group: str) -> None:
    channel = await layer.new_channel()
    await layer.group_add(group, channel)
    for seq in range(20):
        await layer.group_send(group, {"type": "room.events", "seq": seq})
    assert [(await received(layer, channel))["seq"] for _ in range(20)] == list(range(20))


async def test_a_reader_that_does_not_read_never_blocks_the_sender(layer: Any, group: str) -> None:
    layer.capacity = A_SMALL_QUEUE
    channel = await layer.new_channel()
    await layer.group_add(group, channel)
    async with asyncio.timeout(PATIENCE_SECONDS):
        for seq in range(3 * A_SMALL_QUEUE):
            await layer.group_send(group, {"type": "room.events", "seq": seq})
        # Some were dropped: that is why room events have numbers, and a gap is healed by a snapshot.
        await layer.group_send(group, {"type": "mark"})
        found = [(await received(layer, channel))["seq"] for _ in range(A_SMALL_QUEUE - 1)]
    assert found == sorted(found)


async def test_a_group_without_members_takes_messages_silently(layer: Any, group: str) -> None:
    await layer.group_send(group, {"type": "room.events", "seq": 1})


def test_a_reader_waits_as_long_as_it_takes() -> None:
    # With the client's usual limit of 5 s it would lose cancellations, see below.
    hosts = settings.CHANNEL_LAYERS["default"].get("CONFIG", {}).get("hosts", [])  # none in one process
    assert [host["socket_timeout"] for host in hosts] == [None] * len(hosts)


async def test_a_channel_that_is_read_no_more_is_not_kept(layer: Any) -> None:
    if isinstance(layer, RoomLayer):
        channel = await layer.new_channel()
        await layer.forget(channel)
        await layer.forget(channel)
        assert channel not in layer.channels


async def test_a_reader_that_is_cancelled_ends_wherever_it_is() -> None:
    for steps in range(60):
        # A layer that is not connected yet: redis-py 8 lost cancellations on the way to its first answer.
        channel_layers.backends.clear()
        fresh = get_channel_layer()
        reader = asyncio.ensure_future(fresh.receive(await fresh.new_channel()))
        for _ in range(steps):
            await asyncio.sleep(0)
        reader.cancel()
        done, _ = await asyncio.wait([reader], timeout=PATIENCE_SECONDS)
        assert done, f"cancelled after {steps} steps of the loop"
        await fresh.flush()
    channel_layers.backends.clear()
