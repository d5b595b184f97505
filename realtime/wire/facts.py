"""One line of a relay's journal: what the relay witnessed, in the order it acted on it."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue

RelayFactKind = Literal["first_packet", "beat", "silent", "resumed", "closed"]
CloseReason = Literal[
    "left", "removed", "ended", "superseded", "consent_revoked", "timeout", "shutdown", "boot_ended"
]
Track = Literal["microphone", "camera"]
Identifier = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.:-]+$")]


class JournalFact(BaseModel):
    """State one observation of one connection.

    `at` is on the web side's clock, `mono_ns` on the relay's own; `seq` is gapless from 1 per boot.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    seq: Annotated[int, Field(ge=1)]
    kind: RelayFactKind
    room: Identifier
    participant: Identifier
    connection: Identifier
    at: AwareDatetime
    mono_ns: int
    data: dict[str, JsonValue]


class Journal(BaseModel):
    """Say what one boot's journal holds: facts `first`..`last` (both 0 when it is empty)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    boot: Identifier
    first: int
    last: int
    current: bool


class FactsPage(BaseModel):
    """Carry facts after the asked number, complete up to the instant `as_of` if none is left after `last`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    facts: list[JournalFact]
    last: int
    as_of: datetime
