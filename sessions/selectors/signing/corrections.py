"""Corrections as people read them: the history of one row, and the queue of those who approve."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from sessions.models import (
    AttendanceRecord,
    Correction,
    CorrectionDecision,
    CorrectionOutcome,
    CorrectionReason,
)
from sessions.policies import can_decide_correction
from sessions.rules.signing.settling import Bounds
from sessions.selectors.homes.strips import Strip, strips_of
from sessions.selectors.signing.bounds import bounds_of
from telehealth.accounts.models import User
from telehealth.accounts.roles import Role
from telehealth.core.decision import Decision
from telehealth.core.errors import NotFound
from telehealth.programs.selectors import program_ids_of
from telehealth.programs.supervision import supervised_program_ids

EVIDENCE_NEEDED = frozenset({CorrectionReason.PLATFORM_OUTAGE, CorrectionReason.PHONE_BRIDGE})
"""Reasons that rest on something outside the facts, which has to be named."""

SHOWN = 100
"""How many decided corrections the queue lists; reports hold all of them."""


@dataclass(frozen=True, slots=True)
class CorrectionRow:
    """One correction with what became of it. `outcome` is None while it waits.

    Names and free text are for staff; the patient's page shows roles, reason and narrative only.
    """

    id: UUID
    group_session_id: UUID
    patient_id: UUID
    old_min: int
    new_min: int
    reason: str
    reason_words: str
    narrative: str
    evidence: str
    is_late_entry: bool
    needs_second_person: bool
    requested_by_id: UUID
    requested_by: str
    requested_by_role: str
    requested_at: datetime
    outcome: CorrectionOutcome | None
    outcome_words: str
    note: str
    decided_by: str
    decided_by_role: str
    decided_at: datetime | None

    @property
    def is_pending(self) -> bool:
        """Say whether it waits for a decision."""
        return self.outcome is None

    @property
    def is_in_force(self) -> bool:
        """Say whether it was approved; a later one may have taken its place."""
        return self.outcome is CorrectionOutcome.APPROVED

    @property
    def is_signed_alone(self) -> bool:
        """Say whether one person decided it, within what one person may."""
        return self.is_in_force and not self.needs_second_person

    @property
    def change(self) -> str:
        """Write the difference with its sign."""
        return f"{self.new_min - self.old_min:+d}"


@dataclass(frozen=True, slots=True)
class QueuedCorrection:
    """One line of the queue: the correction, its session and patient, and whether the reader may decide."""

    row: CorrectionRow
    title: str
    began_at: datetime
    program_zone: str
    patient_name: str
    record_number: str
    may_decide: Decision

    @property
    def is_signed(self) -> bool:
        """Say whether approving it takes a signature: our own failure is credited on somebody's word."""
        return self.row.reason == CorrectionReason.PLATFORM_OUTAGE


@dataclass(frozen=True, slots=True)
class CorrectionPage:
    """One correction to decide about, with what was observed and how far it may go."""

    queued: QueuedCorrection
    strip: Strip
    bounds: Bounds


@dataclass(frozen=True, slots=True)
class CorrectionQueue:
    """What waits for a decision, or what was decided, of the programs the reader decides for."""

    is_pending: bool
    corrections: tuple[QueuedCorrection, ...]
    waiting: int


def agreed_min(record: AttendanceRecord) -> int:
    """Give the minutes that two people agreed on last, or else those that were computed; one query."""
    rows = CorrectionDecision.objects.filter(
        correction__group_session=record.group_session_id,
        correction__patient=record.patient_id,
        correction__needs_second_person=True,
        outcome=CorrectionOutcome.APPROVED,
    )
    newest = rows.order_by("-pk").values_list("correction__new_min", flat=True).first()
    return record.credited_min if newest is None else newest


