"""The control protocol between web processes and one relay: JSON text frames over a WebSocket.

A request `{"id", "op", ...}` is answered by `{"id", "ok"}` or `{"id", "error"}`; events have no id and go to
every web process.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter

from realtime.wire.facts import CloseReason, FactsPage, Identifier, Journal

PROTOCOL_VERSION = 1
MAX_SDP_BYTES = 32 * 1024
MAX_CONTROL_BYTES = 64 * 1024
MAX_DATAGRAM_BYTES = 1500
MAX_FACTS_PER_PAGE = 500
MAX_TILES = 64

RelayErrorId = Literal[
    "bad_request",
    "unknown_op",
    "unknown_connection",
    "unknown_room",
    "stale_generation",
    "bad_sdp",
    "too_large",
    "clock_not_set",
    "wrong_version",
    "unauthorised",
    "locked",
    "draining",
]
Generation = Annotated[int, Field(ge=1, le=2**31 - 1)]
# A longer text still parses as a request, so that the answer can be `too_large` and not `bad_request`.
Sdp = Annotated[str, StringConstraints(min_length=1)]
MediaKind = Literal["audio", "video"]
# What a person can send. Facts know microphone and camera only (`wire.facts.Track`): a screen proves nothing.
Source = Literal["microphone", "camera", "screen"]
# Whose side room a connection is in; empty in the group.
SideRoom = Annotated[str, StringConstraints(max_length=64, pattern=r"^[A-Za-z0-9_.:-]*$")]
Pixels = Annotated[int, Field(ge=0, le=16_384)]
Downlink = Literal["good", "reduced", "sound_only"]
Uplink = Literal["good", "weak"]


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Request(_Message):
    id: Annotated[int, Field(ge=0, le=2**53)]


class Hello(_Request):
    op: Literal["hello"] = "hello"
    version: int


class ClockProbe(_Request):
    op: Literal["clock.probe"] = "clock.probe"


class ClockSet(_Request):
    """Tell the relay what to add to its monotonic clock to get the web side's wall clock."""

    op: Literal["clock.set"] = "clock.set"
    offset_ns: Annotated[int, Field(ge=-(2**62), le=2**62)]


class ConnectionOpen(_Request):
    op: Literal["connection.open"] = "connection.open"
    room: Identifier
    connection: Identifier
    participant: Identifier
    microphone: bool
    camera: bool
    screen: bool = False
    side_room: SideRoom = ""


class PublishOffer(_Request):
    op: Literal["publish.offer"] = "publish.offer"
    connection: Identifier
    generation: Generation
    sdp: Sdp


class SubscribeOffer(_Request):
    """Ask for the offer of the fixed slot pool; `restart` gives the same with new ICE credentials."""

    op: Literal["subscribe.offer"] = "subscribe.offer"
    connection: Identifier
    generation: Generation
    restart: bool = False


class SubscribeAnswer(_Request):
    op: Literal["subscribe.answer"] = "subscribe.answer"
    connection: Identifier
    generation: Generation
    sdp: Sdp


class ConnectionAllow(_Request):
    """Say which tracks of a connection may pass, and in which side room; the whole wanted state each time."""

    op: Literal["connection.allow"] = "connection.allow"
    connection: Identifier
    microphone: bool
    camera: bool
    screen: bool = False
    side_room: SideRoom = ""


class Tile(_Message):
    """Say how large somebody's picture is on a screen, in device pixels; 0 x 0 is out of sight."""

    participant: Identifier
    source: Literal["camera", "screen"]
    width: Pixels
    height: Pixels
    pinned: bool = False


class ConnectionView(_Request):
    """Say what a subscriber looks at, the whole of it each time, and whether they want sound only."""

    op: Literal["connection.view"] = "connection.view"
    connection: Identifier
    tiles: Annotated[list[Tile], Field(max_length=MAX_TILES)]
    sound_only: bool = False


class ConnectionClose(_Request):
    op: Literal["connection.close"] = "connection.close"
    connection: Identifier
    reason: CloseReason


class RoomClose(_Request):
    op: Literal["room.close"] = "room.close"
    room: Identifier
    reason: CloseReason


class RoomLock(_Request):
    """Let only these people open connections in a room from now on; null opens it to everybody again."""

    op: Literal["room.lock"] = "room.lock"
    room: Identifier
    participants: Annotated[list[Identifier], Field(max_length=256)] | None


class Drain(_Request):
    """Take no new rooms and end after `seconds` at the latest; null takes a drain back."""

    op: Literal["drain"] = "drain"
    seconds: Annotated[int, Field(ge=0, le=86_400)] | None


