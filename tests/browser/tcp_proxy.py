"""A TCP proxy in front of the web process: it can cut all connections and refuse new ones until it heals."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

Address = tuple[str, int]
BLOCK = 65_536


class TcpProxy:
    """Pass bytes both ways; `cut` and `heal` may be called from any thread."""

    def __init__(self, address: Address, target: Address) -> None:
        self._address, self._target = address, target
        self._writers: set[asyncio.StreamWriter] = set()
        self._is_cut = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ready = threading.Event()
        self._stop: Callable[[], object] = lambda: None
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._run()), name="tcp-proxy", daemon=True
        )

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._ready.wait(10):
            raise RuntimeError("the proxy did not start")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()
        self._thread.join(10)

    def cut(self) -> None:
        """Break what is open and refuse what comes."""
        self._is_cut = True
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._break_all)

    def heal(self) -> None:
        """Let connections through again."""
        self._is_cut = False

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        stop = asyncio.Event()
        self._stop = lambda: self._loop and self._loop.call_soon_threadsafe(stop.set)
        server = await asyncio.start_server(self._serve, *self._address)
        self._ready.set()
        await stop.wait()
        server.close()
        self._break_all()

    def _break_all(self) -> None:
        for writer in list(self._writers):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_cut:
            writer.transport.abort()
            return
        try:
            other_reader, other_writer = await asyncio.open_connection(*self._target)
        except OSError:
            writer.transport.abort()
            return
        ends = {writer, other_writer}
        self._writers |= ends
        await asyncio.gather(_pump(reader, other_writer), _pump(other_reader, writer))
        self._writers -= ends


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while block := await reader.read(BLOCK):
            writer.write(block)
            await writer.drain()
    writer.close()
