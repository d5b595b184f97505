"""Database sessions that expire after a time without activity, by role."""

from __future__ import annotations

from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore

IDLE_KEY = "idle_seconds"


class SessionStore(DatabaseStore):
    """A session whose row says how long it may be idle; the cookie itself ends with the browser.

    The room keeps a session alive over its WebSocket, which cannot renew a cookie; hence the row decides
    alone.
    """

    def get_session_cookie_age(self) -> int:
        """Give the seconds of inactivity after which the row is dead."""
        return int(self.get(IDLE_KEY, settings.STAFF_IDLE_SECONDS))
