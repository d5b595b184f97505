"""Start, pause and end a session."""

from __future__ import annotations

from datetime import datetime
from typing import NoReturn
from uuid import UUID

from sessions import events
from sessions.models import GroupSession, ParticipationState, SessionState
from sessions.policies import can_run_room
from sessions.rules.presence.facts import FactKind
from sessions.services.room_edit import RoomEdit, edit_room
from telehealth.accounts.models import User
from telehealth.audit.actions import AuditAction
from telehealth.core.errors import Conflict, NotReady


def open_session(*, actor: User, group_session_id: UUID, at: datetime) -> GroupSession:
    """Start the session: from the opening of the waiting room on, until its scheduled end."""
    with edit_room(group_session_id, at=at) as edit:
        group_session = edit.group_session
        can_run_room(actor, group_session, at=at).require()
        if group_session.state != SessionState.SCHEDULED:
            refuse(group_session, "The session is already open.")
        if at < group_session.lobby_opens_at:
            raise NotReady("not_yet_open", "A session can be started from 15 minutes before its time.")
        if at >= group_session.scheduled_end:
            raise Conflict("ended", "The time of this session is over. Move it, or schedule another one.")
        group_session.state = SessionState.OPEN
        group_session.opened_at = at
        edit.fact(FactKind.OPENED, actor.pk)
        edit.audit(AuditAction.SESSION_OPENED, actor)
        return group_session


def end_session(*, actor: User, group_session_id: UUID, at: datetime) -> GroupSession:
    """End the session for everybody; a break that runs ends with it."""
    with edit_room(group_session_id, at=at) as edit:
        can_run_room(actor, edit.group_session, at=at).require()
        require_open(edit.group_session)
        close_room(edit, actor=actor, ended_at=at, reason="facilitator")
        edit.audit(AuditAction.SESSION_ENDED, actor, reason="facilitator")
        return edit.group_session


def start_break(*, actor: User, group_session_id: UUID, at: datetime) -> GroupSession:
    """Begin a break now; with it the planned breaks of this session no longer count."""
    with edit_room(group_session_id, at=at) as edit:
        can_run_room(actor, edit.group_session, at=at).require()
        require_open(edit.group_session)
        if edit.group_session.on_break_since is not None:
            raise Conflict("conflict", "The group is on a break already.")
        edit.group_session.on_break_since = at
        edit.fact(FactKind.BREAK_STARTED, actor.pk)
        edit.audit(AuditAction.BREAK_STARTED, actor)
        return edit.group_session


def end_break(*, actor: User, group_session_id: UUID, at: datetime) -> GroupSession:
    """Go on after a break."""
    with edit_room(group_session_id, at=at) as edit:
        can_run_room(actor, edit.group_session, at=at).require()
        require_open(edit.group_session)
        if edit.group_session.on_break_since is None:
            raise Conflict("conflict", "The group is not on a break.")
        edit.group_session.on_break_since = None
        edit.fact(FactKind.BREAK_ENDED, actor.pk)
        edit.audit(AuditAction.BREAK_ENDED, actor)
        return edit.group_session


def close_room(
    edit: RoomEdit,
    *,
    actor: User | None,
    ended_at: datetime,
    reason: str,
    state: SessionState = SessionState.ENDED,
) -> None:
    """Put the session into its final state and empty the room; shared by end, auto-end and cancellation."""
    group_session = edit.group_session
    group_session.state = state
    group_session.on_break_since = None
    group_session.is_room_locked = False
    if state is SessionState.ENDED:
        group_session.ended_at = ended_at
    for person in edit.people.values():
        if person.is_seated or person.state == ParticipationState.WAITING:
            edit.vacate(person, ParticipationState.LEFT)
    edit.fact(FactKind.ENDED, actor.pk if actor else None, {"reason": reason}, at=ended_at)
    events.session_ended.send_on_commit(group_session_id=group_session.pk, reason=reason)


def require_open(group_session: GroupSession) -> None:
    """Ask for a session that is open now."""
    if group_session.state != SessionState.OPEN:
        refuse(group_session, "The session has not started yet.")


def refuse(group_session: GroupSession, otherwise: str) -> NoReturn:
    """Say which state stands in the way."""
    if group_session.state_enum.is_final:
        raise Conflict("ended", "This session is over.")
    raise Conflict("conflict", otherwise)
