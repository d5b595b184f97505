"""What is known about a room at one number: the snapshot's blocks and the changes between two snapshots."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from realtime.wire.facts import Identifier

Phase = Literal["SCHEDULED", "OPEN", "ENDED", "CANCELLED"]
SeatState = Literal["WAITING", "IN_ROOM", "RECONNECTING", "LEFT", "REMOVED", "DENIED"]
RoomRole = Literal["patient", "facilitator"]
Seq = Annotated[int, Field(ge=0)]

SEATED: frozenset[SeatState] = frozenset({"IN_ROOM", "RECONNECTING"})


class Strict(BaseModel):
    """Refuse unknown fields and later edits."""

    # What the server sends always carries every field, so the schema may promise it to the browser.
    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_serialization_defaults_required=True)


class SessionInfo(Strict):
    """Say where the session stands; `auto_end_at` is set while no facilitator is in the open room."""

    id: Identifier
    title: str
    phase: Phase
    scheduled_start: AwareDatetime
    scheduled_end: AwareDatetime
    lobby_opens_at: AwareDatetime
    opened_at: AwareDatetime | None
    ended_at: AwareDatetime | None
    on_break_since: AwareDatetime | None
    auto_end_at: AwareDatetime | None
    locked: bool
    facilitator_present: bool


class ParticipantInfo(Strict):
    """Say where one person stands; `full_name` and `lobby_at` are null for patients' eyes.

    `side_room` is the id of the facilitator whose side room the person is in, null in the group; to patients,
    that of somebody else is this person's own id: they stepped out.
    """

    id: Identifier
    name: str
    full_name: str | None
    role: RoomRole
    state: SeatState
    microphone: bool
    camera: bool
    screen: bool
    muted_by_staff: bool
    camera_stopped_by_staff: bool
    side_room: Identifier | None
    state_since: AwareDatetime
    lobby_at: AwareDatetime | None


class RoomState(Strict):
    """Give the whole room at number `seq`, participants in the order of their ids."""

    seq: Seq
    session: SessionInfo
    participants: tuple[ParticipantInfo, ...]


class SessionChange(SessionInfo):
    """Replace the session block."""

    kind: Literal["session"] = "session"

    def info(self) -> SessionInfo:
        """Give the block without its label."""
        return SessionInfo.model_construct(**{name: getattr(self, name) for name in SessionInfo.model_fields})


class ParticipantChange(ParticipantInfo):
    """Add or replace one person's block."""

    kind: Literal["participant"] = "participant"

    def info(self) -> ParticipantInfo:
        """Give the block without its label."""
        return ParticipantInfo.model_construct(
            **{name: getattr(self, name) for name in ParticipantInfo.model_fields}
        )


class ParticipantGone(Strict):
    """Take one person out of what this viewer sees."""

    kind: Literal["participant_gone"] = "participant_gone"
    id: Identifier


class NoChange(Strict):
    """Move the number only: something happened that this viewer may not see."""

    kind: Literal["none"] = "none"


Change = Annotated[
    SessionChange | ParticipantChange | ParticipantGone | NoChange, Field(discriminator="kind")
]


class RoomEvent(Strict):
    """Carry the change that leads to number `seq`."""

    seq: Seq
    change: Change
