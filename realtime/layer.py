"""The channel layer between processes: Redis' publish and subscribe, with queues that have an end.

channels-redis has two layers. With its usual one the sockets of a process take turns at reading what came for
all: with four hundred of them that is slower than people come in at nine. This one reads in one task, and
Redis keeps nothing, which suits messages that have numbers.
"""

from __future__ import annotations

import asyncio
from typing import Any

from channels_redis.core import BoundedQueue
from channels_redis.pubsub import RedisPubSubChannelLayer, RedisPubSubLoopLayer
from channels_redis.utils import _wrap_close


class RoomLayer(RedisPubSubChannelLayer):  # type: ignore[misc]  # Channels has no types
    """Keep up to `capacity` messages for each socket; of one that does not read, the oldest are dropped."""

    def __init__(self, *, capacity: int, **options: Any) -> None:  # Any: what the base takes
        super().__init__(**options)
        self.capacity = capacity

    async def forget(self, channel: str) -> None:
        """Let go of a channel that nobody reads any more; a socket's goes when its reader is cancelled."""
        layer = self._get_layer()
        if layer.channels.pop(channel, None) is not None:
            await layer._get_shard(channel).unsubscribe(channel)

    def _get_layer(self) -> Any:  # the base's name for what belongs to one event loop
        loop = asyncio.get_running_loop()
        if loop not in self._layers:
            self._layers[loop] = _LoopLayer(**self._kwargs, channel_layer=self)
            _wrap_close(self, loop)
        return self._layers[loop]


class _LoopLayer(RedisPubSubLoopLayer):  # type: ignore[misc]  # the same
    async def _subscribe_to_channel(self, channel: str) -> None:
        self.channels[channel] = BoundedQueue(self.channel_layer.capacity)
        await self._get_shard(channel).subscribe(channel)
