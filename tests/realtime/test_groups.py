"""What is said to a room or a login is committed already: a layer that is away must not undo it."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
from channels.layers import InMemoryChannelLayer, channel_layers
from pytest_django import Settings
from redis.exceptions import ConnectionError as RedisAway

from realtime.groups import tell


class Away(InMemoryChannelLayer):  # type: ignore[misc]  # Channels has no types
    """A layer whose Redis refuses the connection."""

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        raise RedisAway


class Silent(InMemoryChannelLayer):  # type: ignore[misc]
    """A layer whose Redis never answers."""

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        await asyncio.Event().wait()


@pytest.mark.parametrize("layer", [Away(), Silent()], ids=["away", "silent"])
async def test_a_message_that_cannot_be_sent_is_noted_and_raises_nothing(
    layer: InMemoryChannelLayer, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.CHANNEL_SEND_SECONDS = 0.01
    before = channel_layers.set("default", layer)
    try:
        with caplog.at_level(logging.WARNING, "realtime.groups"):
            await tell("room.0", {"type": "attendance.changed"})
    finally:
        channel_layers.set("default", before)
    assert [record.message for record in caplog.records] == ["channel_layer.send_failed"]
