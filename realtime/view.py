"""What one browser looks at, brought to the relay: only the newest, and again on a relay that forgot it."""

from __future__ import annotations

import asyncio

from realtime.relay_link import Relay, RelayRefusedError, RelayUnavailableError
from realtime.wire import room as wire
from realtime.wire.relay import ConnectionView, Tile

RETRY_SECONDS = 1.0


class ViewTeller:
    """Hold the newest view of a connection; `run` sends it. However often it changes, one is on its way."""

    def __init__(self, relay: Relay, connection: str) -> None:
        self._relay = relay
        self._connection = connection
        self._view: ConnectionView | None = None
        self._wake = asyncio.Event()

    def want(self, message: wire.MediaView) -> None:
        """Take the place of what was wanted before."""
        self._view = ConnectionView(
            id=0,
            connection=self._connection,
            tiles=[Tile(**tile.model_dump()) for tile in message.tiles],
            sound_only=message.sound_only,
        )
        self._wake.set()

    def again(self) -> None:
        """Send it once more: the relay has a new connection in the place of the one that knew."""
        self._wake.set()

    async def run(self) -> None:
        """Send until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            if self._view is not None:
                await self._send(self._view)

    async def _send(self, view: ConnectionView) -> None:
        try:
            await self._relay.call(view)
        except RelayRefusedError:
            # The relay does not have the connection (any more): opening it sends the view again.
            return
        except RelayUnavailableError:
            if self._relay.boot is not None:  # else its return wakes us
                asyncio.get_running_loop().call_later(RETRY_SECONDS, self._wake.set)
