"""Single facts in plain English: what was observed, by whom, with which details."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from sessions.rules.presence.facts import CloseReason, EndReason, Fact, FactKind, Json, Role, Track

FACT_WORDS: Mapping[FactKind, str] = {
    FactKind.LOBBY_ENTERED: "Came into the waiting room",
    FactKind.ADMITTED: "Let into the room",
    FactKind.OPENED: "The session was started",
    FactKind.BREAK_STARTED: "A break began",
    FactKind.BREAK_ENDED: "The break ended",
    FactKind.REMOVED: "Removed from the room",
    FactKind.CONSENT_REVOKED: "Took back an agreement that the room needs",
    FactKind.LEFT: "Left the room",
    FactKind.ENDED: "The session was ended",
    FactKind.FIRST_PACKET: "First sound or picture of a connection",
    FactKind.BEAT: "Sound or picture still arriving",
    FactKind.SILENT: "Nothing arrived any more",
    FactKind.RESUMED: "Sound or picture came back",
    FactKind.CLOSED: "The connection ended",
}

_CAMERA_WORDS = {FactKind.SILENT: "The camera went dark", FactKind.RESUMED: "The camera came back"}
_ROLES: Mapping[Role, str] = {
    Role.PATIENT: "as a patient",
    Role.FACILITATOR: "as a clinician",
    Role.OBSERVER: "as an observer, who counts for nothing",
}
_CLOSED: Mapping[CloseReason, str] = {
    CloseReason.LEFT: "the person left",
    CloseReason.REMOVED: "a clinician removed the person",
    CloseReason.ENDED: "the session ended",
    CloseReason.SUPERSEDED: "the person went on from another device or tab",
    CloseReason.CONSENT_REVOKED: "an agreement was taken back",
    CloseReason.TIMEOUT: "nothing arrived for too long",
    CloseReason.SHUTDOWN: "the relay was stopped in an orderly way",
    CloseReason.BOOT_ENDED: "the relay died; written down when it came back",
}
_ENDED: Mapping[EndReason, str] = {
    EndReason.FACILITATOR: "by a clinician",
    EndReason.AUTO_END: "by itself, because no clinician was in the room any more",
    EndReason.CANCELLED: "because it was cancelled",
}


def fact_in_words(fact: Fact) -> str:
    """Say what happened."""
    if fact.is_of_camera and fact.kind in _CAMERA_WORDS:
        return _CAMERA_WORDS[fact.kind]
    return FACT_WORDS[fact.kind]


def details_in_words(fact: Fact, zone: ZoneInfo) -> str:
    """Say what the fact carries, times in `zone`; nothing where it carries nothing."""
    return "; ".join(_details(fact, zone))


def _details(fact: Fact, zone: ZoneInfo) -> Iterator[str]:
    if fact.role is not None:
        yield _ROLES[fact.role]
    if fact.kind is FactKind.CLOSED and fact.close_reason is not None:
        yield _CLOSED[fact.close_reason]
    if fact.kind is FactKind.ENDED and fact.end_reason is not None:
        yield _ENDED[fact.end_reason]
    if fact.data.get("inferred") is True:
        yield "concluded afterwards from the relay's journal"
    if fact.kind is FactKind.BEAT:
        yield _tracks(fact.data.get("tracks"))
    last = fact.last_packet_at
    # Where the last packet is the fact's own instant there is nothing to add.
    if last is not None and last != fact.at:
        yield f"last packet at {_clock(last, zone)}"


def _tracks(tracks: Json) -> str:
    if not isinstance(tracks, Mapping):
        return "no tracks listed"
    named = [f"{track} ({_count(tracks[track], 'packets')} packets)" for track in Track if track in tracks]
    return " and ".join(named) or "no track published"


def _count(counters: Json, name: str) -> int:
    count = counters.get(name) if isinstance(counters, Mapping) else None
    return count if isinstance(count, int) else 0


def _clock(at: datetime, zone: ZoneInfo) -> str:
    local = at.astimezone(zone)
    return f"{local.hour % 12 or 12}:{local:%M:%S} {local:%p}"
