"""The attendance audit as CSV (domain.md 8): one row a patient, safe to open in a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sessions.selectors.auditing.audit import AuditedPatient, SessionAudit, Span
from sessions.selectors.ledger.judgements import SignatureRow
from sessions.selectors.signing.corrections import CorrectionRow
from telehealth.core.csv import hashed_table
from telehealth.core.csv import instant as _instant

COLUMNS = (
    "patient_id",
    "initials",
    "service_date",
    "session_id",
    "service_type",
    "scheduled_start",
    "scheduled_end",
    "opened_at",
    "ended_at",
    "lobby_at",
    "first_present",
    "last_present",
    "presence",
    "devices",
    "gaps",
    "bridged_seconds",
    "breaks",
    "no_facilitator",
    "audio_only",
    "camera_off",
    "facilitators",
    "group_size",
    "qualified_seconds",
    "strict_seconds",
    "credited_min",
    "billable_min",
    "hours_min",
    "ratio",
    "status",
    "flags",
    "is_final",
    "decided_min",
    "decided_billable_min",
    "decided_hours_min",
    "absence",
    "corrections",
    "disputes",
    "roster_state",
    "attested_by",
    "attested_at",
    "roster_hash",
    "incidents",
    "terms",
    "terms_version",
    "program",
    "program_zone",
    "chain_head",
    "generated_by",
    "generated_at",
)


_GAPS = ("before", "away", "after", "absent")


def audit_table(page: SessionAudit, *, generated_by: str, at: datetime) -> str:
    """Write the table, RFC 4180 with a header row; times are UTC.

    `row_sha256` is of the row's other cells joined by line feeds, so that a changed cell shows.
    """
    return hashed_table(COLUMNS, (_cells(page, patient, generated_by, at) for patient in page.patients))


def _cells(page: SessionAudit, patient: AuditedPatient, generated_by: str, at: datetime) -> Iterable[str]:
    card = page.card
    yield str(patient.patient_id)
    yield "".join(word[0] for word in patient.name.split())
    yield page.service_date.isoformat()
    yield str(card.id)
    yield card.service_type.value
    yield from (_instant(each) for each in (card.start, card.end, card.opened_at, card.ended_at))
    yield _instant(patient.lobby_at)
    yield _instant(min((start for start, _ in patient.presence), default=None))
    yield _instant(max((end for _, end in patient.presence), default=None))
    yield _spans(patient.presence)
    yield str(patient.devices)
    yield _spans(_pieces(patient, *_GAPS))
    yield str(sum(int((end - start).total_seconds()) for start, end in _pieces(patient, "bridged")))
    yield _spans(page.breaks)
    yield _spans(_pieces(patient, "no_facilitator"))
    yield _spans(patient.audio_only)
    yield _spans(patient.camera_off)
    yield "; ".join(f"{one.name}, {one.credential}".rstrip(", ") for one in page.facilitators)
    yield str(sum(1 for one in page.patients if one.presence))
    numbers = (patient.qualified_seconds, patient.strict_seconds, patient.credited_min, patient.billable_min)
    yield from map(str, (*numbers, patient.hours_min))
    yield patient.ratio
    yield patient.status
    yield " ".join(patient.flags)
    yield "yes" if page.is_final else "no"
    yield from map(str, (patient.decided_min, patient.decided_billable_min, patient.decided_hours_min))
    yield "" if patient.absence is None else f"{patient.absence.kind} {patient.absence.reason}"
    yield "; ".join(_correction(one) for one in patient.corrections)
    yield "; ".join("open" if one.outcome is None else one.outcome for one in patient.disputes)
    yield str(page.roster_state)
    yield from _signature(page.signatures)
    yield "; ".join(f"{one.kind} {_instant(one.began_at)}/{_instant(one.ended_at)}" for one in page.incidents)
    yield page.terms_name
    yield str(page.terms_version)
    yield card.program_name
    yield card.program_zone
    yield page.chain_head
    yield generated_by
    yield _instant(at)


def _correction(one: CorrectionRow) -> str:
    """Write what changed and who decided, in closed words: no free text leaves in a file."""
    late = " late_entry" if one.is_late_entry else ""
    outcome = "pending" if one.outcome is None else f"{one.outcome} {_instant(one.decided_at)}"
    return f"{one.old_min}>{one.new_min} {one.reason} by {one.requested_by_id}{late} {outcome}"


def _signature(signatures: Sequence[SignatureRow]) -> Iterable[str]:
    if not signatures:
        return ("", "", "")
    newest = signatures[-1]
    return (f"{newest.signed_by}, {newest.credential}", _instant(newest.signed_at), newest.roster_hash)


def _spans(spans: Iterable[Span]) -> str:
    return "; ".join(f"{_instant(start)}/{_instant(end)}" for start, end in spans)


def _pieces(patient: AuditedPatient, *kinds: str) -> list[Span]:
    return [(piece.start, piece.end) for piece in patient.strip.pieces if piece.kind in kinds]
