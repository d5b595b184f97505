"""The files of the pages, answered ahead of Django: no thread, no middleware and no log line for each."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from whitenoise.middleware import WhiteNoiseMiddleware

# Any: ASGI's own shapes.
Asgi = Callable[[Any, Any, Any], Awaitable[None]]

# What decides about the answer, by the names WSGI gives them.
_ASKED = {
    b"if-none-match": "HTTP_IF_NONE_MATCH",
    b"if-modified-since": "HTTP_IF_MODIFIED_SINCE",
    b"accept-encoding": "HTTP_ACCEPT_ENCODING",
    b"range": "HTTP_RANGE",
}
# Browsers must take a file for what its name says.
_ALWAYS = (b"x-content-type-options", b"nosniff")


class StaticFiles:
    """Know every file when the server starts, as whitenoise finds them and with its answers."""

    def __init__(self, application: Asgi) -> None:
        self._application = application
        self._files = WhiteNoiseMiddleware(_nothing_else).files

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer for a file, or let the application answer."""
        file = self._files.get(scope["path"]) if scope["type"] == "http" else None
        if file is None:
            await self._application(scope, receive, send)
            return
        asked = {_ASKED[name]: value.decode("latin-1") for name, value in scope["headers"] if name in _ASKED}
        answer = file.get_response(scope["method"], asked)
        headers = [(name.lower().encode(), value.encode()) for name, value in answer.headers]
        status = int(answer.status)
        await send({"type": "http.response.start", "status": status, "headers": [*headers, _ALWAYS]})
        # Small, and in the system's cache: reading them takes less than a way to a thread and back.
        body = b""
        if answer.file is not None:
            with answer.file:
                body = answer.file.read()
        await send({"type": "http.response.body", "body": body})


def _nothing_else(request: HttpRequest) -> HttpResponse:
    raise NotImplementedError  # files are looked up, and nothing is asked of the middleware itself
