"""Plain HTTP on the control port: `/livez` and `/readyz` for supervisors, `/metrics` with the secret."""

import json
from collections.abc import Callable
from http import HTTPStatus

from websockets.datastructures import Headers
from websockets.http11 import Request, Response

Problems = Callable[[], list[str]]
_JSON, METRICS_TYPE = "application/json", "text/plain; version=1.0.0; charset=utf-8"


class Probes:
    """Answer requests for a page; what is none of these pages is the control connection's."""

    def __init__(self, *, deadly: Problems, unready: Problems, metrics: Callable[[], bytes]) -> None:
        self._deadly = deadly
        self._unready = unready
        self._metrics = metrics

    def answer(self, request: Request, *, has_secret: bool) -> Response | None:
        """Give the page that was asked for, or None."""
        match request.path.partition("?")[0]:
            case "/livez":
                return _judgement(self._deadly())
            case "/readyz":
                return _judgement(self._unready())
            case "/metrics" if has_secret:
                return respond(HTTPStatus.OK, self._metrics(), METRICS_TYPE)
            case _:
                return None


def refuse(status: HTTPStatus, error: str, text: str) -> Response:
    """Turn somebody away, in JSON."""
    return respond(status, json.dumps({"error": error, "text": text}).encode() + b"\n", _JSON)


def respond(status: HTTPStatus, body: bytes, kind: str) -> Response:
    """Write a whole answer; the connection ends with it."""
    headers = Headers(
        [
            ("Connection", "close"),
            ("Content-Length", str(len(body))),
            ("Content-Type", kind),
            ("Cache-Control", "no-store"),
        ]
    )
    return Response(status.value, status.phrase, headers, body)


def _judgement(problems: list[str]) -> Response:
    status = HTTPStatus.SERVICE_UNAVAILABLE if problems else HTTPStatus.OK
    return respond(status, json.dumps({"ok": not problems, "reasons": problems}).encode() + b"\n", _JSON)
