"""From presence to an evidence file: the dictionaries that `parse` reads back."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import TypeAlias

from sessions.rules.conditions.service_types import ServiceType
from sessions.rules.document.evidence import VERSION
from sessions.rules.presence.connections import Span
from sessions.rules.presence.facts import Role
from sessions.rules.presence.fold import ParticipantPresence, SessionPresence
from sessions.rules.time.instants import floor_instant, format_instant

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"
# Terms as the evidence file spells them; decimals as Decimal or str, never as float.
Policy: TypeAlias = Mapping[str, int | bool | str | Decimal]


class ExportError(ValueError):
    """The description of a session leaves out somebody whom the ledger saw in it."""


@dataclass(frozen=True, slots=True)
class PatientDescription:
    """A patient on the roster: the id of the record, and the id under which the facts know the person."""

    id: str
    participant: str


@dataclass(frozen=True, slots=True)
class SessionDescription:
    """What the schedule and the roster say about one session.

    `patients` holds everyone who is or was on the roster. Facilitators are who the ledger says led the room.
    """

    id: str
    service_type: ServiceType
    scheduled_start: datetime
    scheduled_end: datetime
    patients: Sequence[PatientDescription]
    planned_breaks: Sequence[Span] = ()
    incidents: Sequence[Span] = ()
    cancelled_by_program: bool = False
    policy: Policy = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EnrollmentDescription:
    """A patient's enrollment as the evidence file holds it."""

    patient: str
    targets: Sequence[tuple[date, int]]
    admitted_on: date
    discharged_on: date | None = None
    expected_rate: Decimal | None = None
    policy: Policy = field(default_factory=dict)


def evidence_document(
    *,
    as_of: datetime,
    program_tz: str,
    sessions: Iterable[tuple[SessionDescription, SessionPresence]],
    enrollments: Iterable[EnrollmentDescription] = (),
    policy: Policy | None = None,
) -> dict[str, Json]:
    """Write an evidence file, version 1; `json.dumps` of it is what `parse` reads."""
    return {
        "version": VERSION,
        "as_of": _time(as_of),
        "program_tz": program_tz,
        "policy": _policy(policy or {}),
        "sessions": [session_document(description, presence) for description, presence in sessions],
        "enrollments": [enrollment_document(enrollment) for enrollment in enrollments],
    }


def session_document(description: SessionDescription, presence: SessionPresence) -> dict[str, Json]:
    """Write one session. A session that was never opened has no presence, whatever the relay saw."""
    is_opened = presence.opened_at is not None
    breaks = description.planned_breaks if presence.breaks is None else presence.breaks
    people = presence.participants
    _refuse_strangers(description, people.values())
    return {
        "id": description.id,
        "service_type": str(description.service_type),
        "scheduled_start": _time(description.scheduled_start),
        "scheduled_end": _time(description.scheduled_end),
        "opened_at": _time_or_none(presence.opened_at),
        "ended_at": _time_or_none(presence.ended_at) if is_opened else None,
        "cancelled_by_program": description.cancelled_by_program,
        "policy": _policy(description.policy),
        "breaks": _spans(breaks),
        "incidents": _spans(description.incidents),
        "facilitators": [
            {"id": person.participant, "presence": _spans(person.presence if is_opened else ())}
            for person in people.values()
            if person.role is Role.FACILITATOR
        ],
        "patients": [
            _patient(patient.id, people.get(patient.participant), is_opened=is_opened)
            for patient in description.patients
        ],
    }


def enrollment_document(enrollment: EnrollmentDescription) -> dict[str, Json]:
    """Write one enrollment."""
    return {
        "patient": enrollment.patient,
        "targets": [[starts_on.isoformat(), minutes] for starts_on, minutes in enrollment.targets],
        "admitted_on": enrollment.admitted_on.isoformat(),
        "discharged_on": None if enrollment.discharged_on is None else enrollment.discharged_on.isoformat(),
        "expected_rate": None if enrollment.expected_rate is None else format(enrollment.expected_rate, "f"),
        "policy": _policy(enrollment.policy),
    }


def _patient(patient_id: str, person: ParticipantPresence | None, *, is_opened: bool) -> dict[str, Json]:
    shown = person if is_opened else None
    return {
        "id": patient_id,
        "lobby_at": None if person is None else _time_or_none(person.lobby_at),
        "presence": _spans(shown.presence if shown else ()),
        "audio_only": _spans(shown.audio_only if shown else ()),
        "camera_off": _spans(shown.camera_off if shown else ()),
    }


def _refuse_strangers(description: SessionDescription, people: Iterable[ParticipantPresence]) -> None:
    """Leave nobody out in silence: a patient's minutes that no roster names are a defect of the caller."""
    known = {patient.participant for patient in description.patients}
    for person in people:
        if person.role is Role.PATIENT and person.presence and person.participant not in known:
            raise ExportError(f"patient {person.participant} was present but is not described")


def _spans(spans: Iterable[Span]) -> list[Json]:
    return [[_time(start), _time(end)] for start, end in spans]


def _policy(policy: Policy) -> dict[str, Json]:
    return {
        name: format(value, "f") if isinstance(value, Decimal) else value for name, value in policy.items()
    }


def _time_or_none(at: datetime | None) -> str | None:
    return None if at is None else _time(at)


def _time(at: datetime) -> str:
    return format_instant(floor_instant(at))
