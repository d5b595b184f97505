"""A patient objects to what was credited, and the program answers. Neither is ever changed or deleted."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from sessions.models import (
    AttendanceRecord,
    Correction,
    CorrectionDecision,
    CorrectionOutcome,
    Dispute,
    DisputeAnswer,
    DisputeOutcome,
    GroupSession,
)
from sessions.policies import can_answer_dispute, can_dispute
from sessions.rules.signing.settling import dispute_until
from sessions.selectors.signing.roster import leaders_of
from telehealth.accounts.models import User
from telehealth.audit import services as audit
from telehealth.audit.actions import AuditAction
from telehealth.core.errors import Conflict, NotFound, NotReady
from telehealth.core.locking import lock
from telehealth.enrollment.selectors import patient_of


def raise_dispute(*, actor: User, group_session_id: UUID, text: str, at: datetime) -> Dispute:
    """Object to one's own minutes, within a week of the session's end or of the last correction of them."""
    with transaction.atomic():
        group_session = lock(GroupSession, group_session_id)
        patient = patient_of(actor)
        can_dispute(actor, patient).require()
        record = AttendanceRecord.objects.filter(group_session=group_session, patient=patient).first()
        if record is None or patient is None:
            raise NotFound("attendance_not_found", "There is no attendance of yours in this session.")
        if group_session.ended_at is None or not record.is_final:
            raise NotReady("not_final", "Your minutes are not final yet. You can object when they are.")
        if at > dispute_until(group_session.ended_at, corrected_at(record)):
            raise Conflict(
                "dispute_too_late",
                "The week in which you could object here is over. Call your program to talk about it.",
            )
        if not text.strip():
            raise Conflict("text_missing", "Say what is not right, in your own words.")
        if Dispute.objects.filter(group_session=group_session, patient=patient, answer__isnull=True).exists():
            raise Conflict("dispute_open", "Your program has not answered your last objection yet.")
        dispute = Dispute.objects.create(
            group_session=group_session,
            patient=patient,
            credited_min=record.decided_min,
            text=text.strip(),
            raised_by=actor,
            raised_at=at,
        )
        audit.record(
            AuditAction.DISPUTE_RAISED,
            actor=actor,
            subject=dispute,
            at=at,
            data={
                "group_session": str(group_session.pk),
                "patient": str(patient.pk),
                "credited_min": dispute.credited_min,
            },
        )
    return dispute


def answer_dispute(
    *,
    actor: User,
    dispute_id: UUID,
    outcome: DisputeOutcome,
    text: str,
    correction_id: UUID | None = None,
    at: datetime,
) -> DisputeAnswer:
    """Answer a patient: corrected, naming a correction made since they objected, or upheld, saying why."""
    with transaction.atomic():
        dispute = Dispute.objects.filter(pk=dispute_id).first()
        if dispute is None:
            raise NotFound("dispute_not_found", "There is no such objection.")
        group_session = lock(GroupSession.objects.with_people(), dispute.group_session_id)
        can_answer_dispute(actor, group_session, leaders=leaders_of(group_session.pk), at=at).require()
        if DisputeAnswer.objects.filter(dispute=dispute).exists():
            raise Conflict("dispute_answered", "Somebody has answered this objection already.")
        if not text.strip():
            raise Conflict("text_missing", "Write an answer: the patient reads it.")
        correction = None
        if outcome is DisputeOutcome.CORRECTED:
            correction = _correction_since(dispute, correction_id)
        answer = DisputeAnswer.objects.create(
            dispute=dispute,
            outcome=outcome,
            text=text.strip(),
            correction=correction,
            answered_by=actor,
            answered_at=at,
        )
        audit.record(
            AuditAction.DISPUTE_ANSWERED,
            actor=actor,
            subject=dispute,
            at=at,
            data={
                "group_session": str(group_session.pk),
                "patient": str(dispute.patient_id),
                "outcome": str(outcome),
                "correction": None if correction is None else str(correction.pk),
            },
        )
    return answer


def corrected_at(record: AttendanceRecord) -> datetime | None:
    """Give when the last correction of a row took effect; one query."""
    rows = CorrectionDecision.objects.filter(
        correction__group_session=record.group_session_id,
        correction__patient=record.patient_id,
        outcome=CorrectionOutcome.APPROVED,
    )
    return rows.order_by("-pk").values_list("decided_at", flat=True).first()


def _correction_since(dispute: Dispute, correction_id: UUID | None) -> Correction:
    rows = Correction.objects.none() if correction_id is None else Correction.objects.filter(pk=correction_id)
    found = rows.filter(
        group_session=dispute.group_session_id,
        patient=dispute.patient_id,
        decision__outcome=CorrectionOutcome.APPROVED,
        decision__decided_at__gte=dispute.raised_at,
    ).first()
    if found is None:
        raise Conflict(
            "correction_missing",
            "Choose the correction that answers the objection: one approved since the patient objected.",
            "Correct the minutes first, or uphold them.",
        )
    return found
