"""Writes about browser sessions."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.sessions.models import Session

from .roles import Role
from .selectors import idle_seconds, session_is_alive


def touch_session(*, session_key: str, role: Role, at: datetime) -> bool:
    """Count the heartbeat of a live room as activity of its browser session.

    Gives False when that session signs nobody in any more: the caller closes its socket.
    """
    if not session_is_alive(session_key, at):
        return False
    until = at + timedelta(seconds=idle_seconds(role))
    return bool(Session.objects.filter(session_key=session_key, expire_date__gt=at).update(expire_date=until))
