"""The administrator's audit of one session: what was observed, what was decided, under which terms."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sessions.models import AttendanceRecord, GroupSession, Incident, PresenceEvent, RosterState
from sessions.rules.conditions.terms import CreditTerms
from sessions.rules.crediting.credit import PatientResult, SessionResult
from sessions.rules.crediting.status import Status
from sessions.rules.document.result import patient_to_json
from sessions.rules.telling.words import FLAG_WORDS, STATUS_WORDS, in_words
from sessions.rules.time.instants import to_datetime
from sessions.rules.weekly.weeks import round_ratio
from sessions.selectors.homes.cards import SessionCard, session_card
from sessions.selectors.homes.strips import Strip, incidents_of, make_strip
from sessions.selectors.ledger.attendance import attendance_of
from sessions.selectors.ledger.evidence import Evidence, evidence_to_compute, result_of
from sessions.selectors.ledger.judgements import (
    AbsenceRow,
    SignatureRow,
    absences_of,
    correction_for,
    dispute_for,
    signatures_of,
)
from sessions.selectors.scope import get_session_for
from sessions.selectors.signing.corrections import CorrectionRow, corrections_of
from sessions.selectors.signing.disputes import DisputeRow, disputes_of
from sessions.terms import session_terms
from telehealth.accounts.models import User
from telehealth.accounts.roles import Role
from telehealth.core.errors import NotFound
from telehealth.enrollment.models import Patient

Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Term:
    """One credit term as it stood when the session was planned."""

    name: str
    value: str
    is_default: bool


@dataclass(frozen=True, slots=True)
class AuditedPerson:
    """A clinician who led the session, with what was seen of them."""

    id: UUID
    name: str
    credential: str
    presence: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class AuditedPatient:
    """One patient's line: observed times, what the rules gave, what people decided over it, and the strip.

    `agrees` says that the stored record equals what the facts give when computed now; None where nothing is
    stored. `adjusted_min` are the minutes of the correction in force.
    """

    patient_id: UUID
    participant: UUID
    name: str
    record_number: str
    lobby_at: datetime | None
    presence: tuple[Span, ...]
    audio_only: tuple[Span, ...]
    camera_off: tuple[Span, ...]
    devices: int
    qualified_seconds: int
    strict_seconds: int
    credited_min: int
    billable_min: int
    hours_min: int
    ratio: str
    status: str
    status_words: str
    flags: tuple[str, ...]
    flag_words: tuple[str, ...]
    units: Mapping[str, Any]  # Any: numbers, and the CPT code as text
    strip: Strip
    agrees: bool | None
    adjusted_min: int | None
    adjusted_hours_min: int | None
    corrections: tuple[CorrectionRow, ...]
    disputes: tuple[DisputeRow, ...]
    absence: AbsenceRow | None

    @property
    def decided_min(self) -> int:
        """Give the credited minutes that stand."""
        return self.credited_min if self.adjusted_min is None else self.adjusted_min

    @property
    def decided_hours_min(self) -> int:
        """Give the minutes that stand toward the week."""
        return self.hours_min if self.adjusted_hours_min is None else self.adjusted_hours_min

    @property
    def decided_billable_min(self) -> int:
        """Give the billable minutes that stand."""
        return min(self.billable_min, self.decided_min)

    @property
    def flag_pairs(self) -> tuple[tuple[str, str], ...]:
        """Give each flag with its words."""
        return tuple(zip(self.flags, self.flag_words, strict=True))


@dataclass(frozen=True, slots=True)
class SessionAudit:
    """Everything the audit page shows and its CSV holds. The strips run from `strip_start` to `strip_end`."""

    card: SessionCard
    service_date: date
    window: Span | None
    delivered_seconds: int
    breaks: tuple[Span, ...]
    as_of: datetime
    is_final: bool
    terms_name: str
    terms_version: int
    terms: tuple[Term, ...]
    facilitators: tuple[AuditedPerson, ...]
    patients: tuple[AuditedPatient, ...]
    facts: int
    chain_head: str
    strip_start: datetime | None
    strip_end: datetime | None
    roster_state: RosterState
    locked_at: datetime | None
    signatures: tuple[SignatureRow, ...]
    incidents: tuple[Incident, ...]

    @property
    def zone_words(self) -> str:
        """Give the program's zone as people say it."""
        return self.card.program_zone.rsplit("/", 1)[-1].replace("_", " ")

    @property
    def delivered_words(self) -> str:
        """Give the countable time that was delivered."""
        return in_words(self.delivered_seconds)


def session_audit(user: User, pk: UUID, at: datetime) -> SessionAudit:
    """Gather the audit of one session for staff; computed from the facts now and held against what is stored.

    The number of queries does not grow with patients or facts.
    """
    group_session = get_session_for(user, pk, at)
    if user.role_enum is Role.PATIENT:
        raise NotFound
    evidence = evidence_to_compute(group_session, at=at)
    seen = _session(evidence, pk)
    result = result_of(evidence, pk)
    records = attendance_of(pk)
    incidents = tuple(incidents_of([pk])[pk])
    patients = _patients(user, group_session, seen, result, records, incidents)
    pieces = [piece for one in patients for piece in one.strip.pieces]
    events = PresenceEvent.objects.filter(group_session=pk)
    last = events.order_by("-id").values_list("row_hash", flat=True).first()
    window = None if result.window is None else (to_datetime(result.window[0]), to_datetime(result.window[1]))
    return SessionAudit(
        card=session_card(group_session, at),
        service_date=result.service_date,
        window=window,
        delivered_seconds=result.delivered_seconds,
        breaks=_spans(seen["breaks"]),
        as_of=datetime.fromisoformat(str(evidence["as_of"])),
        is_final=bool(records) and all(record.is_final for record in records.values()),
        terms_name=group_session.terms.name,
        terms_version=group_session.terms.version,
        terms=_terms(group_session),
        facilitators=_facilitators(seen),
        patients=patients,
        facts=events.count(),
        chain_head=last or "",
        strip_start=min((piece.start for piece in pieces), default=None),
        strip_end=max((piece.end for piece in pieces), default=None),
        roster_state=group_session.roster_state_enum,
        locked_at=group_session.locked_at,
        signatures=signatures_of(group_session),
        incidents=incidents,
    )


