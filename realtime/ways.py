"""Turn a refusal's way out into something to follow: a path that leads back here, or a sentence."""

from __future__ import annotations

from urllib.parse import urlencode
from uuid import UUID

from django.urls import NoReverseMatch, reverse


def room_path(group_session_id: UUID) -> str:
    """Give the path of a room's page."""
    return reverse("realtime:room", args=[group_session_id])


def way_out(given: str | None, group_session_id: UUID) -> str | None:
    """Give a path where the refusal names one of our routes, and its sentence otherwise."""
    if given is None or ":" not in given or " " in given:
        return given
    try:
        return f"{reverse(given)}?{urlencode({'next': room_path(group_session_id)})}"
    except NoReverseMatch:
        return None
