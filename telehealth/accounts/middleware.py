"""Idle logout and the outer wall of access."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.urls import reverse

from telehealth import audit
from telehealth.core import clock, logs
from telehealth.core.respond import error_response, wants_json

from . import access, selectors
from .models import User
from .session_engine import IDLE_KEY

GetResponse = Callable[[HttpRequest], HttpResponse]
TOUCHED_KEY = "touched_at"
# A page may ask several times a second; the row is written at most this often.
TOUCH_EVERY_SECONDS = 30
# Sent where a page asks for a part of itself by the clock: nobody need be sitting there.
RENEWAL_HEADER = "X-Renewal"


class IdleSessionMiddleware:
    """Move the end of the browser session forward with activity, by role."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Touch the session of a signed-in person; expiry itself is the session store's."""
        user = request.user
        if isinstance(user, User):
            logs.actor_id.set(str(user.pk))
            now = int(clock.now().timestamp())
            idle = selectors.idle_seconds(user.role_enum)
            is_due = now - request.session.get(TOUCHED_KEY, 0) >= TOUCH_EVERY_SECONDS
            if (is_due and RENEWAL_HEADER not in request.headers) or request.session.get(IDLE_KEY) != idle:
                request.session[TOUCHED_KEY] = now
                request.session[IDLE_KEY] = idle
        return self.get_response(request)


class AccessMiddleware:
    """Let a request through only if the access table allows its route, method and role."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on; the decision falls once the route is known."""
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: Any, kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        """Decide by route, method and role."""
        name = request.resolver_match.view_name if request.resolver_match else ""
        methods = access.ROUTES.get(name, {})
        allowed = access.roles_for(name, request.method or "")
        if allowed is access.ANYONE:
            return self._second_factor(request, name)
        user = request.user
        if not isinstance(user, User):
            return sign_in_first(request)
        if methods and (request.method not in (*methods, "HEAD", "OPTIONS")):
            return HttpResponseNotAllowed(list(methods))
        if user.role_enum not in allowed:
            audit.record_denial(
                actor=user,
                reason="role",
                at=clock.now(),
                where=name or "unknown",
                ids={"method": request.method or ""},
            )
            return error_response(
                request,
                status=403,
                error="denied",
                text="Your account is not allowed to do this or to see this page.",
            )
        return self._second_factor(request, name)

    def _second_factor(self, request: HttpRequest, name: str) -> HttpResponse | None:
        """Send staff without a second factor to set it up, whatever they asked for."""
        user = request.user
        if isinstance(user, AnonymousUser) or name in access.MFA_SETUP or not selectors.mfa_is_missing(user):
            return None
        if wants_json(request):
            return error_response(
                request, status=403, error="mfa_required", text="Set up your second sign-in step first."
            )
        return _redirect(request, reverse("mfa_activate_totp"))


def sign_in_first(request: HttpRequest) -> HttpResponse:
    """Send somebody without a session to the sign-in page, and say so if the session had ended by itself."""
    had_session = settings.SESSION_COOKIE_NAME in request.COOKIES
    if wants_json(request):
        error = "session_expired" if had_session else "unauthenticated"
        return error_response(request, status=401, error=error, text="Please sign in again.")
    query = {"next": request.get_full_path()} if request.method in ("GET", "HEAD") else {}
    if request.headers.get("HX-Request"):
        query = {}
    if had_session:
        query["expired"] = "1"
    suffix = f"?{urlencode(query)}" if query else ""
    return _redirect(request, resolve_url(settings.LOGIN_URL) + suffix)


def _redirect(request: HttpRequest, url: str) -> HttpResponse:
    """Redirect the whole page, also where htmx asked for a part of it."""
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Redirect": url})
    return HttpResponseRedirect(url)
