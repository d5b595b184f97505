"""Just enough of a browser's HTTP: one kept connection, a cookie, a page and what it refers to."""

from __future__ import annotations

import asyncio
import re
from typing import Self
from urllib.parse import urlsplit

REFERENCES = re.compile(r'(?:src|href)="(/static/[^"]+)"')
OK = 200


class HttpError(Exception):
    """The page was not to be had."""


class Visit:
    """One connection of a person to one web process."""

    def __init__(self, origin: str, cookie: str) -> None:
        parts = urlsplit(origin)
        self._address = (str(parts.hostname), parts.port)
        self._host = parts.netloc
        self._cookie = cookie

    async def __aenter__(self) -> Self:
        self._reader, self._writer = await asyncio.open_connection(*self._address)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()

    async def page(self, path: str) -> list[str]:
        """Load a page; give the files it needs."""
        return list(dict.fromkeys(REFERENCES.findall((await self.get(path)).decode())))

    async def get(self, path: str) -> bytes:
        """Ask for one thing."""
        self._writer.write(
            f"GET {path} HTTP/1.1\r\nHost: {self._host}\r\nCookie: {self._cookie}\r\n"
            "Accept: */*\r\nConnection: keep-alive\r\n\r\n".encode()
        )
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        status = int(head.split(" ", 2)[1])
        headers = dict(line.lower().split(": ", 1) for line in head.splitlines()[1:] if ": " in line)
        body = await self._body(headers)
        if status != OK:
            raise HttpError(str(status))
        return body

    async def _body(self, headers: dict[str, str]) -> bytes:
        if headers.get("transfer-encoding") != "chunked":
            return await self._reader.readexactly(int(headers.get("content-length", "0")))
        parts = []
        while size := int(await self._reader.readline(), 16):
            parts.append(await self._reader.readexactly(size))
            await self._reader.readline()
        await self._reader.readline()
        return b"".join(parts)
