"""What facilitators say over the socket, and the service that does it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from uuid import UUID

from realtime.wire import room as wire
from sessions.services import room as services
from telehealth.accounts.models import User
from telehealth.core.errors import NotFound

Command = Callable[[User, UUID, wire.ClientMessage, datetime], None]


def _person(message: wire.ClientMessage) -> UUID:
    try:
        return UUID(getattr(message, "participant", ""))
    except ValueError:
        raise NotFound("participant_not_found", "This person is not in this room.") from None


def _side_room(message: wire.ClientMessage) -> UUID | None:
    named = getattr(message, "side_room", None)
    try:
        return None if named is None else UUID(named)
    except ValueError:
        raise NotFound("side_room_not_found", "There is no such side room.") from None


def _start(actor: User, room: UUID, message: wire.ClientMessage, at: datetime) -> None:
    services.open_session(actor=actor, group_session_id=room, at=at)


def _end(actor: User, room: UUID, message: wire.ClientMessage, at: datetime) -> None:
    services.end_session(actor=actor, group_session_id=room, at=at)


def _break_start(actor: User, room: UUID, message: wire.ClientMessage, at: datetime) -> None:
    services.start_break(actor=actor, group_session_id=room, at=at)


def _break_end(actor: User, room: UUID, message: wire.ClientMessage, at: datetime) -> None:
    services.end_break(actor=actor, group_session_id=room, at=at)


def _admit(actor: User, room: UUID, message: wire.ClientMessage, at: datetime) -> None:
    services.admit(actor=actor, group_session_id=room, participant=_person(message), at=at)


def _admit_all(actor: User, room: UUID, message: wire.ClientMessage, at: datetime) -> None:
    services.admit_all(actor=actor, group_session_id=room, at=at)


def _mute(actor: User, room: UUID, message: wire.ClientMessage, at: datetime) -> None:
    services.mute(actor=actor, group_session_id=room, participant=_person(message), at=at)


def _stop_video(actor: User, room: UUID, message: wire.ClientMessage, at: datetime) -> None:
    services.stop_video(actor=actor, group_session_id=room, participant=_person(message), at=at)


def _move(actor: User, room: UUID, message: wire.ClientMessage, at: datetime) -> None:
    services.move_person(
        actor=actor,
        group_session_id=room,
        participant=_person(message),
        side_room=_side_room(message),
        at=at,
    )


def _lock(actor: User, room: UUID, message: wire.ClientMessage, at: datetime) -> None:
    services.lock_room(actor=actor, group_session_id=room, locked=getattr(message, "locked", False), at=at)


def _remove(actor: User, room: UUID, message: wire.ClientMessage, at: datetime) -> None:
    reason = services.RemovalReason(getattr(message, "reason", "other"))
    services.remove(actor=actor, group_session_id=room, participant=_person(message), reason=reason, at=at)


def _readmit(actor: User, room: UUID, message: wire.ClientMessage, at: datetime) -> None:
    services.readmit(actor=actor, group_session_id=room, participant=_person(message), at=at)


COMMANDS: Mapping[str, Command] = {
    "session.start": _start,
    "session.end": _end,
    "break.start": _break_start,
    "break.end": _break_end,
    "participant.admit": _admit,
    "participants.admit_all": _admit_all,
    "participant.mute": _mute,
    "participant.stop_video": _stop_video,
    "participant.move": _move,
    "room.lock": _lock,
    "participant.remove": _remove,
    "participant.readmit": _readmit,
}
