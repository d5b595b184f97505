"""The parser of evidence files: everything of `Evidence`, or `EvidenceError` with the place first."""

from decimal import Decimal
from enum import StrEnum
from zoneinfo import ZoneInfo

from sessions.rules.conditions.service_types import ServiceType
from sessions.rules.conditions.terms import PARAMETERS, Kind, Overrides, Place, TermValue
from sessions.rules.document.evidence import (
    VERSION,
    EnrollmentEvidence,
    Evidence,
    FacilitatorEvidence,
    PatientEvidence,
    SessionEvidence,
    Target,
)
from sessions.rules.document.strict_json import Value, read_document
from sessions.rules.time.instants import Instant, parse_zone
from sessions.rules.time.intervals import Intervals, Pair


def parse(source: str | bytes) -> Evidence:
    """Read an evidence file, version 1."""
    document = read_document(source)
    version = document.members().get("version")
    if version is not None and version.whole() != VERSION:
        version.fail(f"must be {VERSION}")
    keys = document.record(("version", "as_of", "program_tz", "sessions"), ("policy", "enrollments"))
    as_of = keys["as_of"].as_of()
    zone = _zone(keys["program_tz"])
    overrides = _overrides(keys.get("policy"), Place.FILE)
    known_sessions: set[str] = set()
    known_enrollments: set[str] = set()
    return Evidence(
        as_of=as_of,
        program_tz=zone,
        overrides=overrides,
        sessions=tuple(_session(value, known_sessions) for value in keys["sessions"].items()),
        enrollments=tuple(_enrollment(value, known_enrollments) for value in _items(keys.get("enrollments"))),
    )


def _session(value: Value, known: set[str]) -> SessionEvidence:
    keys = value.record(
        (
            "id",
            "service_type",
            "scheduled_start",
            "scheduled_end",
            "opened_at",
            "ended_at",
            "breaks",
            "facilitators",
            "patients",
        ),
        ("cancelled_by_program", "policy", "incidents"),
    )
    session_id = _unique(keys["id"], known)
    service_type = keys["service_type"].choice(ServiceType)
    scheduled_start = keys["scheduled_start"].instant()
    scheduled_end = keys["scheduled_end"].instant()
    if scheduled_end < scheduled_start:
        keys["scheduled_end"].fail("ends before it starts")
    if scheduled_end == scheduled_start:
        keys["scheduled_end"].fail("the scheduled span is empty")
    opened_at = keys["opened_at"].or_none(Value.instant)
    ended_at = keys["ended_at"].or_none(Value.instant)
    if ended_at is not None:
        if opened_at is None:
            keys["ended_at"].fail("ended without opened_at")
        if ended_at < opened_at:
            keys["ended_at"].fail("ends before it starts")
    people: set[str] = set()
    was_opened = opened_at is not None
    return SessionEvidence(
        id=session_id,
        service_type=service_type,
        scheduled_start=scheduled_start,
        scheduled_end=scheduled_end,
        opened_at=opened_at,
        ended_at=ended_at,
        cancelled_by_program=(
            keys["cancelled_by_program"].boolean() if "cancelled_by_program" in keys else False
        ),
        overrides=_overrides(keys.get("policy"), Place.SESSION),
        breaks=_intervals(keys["breaks"]),
        incidents=_intervals(keys.get("incidents")),
        facilitators=tuple(_facilitator(one, people, was_opened) for one in keys["facilitators"].items()),
        patients=tuple(_patient(one, people, was_opened) for one in keys["patients"].items()),
    )


def _facilitator(value: Value, known: set[str], was_opened: bool) -> FacilitatorEvidence:
    keys = value.record(("id", "presence"))
    return FacilitatorEvidence(
        id=_unique(keys["id"], known), presence=_presence(keys["presence"], was_opened)
    )


def _patient(value: Value, known: set[str], was_opened: bool) -> PatientEvidence:
    keys = value.record(("id", "presence"), ("lobby_at", "audio_only", "camera_off"))
    return PatientEvidence(
        id=_unique(keys["id"], known),
        lobby_at=keys["lobby_at"].or_none(Value.instant) if "lobby_at" in keys else None,
        presence=_presence(keys["presence"], was_opened),
        audio_only=_intervals(keys.get("audio_only")),
        camera_off=_intervals(keys.get("camera_off")),
    )


def _enrollment(value: Value, known: set[str]) -> EnrollmentEvidence:
    keys = value.record(("patient", "targets", "admitted_on"), ("discharged_on", "expected_rate", "policy"))
    patient = _unique(keys["patient"], known)
    admitted_on = keys["admitted_on"].day()
    discharged_on = keys["discharged_on"].or_none(Value.day) if "discharged_on" in keys else None
    if discharged_on is not None and discharged_on < admitted_on:
        keys["discharged_on"].fail("discharged before admitted")
    return EnrollmentEvidence(
        patient=patient,
        targets=_targets(keys["targets"]),
        admitted_on=admitted_on,
        discharged_on=discharged_on,
        expected_rate=keys["expected_rate"].or_none(Value.share) if "expected_rate" in keys else None,
        overrides=_overrides(keys.get("policy"), Place.ENROLLMENT),
    )


def _targets(value: Value) -> tuple[Target, ...]:
    targets: list[Target] = []
    for item in value.items():
        parts = item.items()
        if len(parts) != 2:
            item.fail("must be a pair of a date and minutes")
        target = Target(parts[0].day(), parts[1].whole())
        # Two targets from one day on would leave open which is in force.
        if targets and target.starts_on <= targets[-1].starts_on:
            item.fail("targets are not sorted by date")
        targets.append(target)
    if not targets:
        value.fail("must not be empty")
    return tuple(targets)


def _presence(value: Value, was_opened: bool) -> Intervals:
    pairs = value.items()
    if pairs and not was_opened:
        pairs[0].fail("presence in a session without opened_at")
    return _intervals(value)


def _intervals(value: Value | None) -> Intervals:
    return Intervals.of(_pair(item) for item in _items(value))


def _pair(value: Value) -> Pair:
    parts = value.items()
    if len(parts) != 2:
        value.fail("must be a pair of times")
    start: Instant = parts[0].instant()
    end: Instant = parts[1].instant()
    if end < start:
        value.fail("ends before it starts")
    return start, end


def _items(value: Value | None) -> list[Value]:
    return [] if value is None else value.items()


def _unique(value: Value, known: set[str]) -> str:
    text = value.text()
    if text in known:
        value.fail("duplicate id")
    known.add(text)
    return text


def _zone(value: Value) -> ZoneInfo:
    text = value.text()
    try:
        return parse_zone(text)
    except ValueError as error:
        value.fail(str(error))


def _overrides(value: Value | None, place: Place) -> Overrides:
    found: dict[str, TermValue] = {}
    for name, member in ({} if value is None else value.members()).items():
        parameter = PARAMETERS.get(name)
        if parameter is None:
            member.fail("unknown parameter")
        if place not in parameter.places:
            member.fail(f"this parameter cannot stand in the policy of {_ARTICLES[place]}")
        found[name] = _term(member, parameter.kind)
    return found


_ARTICLES = {Place.FILE: "a file", Place.SESSION: "a session", Place.ENROLLMENT: "an enrollment"}


def _term(value: Value, kind: Kind) -> TermValue:
    if issubclass(kind, StrEnum):
        return value.choice(kind)
    if issubclass(kind, Decimal):
        return value.share()
    return value.boolean() if issubclass(kind, bool) else value.whole()
