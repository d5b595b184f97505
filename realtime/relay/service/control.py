"""The control endpoint: a WebSocket with a bearer secret, open to several web processes, and a few pages."""

import asyncio
import contextlib
import hmac
import logging
import ssl
from http import HTTPStatus

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from realtime.relay.service.dispatch import Dispatch
from realtime.relay.service.probes import Probes, refuse
from realtime.wire.relay import MAX_CONTROL_BYTES, Event

logger = logging.getLogger("realtime.relay")

# A web process that does not read this many messages is cut off; it reconnects and is told the whole state.
_MAX_WAITING_MESSAGES = 4096
_PING_SECONDS = 5
# A little more than is allowed, so that an oversized message gets an answer before the library closes.
_FRAME_BYTES = 2 * MAX_CONTROL_BYTES
_GOODBYE_SECONDS = 1
# Who connects and says little holds a descriptor no longer than this; the library bounds lines and headers.
_REQUEST_SECONDS = 10
_MAX_WEB_PROCESSES = 64


class ControlServer:
    """Serve requests in order per web process, and send every event to all of them."""

    def __init__(self, *, secret: str, tls: ssl.SSLContext | None = None) -> None:
        if len(secret) < 16:
            raise ValueError("The control secret must have at least 16 characters.")
        self._secret = f"Bearer {secret}".encode()
        self._tls = tls
        self._outboxes: dict[ServerConnection, asyncio.Queue[str]] = {}
        self._dispatch: Dispatch | None = None
        self._probes: Probes | None = None
        self._server: Server | None = None

    @property
    def web_processes(self) -> int:
        """How many web processes are connected."""
        return len(self._outboxes)

    async def start(self, *, host: str, port: int, dispatch: Dispatch, probes: Probes) -> tuple[str, int]:
        """Listen; return the bound address."""
        self._dispatch = dispatch
        self._probes = probes
        self._server = await serve(
            self._serve,
            host,
            port,
            ssl=self._tls,
            process_request=self._receive_request,
            open_timeout=_REQUEST_SECONDS,
            max_size=_FRAME_BYTES,
            ping_interval=_PING_SECONDS,
            ping_timeout=2 * _PING_SECONDS,
            compression=None,
            server_header=None,
        )
        bound = next(iter(self._server.sockets)).getsockname()
        return str(bound[0]), int(bound[1])

    def emit(self, event: Event) -> None:
        """Send one event to every web process."""
        text = event.model_dump_json()
        for connection in list(self._outboxes):
            self._post(connection, text)

    async def stop(self) -> None:
        """Say goodbye to every web process, soon."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_GOODBYE_SECONDS):
                for outbox in list(self._outboxes.values()):
                    await outbox.join()
        if self._server is not None:
            self._server.close()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._server.wait_closed(), _GOODBYE_SECONDS)

    def _receive_request(self, connection: ServerConnection, request: Request) -> Response | None:
        """Answer a page, or let a web process open its WebSocket by returning nothing."""
        given = "\n".join(request.headers.get_all("Authorization")).encode("utf-8", "surrogateescape")
        has_secret = hmac.compare_digest(given, self._secret)
        page = self._probes.answer(request, has_secret=has_secret) if self._probes is not None else None
        if page is not None:
            return page
        if not has_secret:
            return refuse(HTTPStatus.UNAUTHORIZED, "unauthorised", "the bearer secret is wrong or missing")
        if self.web_processes >= _MAX_WEB_PROCESSES:
            return refuse(HTTPStatus.SERVICE_UNAVAILABLE, "busy", "too many web processes are connected")
        return None

    async def _serve(self, connection: ServerConnection) -> None:
        outbox: asyncio.Queue[str] = asyncio.Queue(_MAX_WAITING_MESSAGES)
        self._outboxes[connection] = outbox
        writer = asyncio.create_task(self._write(connection, outbox))
        try:
            async for message in connection:
                self._answer(connection, message)
        except ConnectionClosed:
            pass
        finally:
            self._outboxes.pop(connection, None)
            writer.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await writer

    def _answer(self, connection: ServerConnection, message: str | bytes) -> None:
        if self._dispatch is not None:
            # A binary frame reads as empty text, which is refused as any other nonsense.
            for text in self._dispatch.answer(message if isinstance(message, str) else ""):
                self._post(connection, text)

    def _post(self, connection: ServerConnection, text: str) -> None:
        outbox = self._outboxes.get(connection)
        if outbox is None:
            return
        try:
            outbox.put_nowait(text)
        except asyncio.QueueFull:
            self._outboxes.pop(connection, None)
            logger.warning("relay.slow_web_process")
            connection.transport.abort()

    @staticmethod
    async def _write(connection: ServerConnection, outbox: "asyncio.Queue[str]") -> None:
        while True:
            text = await outbox.get()
            try:
                await connection.send(text)
            except ConnectionClosed:
                return
            finally:
                outbox.task_done()
