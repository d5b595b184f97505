"""Correct credited minutes: ask, approve, refuse, take back. Facts stay as they are; rows are appended."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from sessions import events
from sessions.models import (
    AttendanceRecord,
    Correction,
    CorrectionDecision,
    CorrectionOutcome,
    CorrectionReason,
    GroupSession,
    RosterState,
    SessionState,
)
from sessions.policies import (
    can_attest,
    can_decide_correction,
    can_request_correction,
    can_withdraw_correction,
)
from sessions.rules.conditions.service_types import COUNTING_TYPES
from sessions.rules.signing.roster_states import RosterStep
from sessions.rules.signing.settling import is_late_entry, needs_second_person
from sessions.selectors.signing.bounds import bounds_of
from sessions.selectors.signing.corrections import EVIDENCE_NEEDED, agreed_min
from sessions.selectors.signing.roster import corrections_in_force, leaders_of
from sessions.services.signing.signoff import require_proof, step_roster
from telehealth.accounts.models import User
from telehealth.accounts.proofs import Proof
from telehealth.audit import services as audit
from telehealth.audit.actions import AuditAction
from telehealth.core.errors import Conflict, NotFound, NotReady
from telehealth.core.locking import lock


def request_correction(
    *,
    actor: User,
    group_session_id: UUID,
    patient_id: UUID,
    new_min: int,
    reason: CorrectionReason,
    narrative: str,
    evidence: str = "",
    proof: Proof | None = None,
    at: datetime,
) -> Correction:
    """Ask for other minutes than those that stand; what one person may change alone takes effect at once.

    Crediting time of an outage is signed: `proof` was given for this very act.
    """
    with transaction.atomic():
        group_session = lock(GroupSession.objects.with_people(), group_session_id)
        leaders = leaders_of(group_session_id)
        can_request_correction(actor, group_session, leaders=leaders, reason=reason, at=at).require()
        record = _settled_record(group_session, patient_id)
        _require_words(reason, narrative, evidence)
        _require_possible(record, new_min)
        if Correction.objects.filter(
            group_session=group_session, patient=patient_id, decision__isnull=True
        ).exists():
            raise Conflict(
                "correction_pending", "A correction of these minutes waits for a decision already."
            )
        if reason is CorrectionReason.PLATFORM_OUTAGE:
            proof = require_proof(proof, at)
        ended_at = group_session.ended_at or at
        correction = Correction.objects.create(
            group_session=group_session,
            patient_id=patient_id,
            old_min=record.decided_min,
            new_min=new_min,
            reason=reason,
            narrative=narrative.strip(),
            evidence=evidence.strip(),
            is_late_entry=is_late_entry(ended_at, at),
            needs_second_person=needs_second_person(
                new_min=new_min,
                base_min=agreed_min(record),
                by_clinician=bool(can_attest(actor, group_session, leaders=leaders, at=at)),
            ),
            requested_by=actor,
            requested_at=at,
        )
        _record(AuditAction.CORRECTION_REQUESTED, actor, correction, proof, at)
        if not correction.needs_second_person:
            _decide(actor, correction, CorrectionOutcome.APPROVED, "", at)
            _take_effect(actor, group_session, record, correction, proof, at)
    return correction


def approve_correction(
    *, actor: User, correction_id: UUID, note: str = "", proof: Proof | None = None, at: datetime
) -> CorrectionDecision:
    """Put a request of somebody else in force. An outage is signed by the second person, too."""
    with transaction.atomic():
        group_session, correction = _take(correction_id)
        can_decide_correction(actor, correction, at=at).require()
        record = _settled_record(group_session, correction.patient_id)
        if record.decided_min != correction.old_min:
            raise Conflict(
                "minutes_moved_on",
                "The minutes have changed since this was asked for, so the request no longer fits.",
                "Refuse it, and have it asked for again.",
            )
        _require_possible(record, correction.new_min)
        if correction.reason == CorrectionReason.PLATFORM_OUTAGE:
            proof = require_proof(proof, at)
        decision = _decide(actor, correction, CorrectionOutcome.APPROVED, note, at)
        _take_effect(actor, group_session, record, correction, proof, at)
    return decision


def refuse_correction(*, actor: User, correction_id: UUID, note: str, at: datetime) -> CorrectionDecision:
    """Turn a request of somebody else down, saying why."""
    with transaction.atomic():
        _, correction = _take(correction_id)
        can_decide_correction(actor, correction, at=at).require()
        if not note.strip():
            raise Conflict("note_missing", "Say why you refuse: the person who asked reads it.")
        decision = _decide(actor, correction, CorrectionOutcome.REFUSED, note, at)
        _record(AuditAction.CORRECTION_REFUSED, actor, correction, None, at)
    return decision


def withdraw_correction(*, actor: User, correction_id: UUID, at: datetime) -> CorrectionDecision:
    """Take one's own request back while nobody has decided about it."""
    with transaction.atomic():
        _, correction = _take(correction_id)
        can_withdraw_correction(actor, correction, at=at).require()
        decision = _decide(actor, correction, CorrectionOutcome.WITHDRAWN, "", at)
        _record(AuditAction.CORRECTION_WITHDRAWN, actor, correction, None, at)
    return decision


