"""The messages of a room socket, version 1 (docs/protocol.md): JSON text frames, unknown fields refused."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, ConfigDict, Field, StringConstraints, TypeAdapter

from realtime.wire.errors import ErrorId
from realtime.wire.facts import Identifier
from realtime.wire.relay import MAX_TILES, Downlink, Generation, MediaKind, Pixels, Source, Uplink
from realtime.wire.state import Change, RoomRole, RoomState, Seq, Strict

PROTOCOL_VERSION: Literal[1] = 1
MAX_FRAME_BYTES = 64 * 1024
FRAMES_PER_SECOND = 20
FRAME_BURST = 60
MAX_BAD_MESSAGES = 4

MessageId = Annotated[int, Field(ge=1, le=2**53 - 1)]
# Longer than the relay takes, so that an SDP that is too long is answered as such and not as a bad message.
RoomSdp = Annotated[str, StringConstraints(min_length=1, max_length=MAX_FRAME_BYTES)]
RemovalReason = Literal["disruptive", "wrong_person", "privacy", "other"]


class _Client(Strict):
    # A browser's frame is taken by the letter: true is not 1, "9" is not 9.
    model_config = ConfigDict(strict=True)

    id: MessageId


class _AboutParticipant(_Client):
    participant: Identifier


class Resume(Strict):
    """Prove that this browser held the seat: both values come from an earlier `welcome`."""

    connection: Identifier
    secret: Annotated[str, StringConstraints(min_length=1, max_length=128)]


class Join(_Client):
    type: Literal["join"]
    microphone: bool
    camera: bool
    take_over: bool = False
    resume: Resume | None = None


class PublishOffer(_Client):
    type: Literal["publish.offer"]
    generation: Generation
    sdp: RoomSdp


class SubscribeRequest(_Client):
    """Ask for the relay's offer; with `restart` for the same one with new ICE credentials."""

    type: Literal["subscribe.request"]
    generation: Generation
    restart: bool = False


class SubscribeAnswer(_Client):
    type: Literal["subscribe.answer"]
    generation: Generation
    sdp: RoomSdp


class MediaSet(_Client):
    """Say what the person wants to send.

    `seen` is the room's number that the page had applied: what staff turned off later stays off.
    """

    type: Literal["media.set"]
    microphone: bool
    camera: bool
    screen: bool = False
    seen: Seq | None = None


class ViewTile(Strict):
    """Say how large somebody's picture is shown, in device pixels; 0 x 0 is out of sight."""

    model_config = ConfigDict(strict=True)

    participant: Identifier
    source: Literal["camera", "screen"]
    width: Pixels
    height: Pixels
    pinned: bool = False


class MediaView(_Client):
    """Say what is looked at, the whole of it each time; nothing of it is stored."""

    type: Literal["media.view"]
    tiles: Annotated[list[ViewTile], Field(max_length=MAX_TILES)]
    sound_only: bool = False


class IceServersGet(_Client):
    type: Literal["ice_servers.get"]


class Leave(_Client):
    type: Literal["leave"]


class SnapshotGet(_Client):
    type: Literal["snapshot.get"]


class Ping(_Client):
    type: Literal["ping"]


class SessionStart(_Client):
    type: Literal["session.start"]


class SessionEnd(_Client):
    type: Literal["session.end"]


class BreakStart(_Client):
    type: Literal["break.start"]


class BreakEnd(_Client):
    type: Literal["break.end"]


class ParticipantAdmit(_AboutParticipant):
    type: Literal["participant.admit"]


class ParticipantsAdmitAll(_Client):
    type: Literal["participants.admit_all"]


class ParticipantMute(_AboutParticipant):
    type: Literal["participant.mute"]


class ParticipantStopVideo(_AboutParticipant):
    type: Literal["participant.stop_video"]


class ParticipantMove(_AboutParticipant):
    """Move somebody to the side room of a facilitator, or (null) back to the group."""

    type: Literal["participant.move"]
    side_room: Identifier | None


class RoomLock(_Client):
    type: Literal["room.lock"]
    locked: bool


class ParticipantRemove(_AboutParticipant):
    type: Literal["participant.remove"]
    reason: RemovalReason = "other"


class ParticipantReadmit(_AboutParticipant):
    type: Literal["participant.readmit"]


ClientMessage = Annotated[
    Join
    | PublishOffer
    | SubscribeRequest
    | SubscribeAnswer
    | MediaSet
    | MediaView
    | IceServersGet
    | Leave
    | SnapshotGet
    | Ping
    | SessionStart
    | SessionEnd
    | BreakStart
    | BreakEnd
    | ParticipantAdmit
    | ParticipantsAdmitAll
    | ParticipantMute
    | ParticipantStopVideo
    | ParticipantMove
    | RoomLock
    | ParticipantRemove
    | ParticipantReadmit,
    Field(discriminator="type"),
]