# Any, here and below: the evidence document is JSON.
def _session(evidence: Evidence, pk: UUID) -> dict[str, Any]:
    sessions: Any = evidence["sessions"]
    found: dict[str, Any] = next(one for one in sessions if one["id"] == str(pk))
    return found


def _patients(
    user: User,
    group_session: GroupSession,
    seen: Mapping[str, Any],
    result: SessionResult,
    records: Mapping[UUID, AttendanceRecord],
    incidents: Sequence[Incident],
) -> tuple[AuditedPatient, ...]:
    pk, zone = group_session.pk, group_session.program.time_zone
    ids = [one.id for one in result.patients]
    people = {str(one.pk): one for one in Patient.objects.filter(pk__in=ids).select_related("user")}
    devices, observed = _devices(group_session), {one["id"]: one for one in seen["patients"]}
    corrections, disputes = corrections_of([pk]), disputes_of([pk])
    absences = absences_of(user, [pk])
    rows = []
    for one in result.patients:
        patient, record = people[one.id], records.get(UUID(one.id))
        key = pk, patient.pk
        rows.append(
            AuditedPatient(
                patient_id=patient.pk,
                participant=patient.user_id,
                name=patient.user.full_name,
                record_number=patient.record_number,
                devices=devices.get(patient.user_id, 0),
                agrees=None if record is None else _agrees(record, patient_to_json(one)),
                adjusted_min=None if record is None else record.adjusted_min,
                adjusted_hours_min=None if record is None else record.adjusted_hours_min,
                corrections=tuple(correction_for(user, each) for each in corrections.get(key, ())),
                disputes=tuple(dispute_for(user, each) for each in disputes.get(key, ())),
                absence=absences.get(key),
                **_computed(observed[one.id], one, record, incidents, zone),
            )
        )
    return tuple(sorted(rows, key=lambda row: (row.name, str(row.patient_id))))


def _computed(
    seen: Mapping[str, Any],
    result: PatientResult,
    record: AttendanceRecord | None,
    incidents: Sequence[Incident],
    zone: str,
) -> dict[str, Any]:
    """Give what the evidence says of one patient, and what the rules made of it."""
    lobby_at = datetime.fromisoformat(seen["lobby_at"]) if seen["lobby_at"] else None
    shown: Any = patient_to_json(result)
    return {
        "lobby_at": lobby_at,
        "presence": _spans(seen["presence"]),
        "audio_only": _spans(seen["audio_only"]),
        "camera_off": _spans(seen["camera_off"]),
        "qualified_seconds": result.qualified_seconds,
        "strict_seconds": result.strict_seconds,
        "credited_min": result.credited_min,
        "billable_min": result.billable_min,
        "hours_min": result.hours_min,
        "ratio": format(round_ratio(result.ratio), "f"),
        "status": str(result.status),
        "status_words": STATUS_WORDS[Status(result.status)],
        "flags": tuple(str(flag) for flag in result.flags),
        "flag_words": tuple(FLAG_WORDS[flag] for flag in result.flags),
        "units": shown["units"],
        "strip": make_strip(
            shown["timeline"],
            status=str(result.status),
            zone=zone,
            lobby_at=lobby_at,
            incidents=incidents,
            adjusted_min=None if record is None else record.adjusted_min,
        ),
    }


def _agrees(record: AttendanceRecord, shown: Mapping[str, Any]) -> bool:
    names = ("qualified_seconds", "strict_seconds", "credited_min", "billable_min", "hours_min", "status")
    same = all(getattr(record, name) == shown[name] for name in names)
    return same and all(getattr(record, name) == shown[name] for name in ("flags", "units", "timeline"))


def _devices(group_session: GroupSession) -> dict[UUID, int]:
    """Count each person's connections that media came from."""
    found: defaultdict[UUID, set[UUID]] = defaultdict(set)
    rows = PresenceEvent.objects.filter(group_session=group_session, kind="first_packet")
    for participant, connection in rows.values_list("participant", "connection"):
        if participant is not None and connection is not None:
            found[participant].add(connection)
    return {participant: len(connections) for participant, connections in found.items()}


def _facilitators(seen: Mapping[str, Any]) -> tuple[AuditedPerson, ...]:
    presence = {UUID(one["id"]): _spans(one["presence"]) for one in seen["facilitators"]}
    people = User.objects.filter(pk__in=list(presence)).order_by("family_name", "given_name")
    return tuple(AuditedPerson(one.pk, one.full_name, one.credential, presence[one.pk]) for one in people)


def _terms(group_session: GroupSession) -> tuple[Term, ...]:
    stored = group_session.terms.parameters
    resolved = session_terms(group_session)
    names = [one.name for one in fields(CreditTerms)]
    return tuple(Term(name, str(getattr(resolved, name)), name not in stored) for name in names)


def _spans(pairs: Any) -> tuple[Span, ...]:
    return tuple((datetime.fromisoformat(start), datetime.fromisoformat(end)) for start, end in pairs)
