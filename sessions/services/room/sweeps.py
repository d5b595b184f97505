"""What time alone does to rooms: seats whose bridge has lapsed, sessions that nobody leads any more."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sessions.models import (
    GroupSession,
    MediaState,
    Participation,
    ParticipationState,
    RoomRole,
    SessionState,
)
from sessions.rules.presence.fold import fold
from sessions.selectors.ledger.facts import facts_horizon, facts_of
from sessions.services.room.lifecycle import close_room
from sessions.services.room.seats import release_seat
from sessions.services.room_edit import MEDIA_GRACE, RoomEdit, edit_room
from sessions.terms import session_terms
from telehealth.audit.actions import AuditAction

RELAY_PATIENCE = timedelta(hours=1)
"""How long after its time a session waits for a silent relay's journal before it ends by what is known."""


def sweep_lapsed(*, at: datetime) -> list[UUID]:
    """Give up the seats of people known to be lost for longer than the bridge.

    Gives the sessions that changed. Also looks again at open rooms whose facilitator has a seat but never
    sent a packet, so that the auto-end can warn.
    """
    changed = []
    for pk in _with_lost_people(at):
        with edit_room(pk, at=at) as edit:
            bridge = timedelta(seconds=session_terms(edit.group_session).rejoin_bridge_sec)
            before = edit.group_session.auto_end_at
            lapsed = [person for person in edit.people.values() if _has_lapsed(person, at, bridge)]
            for person in lapsed:
                release_seat(edit, person, reason="timeout")
            edit.watch_facilitators()
            if lapsed or edit.group_session.auto_end_at != before:
                changed.append(pk)
    return changed


def end_abandoned(*, at: datetime) -> list[UUID]:
    """End open sessions whose facilitators stayed away.

    Each ended at the last departure the facts tell of.
    """
    due = (
        GroupSession.objects.running().filter(auto_end_at__lte=at).order_by("pk").values_list("pk", flat=True)
    )
    return [pk for pk in list(due) if _end_if_abandoned(pk, at)]


def _with_lost_people(at: datetime) -> list[UUID]:
    people = Participation.objects.filter(
        group_session__state__in=[SessionState.SCHEDULED, SessionState.OPEN]
    )
    lost = people.filter(state=ParticipationState.RECONNECTING, departed_at__lt=at)
    mute_leaders = people.filter(
        role=RoomRole.FACILITATOR,
        state=ParticipationState.IN_ROOM,
        media_state=MediaState.NONE,
        state_since__lte=at - MEDIA_GRACE,
        group_session__auto_end_at__isnull=True,
        group_session__state=SessionState.OPEN,
    )
    pks = lost.values_list("group_session_id", flat=True).union(
        mute_leaders.values_list("group_session_id", flat=True)
    )
    return sorted(pks)


def _has_lapsed(person: Participation, at: datetime, bridge: timedelta) -> bool:
    if person.state != ParticipationState.RECONNECTING or person.departed_at is None:
        return False
    # A loss may be noticed long after it happened: when a relay comes back, say, everybody was lost with it.
    # Each gets the whole bridge to come back in.
    return at - max(person.departed_at, person.state_since) > bridge


def _end_if_abandoned(group_session_id: UUID, at: datetime) -> bool:
    with edit_room(group_session_id, at=at) as edit:
        group_session = edit.group_session
        if group_session.state != SessionState.OPEN or not _is_due(group_session, at):
            return False
        left_at = _facilitators_left_at(edit)
        deadline = left_at + timedelta(minutes=session_terms(group_session).auto_end_min)
        if deadline > at:
            # The facts saw a facilitator later than the room did; the warning moves with them.
            group_session.auto_end_at = deadline
            return False
        if facts_horizon(group_session, at=at) < deadline and at < deadline + RELAY_PATIENCE:
            return False
        close_room(edit, actor=None, ended_at=left_at, reason="auto_end")
        edit.audit(AuditAction.SESSION_ENDED, None, reason="auto_end")
        return True


def _is_due(group_session: GroupSession, at: datetime) -> bool:
    return group_session.auto_end_at is not None and group_session.auto_end_at <= at


def _facilitators_left_at(edit: RoomEdit) -> datetime:
    group_session = edit.group_session
    facts = facts_of([group_session.pk])[group_session.pk]
    presence = fold(facts, as_of=facts_horizon(group_session, at=edit.at))
    opened_at = group_session.opened_at or edit.at
    return max(opened_at, presence.facilitators_left_at or opened_at)
