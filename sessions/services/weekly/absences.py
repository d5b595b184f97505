"""Say how an absence counts. Rows are added, the newest stands, and no decision ever adds a minute."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from sessions.models import (
    AbsenceDecision,
    AbsenceKind,
    AbsenceReason,
    AttendanceRecord,
    GroupSession,
    SessionState,
)
from sessions.policies.absences import can_decide_absence
from sessions.rules.crediting.status import Status
from telehealth.accounts.models import User
from telehealth.audit import services as audit
from telehealth.audit.actions import AuditAction
from telehealth.core.errors import Conflict, DomainError
from telehealth.core.locking import lock

UNEXCUSED_ONLY = frozenset({AbsenceReason.LATE_CANCEL, AbsenceReason.NO_CONTACT})
"""Reasons by which no absence is excused (domain.md 1.1)."""
MAX_NOTE = 2000


def decide_absence(
    *,
    actor: User,
    group_session_id: UUID,
    patient_id: UUID,
    kind: AbsenceKind,
    reason: AbsenceReason,
    at: datetime,
    note: str = "",
    noticed_at: datetime | None = None,
) -> AbsenceDecision:
    """Excuse a no-show or leave it unexcused, with the reason and when the patient gave notice."""
    with transaction.atomic():
        group_session = lock(GroupSession.objects.select_related("program"), group_session_id)
        can_decide_absence(actor, group_session.program, at=at).require()
        _require_absence(group_session, patient_id)
        note = note.strip()[:MAX_NOTE]
        _require_sense(kind, reason, note, noticed_at, at)
        decision = AbsenceDecision.objects.create(
            group_session=group_session,
            patient_id=patient_id,
            kind=kind,
            reason=reason,
            note=note,
            noticed_at=noticed_at,
            decided_by=actor,
            decided_at=at,
        )
        # The note is free text and stays in the row.
        audit.record(
            AuditAction.ABSENCE_DECIDED,
            actor=actor,
            subject=group_session,
            at=at,
            data={"patient": str(patient_id), "kind": kind.value, "reason": reason.value},
        )
    return decision


def _require_absence(group_session: GroupSession, patient_id: UUID) -> None:
    rows = AttendanceRecord.objects.filter(group_session=group_session, patient=patient_id)
    record = rows.first() if group_session.state == SessionState.ENDED else None
    if record is None or record.status != Status.NO_SHOW or record.decided_min:
        raise Conflict("not_absent", "This patient did not miss this session, so there is nothing to decide.")


def _require_sense(
    kind: AbsenceKind, reason: AbsenceReason, note: str, noticed_at: datetime | None, at: datetime
) -> None:
    if kind is AbsenceKind.EXCUSED and reason in UNEXCUSED_ONLY:
        raise DomainError(
            "reason_excuses_nothing",
            f"“{reason.label}” does not excuse an absence. Choose another reason, or leave it unexcused.",
        )
    if reason is AbsenceReason.OTHER and not note:
        raise DomainError("note_missing", "Say in the note what the reason was.")
    if noticed_at is not None and noticed_at > at:
        raise DomainError("notice_in_future", "The notice cannot have come later than now.")
    if (reason is AbsenceReason.NO_CONTACT) and noticed_at is not None:
        raise DomainError("notice_without_contact", "Leave the time of notice empty if there was no contact.")
    if reason is AbsenceReason.LATE_CANCEL and noticed_at is None:
        raise DomainError("notice_missing", "Say when the patient cancelled.")
