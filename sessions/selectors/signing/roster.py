"""The roster of a session as it is signed: its rows, its hash, and what the last signature still covers."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime
from uuid import UUID

from sessions.models import (
    AttendanceRecord,
    Correction,
    CorrectionDecision,
    CorrectionOutcome,
    GroupSession,
    Participation,
    RoomRole,
    RosterState,
    SignOff,
)
from telehealth.core import hashchain

Document = dict[str, object]

STATEMENT = "I led this session; the roster and times are correct."
"""What a clinician signs, word for word (domain.md 3.6)."""


def leaders_of(group_session_id: UUID) -> frozenset[UUID]:
    """Give the clinicians who were in the session's room; one query."""
    rows = Participation.objects.filter(
        group_session=group_session_id, role=RoomRole.FACILITATOR, admitted_at__isnull=False
    )
    return frozenset(rows.values_list("user_id", flat=True))


def roster_document(group_session: GroupSession) -> Document:
    """Give what a signature covers: each patient's times and minutes as they stand now; two queries."""
    records = AttendanceRecord.objects.filter(group_session=group_session)
    rows = sorted(records, key=lambda row: str(row.patient_id))
    in_force = corrections_in_force(group_session.pk)
    return {
        "version": 1,
        "group_session": str(group_session.pk),
        "facilitator": str(group_session.facilitator_id),
        "opened_at": _text(group_session.opened_at),
        "ended_at": _text(group_session.ended_at),
        "rows": [_row(row, in_force.get(row.patient_id)) for row in rows],
    }


def roster_hash(document: object) -> str:
    """Give the SHA-256 of the one spelling of a roster document."""
    if not isinstance(document, dict):
        raise TypeError("a roster is a JSON object")
    return hashlib.sha256(hashchain.canonical(document)).hexdigest()


def last_sign_off(group_session_id: UUID) -> SignOff | None:
    """Give the newest signature under a session."""
    rows = SignOff.objects.filter(group_session=group_session_id).select_related("signed_by")
    return rows.order_by("-number").first()


def is_signed(group_session: GroupSession) -> bool:
    """Say whether a signature is in force; an amended roster has one while it is locked again."""
    state = group_session.roster_state_enum
    return state in (RosterState.ATTESTED, RosterState.LOCKED) or (
        state is RosterState.AMENDED and group_session.locked_at is not None
    )


def is_covered(group_session: GroupSession) -> bool:
    """Say whether the newest signature is over the very rows that stand now."""
    newest = last_sign_off(group_session.pk)
    return newest is not None and newest.roster_hash == roster_hash(roster_document(group_session))


def corrections_in_force(group_session_id: UUID) -> dict[UUID, Correction]:
    """Give each patient's correction that took effect last, by patient; one query."""
    rows = CorrectionDecision.objects.filter(
        correction__group_session=group_session_id, outcome=CorrectionOutcome.APPROVED
    )
    found = rows.order_by("pk").select_related("correction")
    return {row.correction.patient_id: row.correction for row in found}


def pending_corrections(group_session_ids: Iterable[UUID]) -> list[Correction]:
    """Give the requests that nobody has decided about yet; one query."""
    rows = Correction.objects.filter(group_session__in=list(group_session_ids), decision__isnull=True)
    return list(rows.select_related("requested_by").order_by("requested_at", "pk"))


def _row(record: AttendanceRecord, correction: Correction | None) -> dict[str, object]:
    return {
        "patient": str(record.patient_id),
        "service_date": record.service_date.isoformat(),
        "status": record.status,
        "flags": list(record.flags),
        "computed_min": record.credited_min,
        "credited_min": record.decided_min,
        "billable_min": record.decided_billable_min,
        "hours_min": record.decided_hours_min,
        "correction": None if correction is None else str(correction.pk),
        "timeline": list(record.timeline),
    }


def _text(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat()
