"""Facts: what the web side did and what the relay witnessed, in the words of the presence ledger."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import TypeAlias, TypeVar

E = TypeVar("E", bound=StrEnum)

Json: TypeAlias = "Mapping[str, Json] | Sequence[Json] | str | int | float | bool | None"


class FactError(ValueError):
    """A fact that is not of the ledger's vocabulary. The text names no person."""


class FactKind(StrEnum):
    """What happened."""

    LOBBY_ENTERED = "lobby_entered"
    ADMITTED = "admitted"
    OPENED = "opened"
    BREAK_STARTED = "break_started"
    BREAK_ENDED = "break_ended"
    REMOVED = "removed"
    CONSENT_REVOKED = "consent_revoked"
    LEFT = "left"
    ENDED = "ended"
    FIRST_PACKET = "first_packet"
    BEAT = "beat"
    SILENT = "silent"
    RESUMED = "resumed"
    CLOSED = "closed"

    @property
    def is_of_relay(self) -> bool:
        """Say whether a relay witnesses it, of one connection."""
        return self in _OF_RELAY


_OF_RELAY = frozenset(
    {FactKind.FIRST_PACKET, FactKind.BEAT, FactKind.SILENT, FactKind.RESUMED, FactKind.CLOSED}
)
_OF_A_PERSON = _OF_RELAY | {
    FactKind.LOBBY_ENTERED,
    FactKind.ADMITTED,
    FactKind.REMOVED,
    FactKind.CONSENT_REVOKED,
    FactKind.LEFT,
}


class Role(StrEnum):
    """What a person was admitted as."""

    PATIENT = "patient"
    FACILITATOR = "facilitator"
    OBSERVER = "observer"


class EndReason(StrEnum):
    """Why a session ended."""

    FACILITATOR = "facilitator"
    AUTO_END = "auto_end"
    CANCELLED = "cancelled"


class CloseReason(StrEnum):
    """Why a connection was closed."""

    LEFT = "left"
    REMOVED = "removed"
    ENDED = "ended"
    SUPERSEDED = "superseded"
    CONSENT_REVOKED = "consent_revoked"
    TIMEOUT = "timeout"
    SHUTDOWN = "shutdown"
    BOOT_ENDED = "boot_ended"


class Track(StrEnum):
    """A published track."""

    MICROPHONE = "microphone"
    CAMERA = "camera"


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact; `source_boot` and `seq` name it exactly once. `at` is aware.

    The readers below never raise: what cannot be read reads as None, and then adds no presence.
    Use `check` to refuse such a fact before it is stored.
    """

    source_boot: str
    seq: int
    kind: FactKind
    at: datetime
    participant: str | None = None
    connection: str | None = None
    data: Mapping[str, Json] = field(default_factory=dict)

    @property
    def last_packet_at(self) -> datetime | None:
        """Instant of the last authenticated packet the relay knew of."""
        return _moment(self.data.get("last_packet_at"))

    @property
    def is_of_camera(self) -> bool:
        """Say whether a `silent` or `resumed` speaks of the camera only, not of the whole connection."""
        return self.data.get("track") == Track.CAMERA

    @property
    def has_camera(self) -> bool | None:
        """Say whether a beat lists a published camera; None if it lists nothing readable."""
        tracks = self.data.get("tracks")
        return Track.CAMERA in tracks if isinstance(tracks, Mapping) else None

    @property
    def role(self) -> Role | None:
        """Role of an admission."""
        return _member(Role, self.data.get("role"))

    @property
    def close_reason(self) -> CloseReason | None:
        """Reason of a closed connection."""
        return _member(CloseReason, self.data.get("reason"))

    @property
    def end_reason(self) -> EndReason | None:
        """Reason of a session's end."""
        return _member(EndReason, self.data.get("reason"))


def in_order(facts: Iterable[Fact]) -> list[Fact]:
    """Put facts in the order of their journals, each once; FactError if one number names two facts."""
    by_name: dict[tuple[str, int], Fact] = {}
    for fact in facts:
        known = by_name.setdefault((fact.source_boot, fact.seq), fact)
        if known != fact:
            raise FactError(f"two different facts are numbered {fact.seq} in one journal")
    return [by_name[name] for name in sorted(by_name)]


def check(fact: Fact) -> None:
    """Raise FactError unless the fact is complete and in the ledger's vocabulary."""
    if fact.seq < 1 or not fact.source_boot:
        raise FactError("a fact needs a journal and a number from 1")
    if fact.at.utcoffset() is None:
        raise FactError("a fact needs an aware time")
    if fact.kind in _OF_A_PERSON and fact.participant is None:
        raise FactError(f"{fact.kind} needs a participant")
    if fact.kind.is_of_relay and fact.connection is None:
        raise FactError(f"{fact.kind} needs a connection")
    expected = _KEYS.get(fact.kind, frozenset())
    if fact.data.keys() != expected:
        raise FactError(f"{fact.kind} carries {', '.join(sorted(expected)) or 'no data'}")
    for name in expected:
        if not _is_readable(fact, name):
            raise FactError(f"{fact.kind} carries an unreadable {name}")


_KEYS: Mapping[FactKind, frozenset[str]] = {
    FactKind.ADMITTED: frozenset({"role"}),
    FactKind.REMOVED: frozenset({"by"}),
    FactKind.ENDED: frozenset({"reason"}),
    FactKind.FIRST_PACKET: frozenset({"last_packet_at"}),
    FactKind.BEAT: frozenset({"last_packet_at", "tracks"}),
    FactKind.SILENT: frozenset({"last_packet_at", "track"}),
    FactKind.RESUMED: frozenset({"track"}),
    FactKind.CLOSED: frozenset({"last_packet_at", "reason", "inferred"}),
}


def _is_readable(fact: Fact, name: str) -> bool:
    value = fact.data[name]
    match name:
        case "role":
            return fact.role is not None
        case "by":
            return isinstance(value, str)
        case "reason":
            return (fact.end_reason if fact.kind is FactKind.ENDED else fact.close_reason) is not None
        case "last_packet_at":
            return fact.last_packet_at is not None
        case "track":
            return value in (None, Track.CAMERA)
        case "inferred":
            return isinstance(value, bool)
        case _:
            return isinstance(value, Mapping) and all(_is_counted(*item) for item in value.items())


def _is_counted(track: str, counters: Json) -> bool:
    return (
        _member(Track, track) is not None
        and isinstance(counters, Mapping)
        and counters.keys() == {"packets", "bytes"}
        and all(isinstance(count, int) and count >= 0 for count in counters.values())
    )


def _moment(value: Json) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return None if moment.utcoffset() is None else moment.astimezone(UTC)


def _member(kind: type[E], value: Json) -> E | None:
    try:
        return kind(value) if isinstance(value, str) else None
    except ValueError:
        return None
