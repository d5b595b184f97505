"""What one viewer may see of a room and of its changes.

Facilitators see everything. Patients see themselves and whoever is seated, without legal names and lobby
times, and learn nothing (not even an id) of people who wait, were removed or were denied. Of another patient
in a side room they learn that the person stepped out, not with whom and nothing of what goes on there.
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

_OUT_OF_SIGHT = {
    "microphone": False,
    "camera": False,
    "screen": False,
    "muted_by_staff": False,
    "camera_stopped_by_staff": False,
}


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
        hidden: dict[str, object] = {"full_name": None, "lobby_at": None}
        if other.side_room is not None and other.id != self.participant:
            # Facilitators hold their own: of them this hides nothing.
            hidden["side_room"] = other.id
            if other.role == "patient":
                hidden |= _OUT_OF_SIGHT
        return other.model_copy(update=hidden)


def project(viewer: Viewer, state: RoomState) -> RoomState:
    """Give the room as this viewer sees it."""
    seen = tuple(viewer.view_of(each) for each in state.participants if viewer.sees(each))
    return RoomState(seq=state.seq, session=state.session, participants=seen)


def project_change(viewer: Viewer, before: RoomState, change: Change) -> Change:
    """Give a change of the room `before` as this viewer sees it."""
    match change:
        case ParticipantChange():
            after = change.info()
            if not viewer.sees(after):
                return _gone(viewer, before, after.id)
            shown, known = viewer.view_of(after), find(before, after.id)
            if known is not None and viewer.sees(known) and viewer.view_of(known) == shown:
                # What changed is not for these eyes, so that it changed is not either.
                return NoChange()
            return ParticipantChange(**shown.model_dump())
        case ParticipantGone(id=gone):
            return _gone(viewer, before, gone)
        case _:
            return change


def _gone(viewer: Viewer, before: RoomState, participant: str) -> Change:
    known = find(before, participant)
    return ParticipantGone(id=participant) if known and viewer.sees(known) else NoChange()
