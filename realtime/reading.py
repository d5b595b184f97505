"""What the sockets read of the sessions, as values of the wire. Synchronous: it touches the database."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from operator import attrgetter
from typing import Any
from uuid import UUID

from realtime.desk import Allowed, Wanted
from realtime.wire.state import (
    SEATED,
    ParticipantChange,
    ParticipantInfo,
    RoomEvent,
    RoomState,
    SessionChange,
    SessionInfo,
)
from sessions.selectors.ledger.attendance import Minutes, minutes_of
from sessions.selectors.room import (
    HeldConnection,
    RoomName,
    held_connections,
    room_holding,
    room_snapshot,
)
from sessions.services import room as services

Block = Mapping[str, object]


def enter_and_read(*, group_session_id: UUID, **entering: Any) -> tuple[services.Entry, RoomState]:
    """Come in (`enter_room` says what else it takes), and read the room as it is then."""
    entry = services.enter_room(group_session_id=group_session_id, **entering)
    return entry, read_room(group_session_id)


def read_room(group_session_id: UUID) -> RoomState:
    """Give a room with all names, as only facilitators may see it."""
    found = room_snapshot(group_session_id)
    return RoomState(
        seq=found.seq,
        session=SessionInfo.model_validate(found.session),
        participants=tuple(ParticipantInfo.model_validate(each) for each in found.participants),
    )


def read_rooms(group_session_ids: Collection[UUID]) -> dict[UUID, RoomState]:
    """Give some rooms."""
    return {pk: read_room(pk) for pk in group_session_ids}


def read_held(group_session_id: UUID, participant: UUID) -> HeldConnection | None:
    """Give the connection that holds a person's place, if any."""
    return next(iter(held_connections(group_session_id, participant)), None)


def read_wanted(group_session_id: UUID) -> Wanted:
    """Give what the relay should hold of a room: what seats may send, and who may come while it is locked."""
    found = room_holding(group_session_id)
    seats = [each for each in found.held if each.state in SEATED]
    return Wanted(
        allowed=tuple(allowed_of(each) for each in seats),
        only=tuple(str(each.participant) for each in seats) if found.is_locked else None,
        is_over=found.is_locked is None,
    )


def allowed_of(held: HeldConnection) -> Allowed:
    """Give what a seat may send."""
    return Allowed(
        str(held.connection),
        str(held.participant),
        held.microphone,
        held.camera,
        held.screen,
        str(held.side_room or ""),
    )


def read_minutes(group_session_ids: Collection[UUID]) -> dict[UUID, list[Minutes]]:
    """Give everybody's minutes so far of some rooms, in a stable order."""
    found: dict[UUID, list[Minutes]] = {pk: [] for pk in group_session_ids}
    for (pk, _), minutes in minutes_of(group_session_ids).items():
        found[pk].append(minutes)
    for each in found.values():
        each.sort(key=attrgetter("participant"))
    return found


def unknown_people(changes: Iterable[Block], room: RoomState) -> list[UUID]:
    """List the people in some changes whose names the room does not hold yet."""
    known = {each.id for each in room.participants}
    return [
        UUID(str(change["id"]))
        for change in changes
        if change["kind"] == "participant" and change["id"] not in known
    ]


def numbered_events(
    *, seq: int, changes: list[Block], room: RoomState, names: Mapping[UUID, RoomName]
) -> list[RoomEvent]:
    """Make events of what the channel layer carried, adding names; `seq` numbers the last change."""
    called = {each.id: (each.name, each.full_name) for each in room.participants}
    called |= {str(pk): (name.peer, name.full) for pk, name in names.items()}
    first = seq - len(changes) + 1
    return [
        RoomEvent(seq=first + index, change=_change(change, called)) for index, change in enumerate(changes)
    ]


def _change(change: Block, called: Mapping[str, tuple[str, str | None]]) -> SessionChange | ParticipantChange:
    if change["kind"] == "session":
        return SessionChange.model_validate(change)
    name, full_name = called.get(str(change["id"]), ("", None))
    return ParticipantChange.model_validate({**change, "name": name, "full_name": full_name})