def corrections_of(
    group_session_ids: Iterable[UUID], patient_id: UUID | None = None
) -> dict[tuple[UUID, UUID], tuple[CorrectionRow, ...]]:
    """Give all corrections of some sessions by (session, patient), oldest first; one query."""
    rows = _joined().filter(group_session__in=list(group_session_ids))
    if patient_id is not None:
        rows = rows.filter(patient=patient_id)
    found: defaultdict[tuple[UUID, UUID], list[CorrectionRow]] = defaultdict(list)
    for row in rows.order_by("requested_at", "pk"):
        found[row.group_session_id, row.patient_id].append(correction_row(row))
    return {key: tuple(each) for key, each in found.items()}


def correction_queue(user: User, at: datetime, *, pending: bool = True) -> CorrectionQueue:
    """List what the reader's programs ask of those who approve; pages for others do not exist."""
    rows = _joined().filter(group_session__program__in=_programs(user, at))
    waiting = rows.filter(decision__isnull=True)
    if pending:
        shown = list(waiting.order_by("requested_at", "pk"))
    else:
        shown = list(rows.filter(decision__isnull=False).order_by("-decision__decided_at", "pk")[:SHOWN])
    return CorrectionQueue(
        is_pending=pending,
        corrections=tuple(_queued(row, user, at) for row in shown),
        waiting=len(shown) if pending else waiting.count(),
    )


def get_correction_for(user: User, pk: UUID, at: datetime) -> CorrectionPage:
    """Give one correction of the programs the reader decides for."""
    row = _joined().filter(pk=pk, group_session__program__in=_programs(user, at)).first()
    if row is None:
        raise NotFound("correction_not_found", "There is no such correction in your programs.")
    record = (
        AttendanceRecord.objects.filter(group_session=row.group_session_id, patient=row.patient_id)
        .select_related("group_session")
        .get()
    )
    strips = strips_of(row.group_session, zone=user.time_zone)
    return CorrectionPage(_queued(row, user, at), strips[row.patient_id], bounds_of(record))


def correction_row(row: Correction) -> CorrectionRow:
    """Make the line of a correction whose people and decision are joined."""
    decision: CorrectionDecision | None = getattr(row, "decision", None)
    outcome = None if decision is None else CorrectionOutcome(decision.outcome)
    return CorrectionRow(
        id=row.pk,
        group_session_id=row.group_session_id,
        patient_id=row.patient_id,
        old_min=row.old_min,
        new_min=row.new_min,
        reason=row.reason,
        reason_words=CorrectionReason(row.reason).label,
        narrative=row.narrative,
        evidence=row.evidence,
        is_late_entry=row.is_late_entry,
        needs_second_person=row.needs_second_person,
        requested_by_id=row.requested_by_id,
        requested_by=row.requested_by.full_name,
        requested_by_role=row.requested_by.role_enum.label,
        requested_at=row.requested_at,
        outcome=outcome,
        outcome_words="Waits for a decision" if outcome is None else str(outcome.label),
        note="" if decision is None else decision.note,
        decided_by="" if decision is None else decision.decided_by.full_name,
        decided_by_role="" if decision is None else decision.decided_by.role_enum.label,
        decided_at=None if decision is None else decision.decided_at,
    )


def _joined() -> QuerySet[Correction]:
    return Correction.objects.select_related(
        "group_session__program", "patient__user", "requested_by", "decision__decided_by"
    )


def _programs(user: User, at: datetime) -> frozenset[UUID]:
    if user.role_enum is Role.PROGRAM_ADMIN and user.is_active:
        return program_ids_of(user, at)
    programs = supervised_program_ids(user, at)
    if not programs:
        raise NotFound
    return programs


def _queued(row: Correction, user: User, at: datetime) -> QueuedCorrection:
    group_session = row.group_session
    return QueuedCorrection(
        row=correction_row(row),
        title=group_session.title,
        began_at=group_session.opened_at or group_session.scheduled_start,
        program_zone=group_session.program.time_zone,
        patient_name=row.patient.user.full_name,
        record_number=row.patient.record_number,
        may_decide=can_decide_correction(user, row, at=at),
    )
