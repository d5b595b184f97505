"""The state of one room, as a snapshot and as the blocks its changes are made of."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from sessions.models import GroupSession, Participation, RoomRole, SessionState
from telehealth.accounts.models import User
from telehealth.core.errors import NotFound

Block = dict[str, object]
_LIVE = (SessionState.SCHEDULED, SessionState.OPEN)


@dataclass(frozen=True, slots=True)
class RoomName:
    """What a person is called: by peers, and by staff."""

    peer: str
    full: str


@dataclass(frozen=True, slots=True)
class RoomState:
    """A room at one number.

    `session` and `participants` are the wire's blocks; people come in the order of their ids.
    """

    seq: int
    session: Block
    participants: tuple[Block, ...]

    def as_json(self) -> Block:
        """Give the snapshot as the wire carries it."""
        return {"seq": self.seq, "session": self.session, "participants": list(self.participants)}


@dataclass(frozen=True, slots=True)
class HeldConnection:
    """A connection that holds a place in a room which is not over."""

    group_session_id: UUID
    participant: UUID
    connection: UUID
    state: str
    media_state: str
    microphone: bool
    camera: bool
    screen: bool
    side_room: UUID | None


_HELD = (
    "group_session_id",
    "user_id",
    "connection",
    "state",
    "media_state",
    "microphone_on",
    "camera_on",
    "screen_on",
    "side_room",
)
"""The columns of a `HeldConnection`, in its order: rows are read as they are, and often."""


@dataclass(frozen=True, slots=True)
class Holding:
    """Who holds a place in a room, and whether it is locked; `is_locked` is None once the room is over."""

    is_locked: bool | None
    held: tuple[HeldConnection, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """A room's last number, and the connection that holds one person's place in it."""

    seq: int
    connection: UUID | None


_SHOWN_OF_SESSION = (
    "room_seq",
    "title",
    "state",
    "scheduled_start",
    "scheduled_end",
    "opened_at",
    "ended_at",
    "on_break_since",
    "auto_end_at",
    "is_room_locked",
)
_SHOWN_OF_PERSON = (
    "user",
    "role",
    "state",
    "microphone_on",
    "camera_on",
    "screen_on",
    "muted_by_staff",
    "camera_stopped_by_staff",
    "side_room",
    "state_since",
    "lobby_at",
    "user__given_name",
    "user__family_name",
    "user__preferred_name",
)
"""The columns a snapshot shows: everybody who comes reads it, and more of them cost more."""

Place = tuple[UUID, UUID]
"""A room and a person in it."""


def room_standings(places: Collection[Place]) -> dict[Place, Standing]:
    """Give what pages have to be compared with; nothing for who has never been in the room. One query."""
    rows = (
        Participation.objects.filter(
            group_session__in={room for room, _ in places}, user__in={person for _, person in places}
        )
        .order_by()
        .values_list("group_session_id", "user_id", "group_session__room_seq", "connection")
    )
    return {(room, person): Standing(seq, connection) for room, person, seq, connection in rows}


def room_snapshot(group_session_id: UUID) -> RoomState:
    """Read a room with names, as a facilitator may see it.

    Two queries in one consistent read if called in a transaction.

    Outside a transaction the number is read first, so a change in between shows as a later event, never as a
    lost one.
    """
    group_session = GroupSession.objects.filter(pk=group_session_id).only(*_SHOWN_OF_SESSION).first()
    if group_session is None:
        raise NotFound
    people = list(
        Participation.objects.filter(group_session=group_session_id)
        .select_related("user")
        .only(*_SHOWN_OF_PERSON)
        .order_by()
    )
    return RoomState(
        seq=group_session.room_seq,
        session=session_block(group_session, people),
        participants=tuple(
            {**participant_block(person), "name": person.user.peer_name, "full_name": person.user.full_name}
            for person in sorted(people, key=lambda person: str(person.user_id))
        ),
    )


def room_names(user_ids: Iterable[UUID]) -> dict[UUID, RoomName]:
    """Give the names of some people; one query."""
    return {
        user.pk: RoomName(user.peer_name, user.full_name)
        for user in User.objects.filter(pk__in=list(user_ids))
    }


def held_connections(
    group_session_id: UUID | None = None, participant: UUID | None = None
) -> list[HeldConnection]:
    """List the connections that hold a place, of one room or of all that are not over; one query."""
    people = Participation.objects.filter(connection__isnull=False, group_session__state__in=_LIVE)
    if group_session_id is not None:
        people = people.filter(group_session=group_session_id)
    if participant is not None:
        people = people.filter(user=participant)
    return [
        HeldConnection(*row) for row in people.order_by("group_session_id", "user_id").values_list(*_HELD)
    ]


def room_holding(group_session_id: UUID) -> Holding:
    """Give the connections of one room with its lock; one query, and a second one where nobody is."""
    rows = list(
        Participation.objects.filter(
            connection__isnull=False, group_session=group_session_id, group_session__state__in=_LIVE
        )
        .order_by("user_id")
        .values_list("group_session__is_room_locked", *_HELD)
    )
    is_locked = rows[0][0] if rows else room_lock(group_session_id)
    return Holding(is_locked, tuple(HeldConnection(*row[1:]) for row in rows))


def room_lock(group_session_id: UUID) -> bool | None:
    """Say whether a room is locked; nothing once it is over."""
    found = GroupSession.objects.filter(pk=group_session_id, state__in=_LIVE)
    return found.values_list("is_room_locked", flat=True).first()


def locked_rooms() -> set[UUID]:
    """List the open rooms that are locked."""
    found = GroupSession.objects.filter(state=SessionState.OPEN, is_room_locked=True)
    return set(found.values_list("pk", flat=True))


def session_block(group_session: GroupSession, people: Iterable[Participation]) -> Block:
    """Give the session block; `people` are everybody's rows in the room."""
    return {
        "id": str(group_session.pk),
        "title": group_session.title,
        "phase": str(group_session.state),
        "scheduled_start": stamp(group_session.scheduled_start),
        "scheduled_end": stamp(group_session.scheduled_end),
        "lobby_opens_at": stamp(group_session.lobby_opens_at),
        "opened_at": stamp(group_session.opened_at),
        "ended_at": stamp(group_session.ended_at),
        "on_break_since": stamp(group_session.on_break_since),
        "auto_end_at": stamp(group_session.auto_end_at),
        "locked": group_session.is_room_locked,
        "facilitator_present": _has_facilitator(group_session, people),
    }


def participant_block(person: Participation) -> Block:
    """Give one person's block, without names."""
    return {
        "id": str(person.user_id),
        "role": str(person.role),
        "state": str(person.state),
        "microphone": person.microphone_on,
        "camera": person.camera_on,
        "screen": person.screen_on,
        "muted_by_staff": person.muted_by_staff,
        "camera_stopped_by_staff": person.camera_stopped_by_staff,
        "side_room": None if person.side_room is None else str(person.side_room),
        "state_since": stamp(person.state_since),
        "lobby_at": stamp(person.lobby_at),
    }


def stamp(at: datetime | None) -> str | None:
    """Write an instant as RFC 3339 in UTC."""
    return None if at is None else at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _has_facilitator(group_session: GroupSession, people: Iterable[Participation]) -> bool:
    # In an open room this is one question with the auto-end rule, so the two never contradict each other on a
    # screen.
    if group_session.state == SessionState.OPEN:
        return group_session.auto_end_at is None
    return any(person.role == RoomRole.FACILITATOR and person.is_seated for person in people)
