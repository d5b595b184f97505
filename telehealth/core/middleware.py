"""Request log and content security headers."""

from __future__ import annotations

import logging
import secrets
import time
import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from . import logs

logger = logging.getLogger(__name__)
GetResponse = Callable[[HttpRequest], HttpResponse]


class RequestLogMiddleware:
    """Give each request an id and write one line when it is done: route, never path."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Handle the request between setting and resetting the log's context."""
        identity = logs.request_id.set(uuid.uuid4().hex)
        actor = logs.actor_id.set("")
        began = time.monotonic()
        try:
            response = self.get_response(request)
            match = request.resolver_match
            logger.info(
                "request.finished",
                extra={
                    "method": request.method or "",
                    "route": match.route if match else "",
                    "status": response.status_code,
                    "milliseconds": round((time.monotonic() - began) * 1000),
                },
            )
            response["X-Request-ID"] = logs.request_id.get()
            return response
        finally:
            logs.request_id.reset(identity)
            logs.actor_id.reset(actor)


class ContentSecurityMiddleware:
    """Send the content security policy; templates read its nonce as `request.csp_nonce`."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Make the nonce before the page is rendered and name it in the header after."""
        nonce = secrets.token_urlsafe(16)
        request.csp_nonce = nonce  # type: ignore[attr-defined]  # the documented way for middleware to hand on a value
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", _policy(request, nonce))
        response.headers.setdefault(
            "Permissions-Policy",
            "camera=(self), microphone=(self), screen-wake-lock=(self), autoplay=(self), fullscreen=(self), "
            "display-capture=(self), geolocation=(), payment=(), usb=()",
        )
        if not response.headers.get("Cache-Control") and response.get("Content-Type", "").startswith(
            "text/html"
        ):
            # Pages hold personal data; a shared computer must not keep them.
            response.headers["Cache-Control"] = "no-store"
        return response


def _policy(request: HttpRequest, nonce: str) -> str:
    """Give the header: everything from here, nothing inline without the nonce.

    The WebSocket origin is spelt out because older Safari does not count it as 'self'.
    """
    socket = f"{'wss' if request.is_secure() else 'ws'}://{request.get_host()}"
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self' 'nonce-{nonce}'",
            f"style-src 'self' 'nonce-{nonce}'",
            "img-src 'self' data:",
            "font-src 'self'",
            "media-src 'self' blob:",
            f"connect-src 'self' {socket}",
            "worker-src 'self'",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )
