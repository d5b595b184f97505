"""Relay by decoding and encoding again, as aiortc's MediaRelay does: `python -m` this with requests on stdin.

A request is a line of JSON with `op`, its answer a line with `ok` or `error`. The process ends with its
standard input.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any

from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.contrib.media import MediaBlackhole, MediaRelay

_LINE_BYTES = 1 << 20


class Reencoder:
    """Hold the peer connections of everybody, and the tracks that each publishes."""

    def __init__(self) -> None:
        self._relay = MediaRelay()
        self._tracks: dict[str, dict[str, list[MediaStreamTrack]]] = defaultdict(dict)
        self._publishing: list[RTCPeerConnection] = []
        self._sinks: list[MediaBlackhole] = []
        self._subscribing: dict[tuple[str, str], RTCPeerConnection] = {}
        self._operations: dict[str, Callable[..., Awaitable[str]]] = {
            "hello": self.hello,
            "publish": self.publish,
            "subscribe": self.subscribe,
            "subscribed": self.subscribed,
        }

    async def answer(self, line: bytes) -> dict[str, Any]:  # JSON
        """Do what a line asks for."""
        request = json.loads(line)
        try:
            return {"ok": await self._operations[request.pop("op")](**request)}
        except (KeyError, ValueError, TypeError) as error:
            return {"error": repr(error)}

    async def hello(self) -> str:
        """Be there."""
        return ""

    async def publish(self, room: str, participant: str, sdp: str) -> str:
        """Take the tracks of an offer, and answer it."""
        connection = _connection()
        self._publishing.append(connection)
        tracks: list[MediaStreamTrack] = []
        connection.add_listener("track", tracks.append)
        await connection.setRemoteDescription(RTCSessionDescription(sdp=sdp, type="offer"))
        await connection.setLocalDescription(await connection.createAnswer())
        sink = MediaBlackhole()  # without a reader, what is decoded before the first receiver comes piles up
        for track in tracks:
            sink.addTrack(self._relay.subscribe(track))
        await sink.start()
        self._sinks.append(sink)
        self._tracks[room][participant] = tracks
        return str(connection.localDescription.sdp)

    async def subscribe(self, room: str, participant: str, publishers: int) -> str:
        """Offer the tracks of so many others; each gets encoders of its own."""
        others = [tracks for name, tracks in self._tracks[room].items() if name != participant]
        if len(others) < publishers:
            raise ValueError(f"there are {len(others)} publishers, not {publishers}")
        connection = self._subscribing[room, participant] = _connection()
        for tracks in others[:publishers]:
            for track in tracks:
                connection.addTrack(self._relay.subscribe(track))
        await connection.setLocalDescription(await connection.createOffer())
        return str(connection.localDescription.sdp)

    async def subscribed(self, room: str, participant: str, sdp: str) -> str:
        """Take the answer to an offer of ours."""
        connection = self._subscribing[room, participant]
        await connection.setRemoteDescription(RTCSessionDescription(sdp=sdp, type="answer"))
        return ""

    async def close(self) -> None:
        """End every connection."""
        for sink in self._sinks:
            await sink.stop()
        for connection in (*self._publishing, *self._subscribing.values()):
            await connection.close()


def _connection() -> RTCPeerConnection:
    return RTCPeerConnection(RTCConfiguration(iceServers=[]))


async def serve() -> None:
    """Answer the requests on standard input until there are no more."""
    requests = asyncio.StreamReader(limit=_LINE_BYTES)
    protocol = asyncio.StreamReaderProtocol(requests)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, sys.stdin)
    reencoder = Reencoder()
    while line := await requests.readline():
        sys.stdout.write(json.dumps(await reencoder.answer(line)) + "\n")
        sys.stdout.flush()
    await reencoder.close()


if __name__ == "__main__":
    asyncio.run(serve())
