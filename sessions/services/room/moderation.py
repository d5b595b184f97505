"""What facilitators do with the people in their room."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sessions import events
from sessions.models import Participation, ParticipationState, RoomRole
from sessions.policies import can_run_room, can_take_seat
from sessions.rules.presence.facts import FactKind
from sessions.services.room.lifecycle import require_open
from sessions.services.room_edit import RoomEdit, edit_room
from sessions.terms import patient_limit
from telehealth.accounts.models import User
from telehealth.audit.actions import AuditAction
from telehealth.core.decision import Decision
from telehealth.core.errors import Conflict


class RemovalReason(StrEnum):
    """Why somebody was removed; goes into the audit trail and nowhere else."""

    DISRUPTIVE = "disruptive"
    WRONG_PERSON = "wrong_person"
    PRIVACY = "privacy"
    OTHER = "other"


def admit(*, actor: User, group_session_id: UUID, participant: UUID, at: datetime) -> None:
    """Let one waiting person in."""
    with edit_room(group_session_id, at=at) as edit:
        can_run_room(actor, edit.group_session, at=at).require()
        require_open(edit.group_session)
        person = edit.person(participant)
        if person.state != ParticipationState.WAITING:
            raise Conflict("conflict", "This person is not waiting any more.")
        _room_for_one_more(edit).require()
        _let_in(edit, actor, person)


def admit_all(*, actor: User, group_session_id: UUID, at: datetime) -> tuple[UUID, ...]:
    """Let everybody in, first come first served, as far as the group's size allows; gives who got in.

    Denied only where people wait and not one of them fits.
    """
    with edit_room(group_session_id, at=at) as edit:
        can_run_room(actor, edit.group_session, at=at).require()
        require_open(edit.group_session)
        waiting = [person for person in edit.people.values() if person.state == ParticipationState.WAITING]
        admitted: list[UUID] = []
        for person in sorted(waiting, key=lambda person: (person.state_since, str(person.user_id))):
            decision = _room_for_one_more(edit)
            if not decision:
                if not admitted:
                    decision.require()
                break
            _let_in(edit, actor, person)
            admitted.append(person.user_id)
        return tuple(admitted)


def mute(*, actor: User, group_session_id: UUID, participant: UUID, at: datetime) -> None:
    """Turn somebody's microphone off; they may turn it on again themselves."""
    with edit_room(group_session_id, at=at) as edit:
        can_run_room(actor, edit.group_session, at=at).require()
        person = edit.person(participant)
        if not person.is_seated:
            raise Conflict("conflict", "This person is not in the room now.")
        person.microphone_on = False
        person.muted_by_staff = True
        edit.note_stop(person)
        edit.audit(AuditAction.PARTICIPANT_MUTED, actor, participant=str(participant))


def stop_video(*, actor: User, group_session_id: UUID, participant: UUID, at: datetime) -> None:
    """Turn somebody's camera and shared screen off; they may turn them on again themselves."""
    with edit_room(group_session_id, at=at) as edit:
        can_run_room(actor, edit.group_session, at=at).require()
        person = edit.person(participant)
        if not person.is_seated:
            raise Conflict("conflict", "This person is not in the room now.")
        person.camera_on = person.screen_on = False
        person.camera_stopped_by_staff = True
        edit.note_stop(person)
        edit.audit(AuditAction.PARTICIPANT_VIDEO_STOPPED, actor, participant=str(participant))


def lock_room(*, actor: User, group_session_id: UUID, locked: bool, at: datetime) -> None:
    """Let nobody new in from now on, or again; saying what already holds changes nothing."""
    with edit_room(group_session_id, at=at) as edit:
        can_run_room(actor, edit.group_session, at=at).require()
        require_open(edit.group_session)
        if edit.group_session.is_room_locked != locked:
            edit.group_session.is_room_locked = locked
            edit.audit(AuditAction.ROOM_LOCKED if locked else AuditAction.ROOM_UNLOCKED, actor)


def remove(
    *, actor: User, group_session_id: UUID, participant: UUID, reason: RemovalReason, at: datetime
) -> None:
    """Put a patient out; only a readmission brings them back."""
    with edit_room(group_session_id, at=at) as edit:
        can_run_room(actor, edit.group_session, at=at).require()
        person = edit.person(participant)
        if person.role != RoomRole.PATIENT:
            raise Conflict("conflict", "A colleague cannot be removed.")
        if not (person.is_seated or person.state == ParticipationState.WAITING):
            raise Conflict("conflict", "This person is not in the room now.")
        # Somebody who never got in was turned away at the door; both come back by readmission only.
        state = ParticipationState.REMOVED if person.is_seated else ParticipationState.DENIED
        connection = edit.vacate(person, state)
        edit.fact(FactKind.REMOVED, participant, {"by": str(actor.pk)})
        edit.audit(AuditAction.PARTICIPANT_REMOVED, actor, participant=str(participant), reason=reason.value)
        events.participant_removed.send_on_commit(
            group_session_id=group_session_id, participant=participant, connection=connection
        )


def readmit(*, actor: User, group_session_id: UUID, participant: UUID, at: datetime) -> None:
    """Let a removed patient come back; for the length of the bridge without waiting again."""
    with edit_room(group_session_id, at=at) as edit:
        can_run_room(actor, edit.group_session, at=at).require()
        require_open(edit.group_session)
        person = edit.person(participant)
        if person.state not in (ParticipationState.REMOVED, ParticipationState.DENIED):
            raise Conflict("conflict", "This person was not removed.")
        edit.move(person, ParticipationState.LEFT)
        person.admitted_at = person.departed_at = at
        edit.fact(FactKind.ADMITTED, participant, {"role": RoomRole.PATIENT.value})
        edit.audit(AuditAction.PARTICIPANT_READMITTED, actor, participant=str(participant))


def _room_for_one_more(edit: RoomEdit) -> Decision:
    return can_take_seat(
        edit.group_session, seated_patients=edit.seated_patients(), limit=patient_limit(edit.group_session)
    )


def _let_in(edit: RoomEdit, actor: User, person: Participation) -> None:
    edit.move(person, ParticipationState.IN_ROOM)
    person.admitted_at = edit.at
    edit.fact(FactKind.ADMITTED, person.user_id, {"role": RoomRole.PATIENT.value})
    edit.audit(AuditAction.PARTICIPANT_ADMITTED, actor, participant=str(person.user_id))