class FactsBoots(_Request):
    op: Literal["facts.boots"] = "facts.boots"


class FactsRead(_Request):
    op: Literal["facts.read"] = "facts.read"
    boot: Identifier
    after: Annotated[int, Field(ge=0)]
    limit: Annotated[int, Field(ge=1, le=MAX_FACTS_PER_PAGE)] = MAX_FACTS_PER_PAGE


class FactsAck(_Request):
    op: Literal["facts.ack"] = "facts.ack"
    boot: Identifier
    upto: Annotated[int, Field(ge=0)]


class Stats(_Request):
    op: Literal["stats"] = "stats"


Request = Annotated[
    Hello
    | ClockProbe
    | ClockSet
    | ConnectionOpen
    | PublishOffer
    | SubscribeOffer
    | SubscribeAnswer
    | ConnectionAllow
    | ConnectionView
    | ConnectionClose
    | RoomClose
    | RoomLock
    | Drain
    | FactsBoots
    | FactsRead
    | FactsAck
    | Stats,
    Field(discriminator="op"),
]


class Done(_Message):
    """Answer with nothing to say."""


class HelloOk(_Message):
    boot: Identifier
    version: int
    mono_ns: int


class ClockProbeOk(_Message):
    mono_ns: int


class SdpOk(_Message):
    sdp: str


class BootsOk(_Message):
    boots: list[Journal]


class StatsOk(_Message):
    """Count what the relay holds and what it has done since it started; `dropped` by reason."""

    boot: Identifier
    uptime_seconds: float
    rooms: int
    connections: int
    packets_in: int
    packets_out: int
    bytes_in: int
    bytes_out: int
    dropped: dict[str, int]


Ok = HelloOk | ClockProbeOk | SdpOk | BootsOk | FactsPage | StatsOk | Done


class ErrorBody(_Message):
    error: RelayErrorId
    text: str


class Reply(_Message):
    """Wrap a successful answer; `ok` is one of the models above, as plain JSON."""

    id: int
    ok: Ok


class ErrorReply(_Message):
    """Wrap a refusal; `id` is null when the request's own id could not be read."""

    id: int | None
    error: ErrorBody


class Slot(_Message):
    """Say who is in one m-line of a subscribe connection; `participant` is null in an empty slot.

    `paused`: nothing is sent in it for now, because the subscriber's network or screen has no room for it.
    """

    mid: str
    kind: MediaKind
    participant: Identifier | None
    source: Source
    paused: bool = False


class SlotsEvent(_Message):
    """Give the whole slot table of one subscriber, each time it changes."""

    event: Literal["slots"] = "slots"
    room: Identifier
    connection: Identifier
    slots: list[Slot]


class MediaEvent(_Message):
    event: Literal["media"] = "media"
    room: Identifier
    connection: Identifier
    participant: Identifier
    state: Literal["connected", "silent", "resumed", "closed"]
    reason: CloseReason | None = None


class SpeakersEvent(_Message):
    """Name everybody who is speaking now in one side room (empty: the group); nobody elsewhere may learn it.

    Sent on change, at most every 300 ms per side room.
    """

    event: Literal["speakers"] = "speakers"
    room: Identifier
    side_room: SideRoom = ""
    participants: list[Identifier]


class QualityEvent(_Message):
    """Say how well a connection's network carries; sent when it changes.

    `downlink`: `good`, `reduced` (smaller or fewer pictures than asked for), `sound_only` (no picture fits).
    `uplink`: `weak` when what the person sends arrives badly.
    """

    event: Literal["quality"] = "quality"
    room: Identifier
    connection: Identifier
    downlink: Downlink
    uplink: Uplink


class DrainingEvent(_Message):
    """Say that the relay ends within `seconds`, or (null) that it does not after all."""

    event: Literal["draining"] = "draining"
    seconds: int | None


class FactsEvent(_Message):
    """Wake the ingester: facts up to `last` can be read."""

    event: Literal["facts"] = "facts"
    boot: Identifier
    last: int


Event = Annotated[
    SlotsEvent | MediaEvent | SpeakersEvent | QualityEvent | DrainingEvent | FactsEvent,
    Field(discriminator="event"),
]

# By default the parser keeps 16 000 strings it has seen: ids of people who have left, and half a megabyte.
REQUEST: TypeAdapter[Request] = TypeAdapter(Request, config=ConfigDict(cache_strings="keys"))
EVENT: TypeAdapter[Event] = TypeAdapter(Event)
