"""What one viewer may see of a room and of its changes.

Facilitators see everything. Patients see themselves and whoever is seated, without legal names and lobby
times, and learn nothing (not even an id) of people who wait, were removed or were denied.
"""

from dataclasses import dataclass

from realtime.wire.state import (
    SEATED,
    Change,
    NoChange,
    ParticipantChange,
    ParticipantGone,
    ParticipantInfo,
    RoomRole,
    RoomState,
)

from .reducer import find


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks at the room."""

    participant: str
    role: RoomRole

    def sees(self, other: ParticipantInfo) -> bool:
        """Say whether this viewer may know that `other` is here."""
        return self.role == "facilitator" or other.id == self.participant or other.state in SEATED

    def view_of(self, other: ParticipantInfo) -> ParticipantInfo:
        """Give the part of a visible person's block that this viewer may read."""
        if self.role == "facilitator":
            return other
        return other.model_copy(update={"full_name": None, "lobby_at": None})


def project(viewer: Viewer, state: RoomState) -> RoomState:
    """Give the room as this viewer sees it."""
    seen = tuple(viewer.view_of(each) for each in state.participants if viewer.sees(each))
    return RoomState(seq=state.seq, session=state.session, participants=seen)


def project_change(viewer: Viewer, before: RoomState, change: Change) -> Change:
    """Give a change of the room `before` as this viewer sees it."""
    match change:
        case ParticipantChange():
            after = change.info()
            if viewer.sees(after):
                return ParticipantChange(**viewer.view_of(after).model_dump())
            return _gone(viewer, before, after.id)
        case ParticipantGone(id=gone):
            return _gone(viewer, before, gone)
        case _:
            return change


def _gone(viewer: Viewer, before: RoomState, participant: str) -> Change:
    known = find(before, participant)
    return ParticipantGone(id=participant) if known and viewer.sees(known) else NoChange()