class You(Strict):
    """Tell a client who it is; `connection` and `secret` are what `join.resume` wants back."""

    participant: Identifier
    name: str
    role: RoomRole
    state: Literal["WAITING", "IN_ROOM"]
    connection: Identifier
    secret: str
    resumed: bool


class Welcome(Strict):
    type: Literal["welcome"] = "welcome"
    id: MessageId
    protocol: Literal[1] = PROTOCOL_VERSION
    you: You
    snapshot: RoomState
    server_time: AwareDatetime


class EventMessage(Strict):
    """Carry the change that leads to number `seq`."""

    type: Literal["event"] = "event"
    seq: Seq
    change: Change


class Snapshot(Strict):
    type: Literal["snapshot"] = "snapshot"
    id: MessageId | None
    snapshot: RoomState


class Ack(Strict):
    type: Literal["ack"] = "ack"
    id: MessageId


class Error(Strict):
    """Refuse one frame; the socket stays open."""

    type: Literal["error"] = "error"
    id: MessageId | None
    error: ErrorId
    text: str
    reason: str | None = None
    way_out: str | None = None


class Closing(Strict):
    """Say why the socket is about to be closed; `id` is set when this answers a frame."""

    type: Literal["closing"] = "closing"
    id: MessageId | None
    error: ErrorId
    text: str
    reason: str | None = None
    way_out: str | None = None


class PublishAnswer(Strict):
    type: Literal["publish.answer"] = "publish.answer"
    id: MessageId
    generation: Generation
    sdp: str


class SubscribeOffer(Strict):
    type: Literal["subscribe.offer"] = "subscribe.offer"
    id: MessageId
    generation: Generation
    sdp: str


class MediaSlot(Strict):
    """Say who is in one m-line of the client's subscribe connection."""

    mid: str
    kind: MediaKind
    participant: Identifier | None
    source: Source
    paused: bool


class MediaSlots(Strict):
    type: Literal["media.slots"] = "media.slots"
    slots: list[MediaSlot]


class MediaState(Strict):
    type: Literal["media.state"] = "media.state"
    state: Literal["connected", "silent", "resumed", "closed"]


class MediaLost(Strict):
    type: Literal["media.lost"] = "media.lost"


class MediaQuality(Strict):
    """Say how well this client's network carries what it receives and what it sends."""

    type: Literal["media.quality"] = "media.quality"
    downlink: Downlink
    uplink: Uplink


class IceServer(Strict):
    """One entry of `RTCConfiguration.iceServers`; the credential is valid for a limited time."""

    urls: list[str]
    username: str
    credential: str


class IceServers(Strict):
    type: Literal["ice_servers"] = "ice_servers"
    id: MessageId
    servers: list[IceServer]
    policy: Literal["all", "relay"]


class Speakers(Strict):
    type: Literal["speakers"] = "speakers"
    participants: list[Identifier]


class AttendanceLine(Strict):
    participant: Identifier
    minutes: Annotated[int, Field(ge=0)]


class Attendance(Strict):
    type: Literal["attendance"] = "attendance"
    participants: list[AttendanceLine]


class Pong(Strict):
    """Answer a ping; `seq` is the room's last number (0 before `join`)."""

    type: Literal["pong"] = "pong"
    id: MessageId
    server_time: AwareDatetime
    seq: Seq


ServerMessage = Annotated[
    Welcome
    | EventMessage
    | Snapshot
    | Ack
    | Error
    | Closing
    | PublishAnswer
    | SubscribeOffer
    | MediaSlots
    | MediaState
    | MediaLost
    | MediaQuality
    | IceServers
    | Speakers
    | Attendance
    | Pong,
    Field(discriminator="type"),
]

CLIENT: TypeAdapter[ClientMessage] = TypeAdapter(ClientMessage)
SERVER: TypeAdapter[ServerMessage] = TypeAdapter(ServerMessage)
CLIENT_TYPES: tuple[str, ...] = (
    "join",
    "publish.offer",
    "subscribe.request",
    "subscribe.answer",
    "media.set",
    "media.view",
    "ice_servers.get",
    "leave",
    "snapshot.get",
    "ping",
    "session.start",
    "session.end",
    "break.start",
    "break.end",
    "participant.admit",
    "participants.admit_all",
    "participant.mute",
    "participant.stop_video",
    "participant.move",
    "room.lock",
    "participant.remove",
    "participant.readmit",
)