def lay_over(record: AttendanceRecord) -> None:
    """Derive what stands for a record from the correction that took effect last, and write it down.

    The computed minutes are not touched; without a correction in force they stand. The session is joined.
    """
    correction = corrections_in_force(record.group_session_id).get(record.patient_id)
    counts = record.group_session.service_type in COUNTING_TYPES
    record.adjusted_min = None if correction is None else correction.new_min
    record.adjusted_hours_min = None if correction is None else correction.new_min if counts else 0
    record.save(update_fields=["adjusted_min", "adjusted_hours_min"])


def _take(correction_id: UUID) -> tuple[GroupSession, Correction]:
    """Hold the session of a request that is still open; all writers of one roster queue up there."""
    rows = Correction.objects.filter(pk=correction_id)
    pk = rows.values_list("group_session_id", flat=True).first()
    if pk is None:
        raise NotFound("correction_not_found", "There is no such correction.")
    group_session = lock(GroupSession.objects.with_people(), pk)
    correction = rows.select_related("group_session__program").get()
    if CorrectionDecision.objects.filter(correction=correction).exists():
        raise Conflict("correction_decided", "Somebody has decided about this correction already.")
    return group_session, correction


def _settled_record(group_session: GroupSession, patient_id: UUID) -> AttendanceRecord:
    if group_session.state == SessionState.CANCELLED:
        raise Conflict("cancelled", "A session that was cancelled credits nobody, so nothing is corrected.")
    record = (
        AttendanceRecord.objects.filter(group_session=group_session, patient=patient_id)
        .select_related("group_session")
        .first()
    )
    if record is None:
        raise NotFound("attendance_not_found", "There is no attendance of this patient in this session.")
    if group_session.state != SessionState.ENDED or not record.is_final:
        raise NotReady("not_final", "The minutes are not final yet. Correct them when they are.")
    return record


def _require_words(reason: CorrectionReason, narrative: str, evidence: str) -> None:
    if not narrative.strip():
        raise Conflict("narrative_missing", "Say what happened: the patient reads it, too.")
    if reason in EVIDENCE_NEEDED and not evidence.strip():
        raise Conflict(
            "evidence_missing", "Say what this rests on: a call log, a note, the number of a ticket."
        )


def _require_possible(record: AttendanceRecord, new_min: int) -> None:
    if new_min < 0 or new_min == record.decided_min:
        raise Conflict("nothing_to_correct", f"{record.decided_min} minutes stand already.")
    limits = bounds_of(record)
    if new_min > limits.countable_min:
        raise Conflict(
            "above_countable",
            f"The session had {limits.countable_min} countable minutes, so nobody can be credited with more.",
        )
    if new_min > record.decided_min and new_min > limits.free_min:
        raise Conflict(
            "credited_elsewhere",
            "Another session credits this patient for some of this time: "
            f"{limits.free_min} minutes at most are free.",
        )


def _decide(
    actor: User, correction: Correction, outcome: CorrectionOutcome, note: str, at: datetime
) -> CorrectionDecision:
    return CorrectionDecision.objects.create(
        correction=correction, outcome=outcome, note=note.strip(), decided_by=actor, decided_at=at
    )


def _take_effect(
    actor: User,
    group_session: GroupSession,
    record: AttendanceRecord,
    correction: Correction,
    proof: Proof | None,
    at: datetime,
) -> None:
    lay_over(record)
    was = RosterState(group_session.roster_state)
    step_roster(group_session, RosterStep.CHANGE, at)
    _record(AuditAction.CORRECTION_APPROVED, actor, correction, proof, at)
    if was in (RosterState.LOCKED, RosterState.AMENDED):
        audit.record(
            AuditAction.ROSTER_AMENDED,
            actor=actor,
            subject=group_session,
            at=at,
            data={"because": "correction", "correction": str(correction.pk)},
        )
    events.attendance_changed.send_on_commit(group_session_id=group_session.pk)


def _record(
    action: AuditAction, actor: User, correction: Correction, proof: Proof | None, at: datetime
) -> None:
    data: dict[str, object] = {
        "group_session": str(correction.group_session_id),
        "patient": str(correction.patient_id),
        "old_min": correction.old_min,
        "new_min": correction.new_min,
        "reason": str(correction.reason),
        "late_entry": correction.is_late_entry,
        "two_persons": correction.needs_second_person,
    }
    if proof is not None:
        data |= {"authenticated_at": proof.at.isoformat(), "method": proof.method}
    audit.record(action, actor=actor, subject=correction, at=at, data=data)
