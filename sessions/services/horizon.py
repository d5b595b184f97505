"""Up to which instant the facts of a session are known."""

from __future__ import annotations

from datetime import datetime

from sessions.models import FactCursor, GroupSession, PresenceEvent
from sessions.rules.facts import FactKind


def facts_horizon(group_session: GroupSession, *, at: datetime) -> datetime:
    """Give the instant up to which all journals that speak of this session have been read, at most `at`.

    Two kinds of boots can still tell something: those with a connection in it that was never closed, and
    those that were alive after it began (their newest connections may not be in yet). A boot that is over and
    fully read cannot.
    """
    cursors = list(FactCursor.objects.filter(is_closed=False))
    if not cursors:
        return at
    open_boots = _boots_with_open_connections(group_session)
    since = group_session.opened_at
    waits_for = [
        cursor.as_of
        for cursor in cursors
        if cursor.pk in open_boots or (since is not None and cursor.as_of >= since)
    ]
    return min([at, *waits_for])


def _boots_with_open_connections(group_session: GroupSession) -> set[str]:
    rows = PresenceEvent.objects.filter(
        group_session=group_session, kind__in=[FactKind.FIRST_PACKET, FactKind.CLOSED]
    ).values_list("source_boot", "connection", "kind")
    opened = {(boot, connection) for boot, connection, kind in rows if kind == FactKind.FIRST_PACKET}
    closed = {(boot, connection) for boot, connection, kind in rows if kind == FactKind.CLOSED}
    return {boot for boot, _ in opened - closed}
