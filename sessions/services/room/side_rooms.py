"""Step out of the group: a side room is one facilitator, who holds it, and at most one patient.

It is still the session: nothing here touches presence or credit. Nobody is alone with a patient unseen: who
has stepped out is told to everybody in the room, with whom only to staff.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sessions.models import Participation, RoomRole
from sessions.policies import can_run_room
from sessions.services.room.lifecycle import require_open
from sessions.services.room_edit import RoomEdit, edit_room
from telehealth.accounts.models import User
from telehealth.audit.actions import AuditAction
from telehealth.core.errors import Conflict, NotFound


def move_person(
    *, actor: User, group_session_id: UUID, participant: UUID, side_room: UUID | None, at: datetime
) -> None:
    """Move a patient or oneself to a side room, named by the facilitator who holds it, or back to the group.

    Taking a patient to one's own side room goes there too; with its patient or its facilitator gone, a side
    room is over and the other one is back in the group as well. Moving somebody where they are changes
    nothing.
    """
    with edit_room(group_session_id, at=at) as edit:
        can_run_room(actor, edit.group_session, at=at).require()
        require_open(edit.group_session)
        person = edit.person(participant)
        if not person.is_seated:
            raise Conflict("conflict", "This person is not in the room now.")
        if person.side_room == side_room:
            return
        if person.role == RoomRole.FACILITATOR:
            _step(edit, actor, person, side_room)
        else:
            _take(edit, actor, person, side_room)


def is_taken(edit: RoomEdit, person: Participation) -> bool:
    """Say whether another patient is in the side room that this patient was in."""
    if person.side_room is None or person.role != RoomRole.PATIENT:
        return False
    return any(other is not person for other in _patients_in(edit, person.side_room))


def _patients_in(edit: RoomEdit, side_room: UUID) -> list[Participation]:
    seated = (person for person in edit.people.values() if person.is_seated)
    return [each for each in seated if each.side_room == side_room and each.role == RoomRole.PATIENT]


def _step(edit: RoomEdit, actor: User, person: Participation, side_room: UUID | None) -> None:
    if person.user_id != actor.pk:
        raise Conflict("conflict", "A colleague can only step out themselves.")
    if side_room is None:
        _close(edit, actor, actor.pk)
    elif side_room == actor.pk:
        _put(edit, actor, person, side_room)
    else:
        raise Conflict("conflict", "A side room is for one facilitator and one patient.", "Open your own.")


def _take(edit: RoomEdit, actor: User, person: Participation, side_room: UUID | None) -> None:
    left = person.side_room
    if side_room is not None:
        holder = _holder(edit, side_room)
        if holder.side_room is None and side_room != actor.pk:
            raise Conflict(
                "conflict", "Your colleague is with the group.", "Only they can open their side room."
            )
        if _patients_in(edit, side_room):
            raise Conflict(
                "conflict", "Somebody is in this side room already.", "Bring them back to the group first."
            )
        _put(edit, actor, holder, side_room)
    _put(edit, actor, person, side_room)
    if left is not None:
        _close(edit, actor, left)


def _holder(edit: RoomEdit, side_room: UUID) -> Participation:
    holder = edit.people.get(side_room)
    if holder is None or not holder.is_seated or holder.role != RoomRole.FACILITATOR:
        raise NotFound("side_room_not_found", "There is no such side room.")
    return holder


def _close(edit: RoomEdit, actor: User, side_room: UUID) -> None:
    for each in edit.people.values():
        if each.side_room == side_room:
            _put(edit, actor, each, None)


def _put(edit: RoomEdit, actor: User, person: Participation, side_room: UUID | None) -> None:
    if person.side_room == side_room:
        return
    edit.place(person, side_room)
    if person.is_seated:
        edit.audit(
            AuditAction.PARTICIPANT_MOVED,
            actor,
            participant=str(person.user_id),
            side_room=str(side_room) if side_room else None,
        )
