"""Apply one change to a room."""

from realtime.wire.state import (
    NoChange,
    ParticipantChange,
    ParticipantGone,
    ParticipantInfo,
    RoomEvent,
    RoomState,
    SessionChange,
)


class SequenceGapError(Exception):
    """At least one event is missing before this one; only a snapshot helps."""


def apply(state: RoomState, event: RoomEvent) -> RoomState:
    """Give the room after `event`; one that the state already holds changes nothing."""
    if event.seq <= state.seq:
        return state
    if event.seq != state.seq + 1:
        raise SequenceGapError(f"{event.seq} follows {state.seq}")
    session, participants = state.session, state.participants
    match event.change:
        case SessionChange() as change:
            session = change.info()
        case ParticipantChange() as change:
            participants = _with(participants, change.info())
        case ParticipantGone(id=gone):
            participants = tuple(each for each in participants if each.id != gone)
        case NoChange():
            pass
    return RoomState(seq=event.seq, session=session, participants=participants)


def find(state: RoomState, participant: str) -> ParticipantInfo | None:
    """Give one person's block, if the room knows the person."""
    return next((each for each in state.participants if each.id == participant), None)


def _with(participants: tuple[ParticipantInfo, ...], one: ParticipantInfo) -> tuple[ParticipantInfo, ...]:
    others = (each for each in participants if each.id != one.id)
    return tuple(sorted((*others, one), key=lambda each: each.id))
