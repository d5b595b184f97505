"""Come into a room: through the gate, to the waiting room or to a seat."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sessions import events
from sessions.models import (
    GroupSession,
    MediaState,
    Participation,
    ParticipationState,
    RoomRole,
    RosterEntry,
    SessionState,
)
from sessions.policies import can_come_back, can_enter_locked, can_join, can_take_seat
from sessions.rules.presence.facts import FactKind
from sessions.services.room import side_rooms
from sessions.services.room.seats import leave_other_rooms
from sessions.services.room_edit import RoomEdit, edit_room
from sessions.terms import patient_limit, session_terms
from telehealth.accounts.models import User
from telehealth.accounts.roles import Role
from telehealth.audit.actions import AuditAction
from telehealth.core.errors import Conflict, NotReady


@dataclass(frozen=True, slots=True)
class Resume:
    """A connection somebody says they hold, and the hash of the secret they got with it."""

    connection: UUID
    secret_hash: str


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a join led. `connection` is the one that holds the place now: the resumed one, or the new one."""

    state: ParticipationState
    role: RoomRole
    connection: UUID
    is_resumed: bool
    superseded_connection: UUID | None


def enter_room(
    *,
    actor: User,
    group_session_id: UUID,
    connection: UUID,
    secret_hash: str,
    microphone: bool,
    camera: bool,
    take_over: bool,
    at: datetime,
    resume: Resume | None = None,
) -> Entry:
    """Let a person in as far as they may come.

    Every join and rejoin passes the gate. A patient waits, unless they left a moment ago and the bridge still
    stands; a facilitator is seated at once. A second device is refused unless it takes over.
    """
    role = RoomRole.PATIENT if actor.role_enum is Role.PATIENT else RoomRole.FACILITATOR
    if role is RoomRole.PATIENT:
        # First and on its own: it holds the other room's row, and never two rooms are held at once.
        leave_other_rooms(actor=actor, group_session_id=group_session_id, take_over=take_over, at=at)
    with edit_room(group_session_id, at=at) as edit:
        _require_entry(edit.group_session, actor, at)
        person = edit.people.get(actor.pk)
        if person is not None:
            can_come_back(person).require()
            if resume is not None and _holds(person, resume):
                return _resume(edit, person, resume.connection)
        can_enter_locked(edit.group_session, person, role).require()
        state = _destination(edit, person, role)
        superseded = _supersede(edit, actor, person, take_over=take_over)
        was_inside = person is not None and (person.is_seated or _is_bridged(edit, person))
        person = edit.newcomer(actor, role, state)
        _seat(edit, person, state)
        person.connection, person.connection_secret_hash = connection, secret_hash
        person.microphone_on, person.camera_on = microphone, camera
        if not was_inside or side_rooms.is_taken(edit, person):
            person.side_room = None
        _witness(edit, actor, person, was_inside=was_inside)
        return Entry(state, role, connection, is_resumed=False, superseded_connection=superseded)


def _require_entry(group_session: GroupSession, actor: User, at: datetime) -> None:
    on_roster = (
        RosterEntry.objects.current().filter(group_session=group_session, patient__user=actor).exists()
    )
    decision = can_join(actor, group_session, on_roster=on_roster, at=at)
    if group_session.state_enum.is_final and (on_roster or decision):
        # Said before asking for a signature: nobody signs their way into a session that is over.
        raise Conflict("ended", "This session is over.")
    decision.require()
    if at < group_session.lobby_opens_at:
        raise NotReady(
            "not_yet_open",
            f"The waiting room opens at {_clock(group_session)}.",
            "This page lets you in by itself when it opens.",
        )
    if group_session.state == SessionState.SCHEDULED and at >= group_session.scheduled_end:
        raise Conflict("ended", "The time of this session is over and it was not held.")


def _clock(group_session: GroupSession) -> str:
    local = group_session.lobby_opens_at.astimezone(group_session.program.zone)
    return f"{local:%H:%M} ({local:%Z})"


def _holds(person: Participation, claim: Resume) -> bool:
    return person.connection == claim.connection and hmac.compare_digest(
        person.connection_secret_hash, claim.secret_hash
    )


def _resume(edit: RoomEdit, person: Participation, connection: UUID) -> Entry:
    """Keep seat and media as they are; whether media lives, the relay says."""
    if person.state == ParticipationState.RECONNECTING and person.media_state != MediaState.LOST:
        edit.move(person, ParticipationState.IN_ROOM)
    return Entry(
        person.state_enum, RoomRole(person.role), connection, is_resumed=True, superseded_connection=None
    )


def _destination(edit: RoomEdit, person: Participation | None, role: RoomRole) -> ParticipationState:
    if role is RoomRole.FACILITATOR:
        return ParticipationState.IN_ROOM
    if person is None or person.admitted_at is None or edit.group_session.state != SessionState.OPEN:
        return ParticipationState.WAITING
    if person.state == ParticipationState.IN_ROOM:
        return ParticipationState.IN_ROOM
    if not _is_bridged(edit, person):
        return ParticipationState.WAITING
    limit = patient_limit(edit.group_session)
    others = edit.seated_patients() - int(person.is_seated)
    may_sit = can_take_seat(edit.group_session, seated_patients=others, limit=limit)
    return ParticipationState.IN_ROOM if may_sit else ParticipationState.WAITING


def _is_bridged(edit: RoomEdit, person: Participation) -> bool:
    """Say whether the person left or was lost so recently that no new admission is needed."""
    if person.departed_at is None or person.state not in (
        ParticipationState.LEFT,
        ParticipationState.RECONNECTING,
    ):
        return False
    bridge = timedelta(seconds=session_terms(edit.group_session).rejoin_bridge_sec)
    return person.admitted_at is not None and edit.at - person.departed_at <= bridge


def _supersede(edit: RoomEdit, actor: User, person: Participation | None, *, take_over: bool) -> UUID | None:
    if person is None or person.connection is None:
        return None
    if person.state != ParticipationState.RECONNECTING and not take_over:
        raise Conflict(
            "opened_elsewhere",
            "You have this session open on another device or in another tab.",
            "Continue here, and the other one stops.",
        )
    events.connection_superseded.send_on_commit(
        group_session_id=edit.group_session.pk, participant=actor.pk, connection=person.connection
    )
    edit.audit(
        AuditAction.CONNECTION_SUPERSEDED, actor, participant=str(actor.pk), connection=str(person.connection)
    )
    return person.connection


def _seat(edit: RoomEdit, person: Participation, state: ParticipationState) -> None:
    if person.is_seated and state is ParticipationState.WAITING:
        edit.vacate(person, state)
    edit.move(person, state)
    person.media_state = MediaState.NONE
    # A new device begins with what its person chose for it, and shares no screen yet.
    person.muted_by_staff = person.camera_stopped_by_staff = person.screen_on = False


def _witness(edit: RoomEdit, actor: User, person: Participation, *, was_inside: bool) -> None:
    if person.state == ParticipationState.WAITING:
        person.lobby_at = person.lobby_at or edit.at
        edit.fact(FactKind.LOBBY_ENTERED, actor.pk)
        edit.audit(AuditAction.LOBBY_ENTERED, actor)
        return
    if not was_inside:
        person.admitted_at = edit.at
        edit.fact(FactKind.ADMITTED, actor.pk, {"role": str(person.role)})
    edit.audit(AuditAction.ROOM_ENTERED, actor, role=str(person.role))
