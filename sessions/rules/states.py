"""Where a session and a person in its room may stand, and which step may follow which."""

from collections.abc import Mapping
from enum import StrEnum


class InvalidStep(ValueError):
    """A step that no rule allows."""


class SessionState(StrEnum):
    """Where a session stands."""

    SCHEDULED = "SCHEDULED"
    OPEN = "OPEN"
    ENDED = "ENDED"
    CANCELLED = "CANCELLED"

    @property
    def is_final(self) -> bool:
        """Say whether nothing follows."""
        return not SESSION_STEPS[self]


class RoomState(StrEnum):
    """Where a person stands in a room."""

    WAITING = "WAITING"
    IN_ROOM = "IN_ROOM"
    RECONNECTING = "RECONNECTING"
    LEFT = "LEFT"
    REMOVED = "REMOVED"
    DENIED = "DENIED"

    @property
    def is_seated(self) -> bool:
        """Say whether the person holds a seat."""
        return self in (RoomState.IN_ROOM, RoomState.RECONNECTING)


# A session under way may still be cancelled by the program: what was held is printed, nothing is credited.
SESSION_STEPS: Mapping[SessionState, frozenset[SessionState]] = {
    SessionState.SCHEDULED: frozenset({SessionState.OPEN, SessionState.CANCELLED}),
    SessionState.OPEN: frozenset({SessionState.ENDED, SessionState.CANCELLED}),
    SessionState.ENDED: frozenset(),
    SessionState.CANCELLED: frozenset(),
}

# None is a person who has not come yet. Staff and a patient who left by mistake enter without waiting;
# whoever was removed or denied waits again for a clinician's decision.
ROOM_STEPS: Mapping[RoomState | None, frozenset[RoomState]] = {
    None: frozenset({RoomState.WAITING, RoomState.IN_ROOM}),
    RoomState.WAITING: frozenset({RoomState.IN_ROOM, RoomState.LEFT, RoomState.DENIED}),
    RoomState.IN_ROOM: frozenset({RoomState.RECONNECTING, RoomState.LEFT, RoomState.REMOVED}),
    RoomState.RECONNECTING: frozenset({RoomState.IN_ROOM, RoomState.LEFT, RoomState.REMOVED}),
    RoomState.LEFT: frozenset({RoomState.WAITING, RoomState.IN_ROOM}),
    RoomState.REMOVED: frozenset({RoomState.WAITING}),
    RoomState.DENIED: frozenset({RoomState.WAITING}),
}


def next_session_state(now: SessionState, then: SessionState) -> SessionState:
    """Take a step of a session, or raise InvalidStep."""
    if then not in SESSION_STEPS[now]:
        raise InvalidStep(f"a session that is {now} cannot become {then}")
    return then


def next_room_state(now: RoomState | None, then: RoomState) -> RoomState:
    """Take a step of a person in a room, or raise InvalidStep."""
    if then not in ROOM_STEPS[now]:
        raise InvalidStep(f"a person who is {now or 'absent'} cannot become {then}")
    return then
