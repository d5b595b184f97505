"""Patients' objections and the answers to them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from sessions.models import Dispute, DisputeAnswer, DisputeOutcome, GroupSession, Participation, RoomRole
from sessions.policies import can_answer_dispute
from sessions.selectors.signing.corrections import CorrectionRow, corrections_of
from sessions.selectors.signing.roster import leaders_of
from telehealth.accounts.models import User
from telehealth.accounts.roles import Role
from telehealth.core.decision import Decision
from telehealth.core.errors import NotFound
from telehealth.programs.selectors import program_ids_of
from telehealth.programs.supervision import supervised_program_ids

SHOWN = 100
"""How many answered objections the list shows."""


@dataclass(frozen=True, slots=True)
class DisputeRow:
    """One objection with its answer. `outcome` is None while nobody has answered."""

    id: UUID
    group_session_id: UUID
    patient_id: UUID
    credited_min: int
    text: str
    raised_at: datetime
    outcome: DisputeOutcome | None
    outcome_words: str
    answer: str
    answered_by: str
    answered_by_role: str
    answered_at: datetime | None

    @property
    def is_open(self) -> bool:
        """Say whether it waits for an answer."""
        return self.outcome is None


@dataclass(frozen=True, slots=True)
class ListedDispute:
    """One objection for staff: whose it is and about which session."""

    row: DisputeRow
    title: str
    began_at: datetime
    program_zone: str
    patient_name: str
    record_number: str
    facilitator_name: str


@dataclass(frozen=True, slots=True)
class DisputePage:
    """One objection to answer. `corrections` were approved since it was raised and may answer it."""

    listed: ListedDispute
    may_answer: Decision
    corrections: tuple[CorrectionRow, ...]


def disputes_of(
    group_session_ids: Iterable[UUID], patient_id: UUID | None = None
) -> dict[tuple[UUID, UUID], tuple[DisputeRow, ...]]:
    """Give the objections in some sessions by (session, patient), oldest first; one query."""
    rows = _joined().filter(group_session__in=list(group_session_ids))
    if patient_id is not None:
        rows = rows.filter(patient=patient_id)
    found: defaultdict[tuple[UUID, UUID], list[DisputeRow]] = defaultdict(list)
    for row in rows.order_by("raised_at", "pk"):
        found[row.group_session_id, row.patient_id].append(_row(row))
    return {key: tuple(each) for key, each in found.items()}


def dispute_list(user: User, at: datetime, *, is_open: bool = True) -> tuple[ListedDispute, ...]:
    """List the objections the reader may answer: the longest waiting first, or the newest answers first."""
    rows = _visible(user, at)
    if is_open:
        shown = list(rows.filter(answer__isnull=True).order_by("raised_at", "pk"))
    else:
        shown = list(rows.filter(answer__isnull=False).order_by("-answer__answered_at", "pk")[:SHOWN])
    return tuple(_listed(row) for row in shown)


def get_dispute_for(user: User, pk: UUID, at: datetime) -> DisputePage:
    """Give one objection that the reader may answer."""
    row = _visible(user, at).filter(pk=pk).first()
    if row is None:
        raise NotFound("dispute_not_found", "There is no such objection among yours.")
    group_session = row.group_session
    made = corrections_of([group_session.pk], row.patient_id).get((group_session.pk, row.patient_id), ())
    return DisputePage(
        listed=_listed(row),
        may_answer=can_answer_dispute(user, group_session, leaders=leaders_of(group_session.pk), at=at),
        corrections=tuple(
            one for one in made if one.is_in_force and one.decided_at and one.decided_at >= row.raised_at
        ),
    )


def open_disputes(user: User, at: datetime) -> int:
    """Count the objections that wait for an answer of the reader's; nobody else's business is counted."""
    return _visible(user, at).filter(answer__isnull=True).count()


def _visible(user: User, at: datetime) -> QuerySet[Dispute]:
    """Keep what administrators and supervisors see of their programs, and clinicians of their sessions."""
    programs = program_ids_of(user, at)
    rows = _joined().filter(group_session__program__in=programs)
    if not user.is_active or user.role_enum not in (Role.THERAPIST, Role.PROGRAM_ADMIN):
        raise NotFound
    if user.role_enum is Role.PROGRAM_ADMIN:
        return rows
    led = Participation.objects.filter(
        group_session=OuterRef("group_session"),
        user=user,
        role=RoomRole.FACILITATOR,
        admitted_at__isnull=False,
    )
    return rows.filter(
        Q(group_session__program__in=supervised_program_ids(user, at))
        | Q(group_session__facilitator=user)
        | Exists(led)
    )


def _joined() -> QuerySet[Dispute]:
    return Dispute.objects.select_related(
        "group_session__program",
        "group_session__facilitator",
        "patient__user",
        "answer__answered_by",
    )


def _row(row: Dispute) -> DisputeRow:
    answer: DisputeAnswer | None = getattr(row, "answer", None)
    outcome = None if answer is None else DisputeOutcome(answer.outcome)
    return DisputeRow(
        id=row.pk,
        group_session_id=row.group_session_id,
        patient_id=row.patient_id,
        credited_min=row.credited_min,
        text=row.text,
        raised_at=row.raised_at,
        outcome=outcome,
        outcome_words="Waits for an answer" if outcome is None else str(outcome.label),
        answer="" if answer is None else answer.text,
        answered_by="" if answer is None else answer.answered_by.full_name,
        answered_by_role="" if answer is None else answer.answered_by.role_enum.label,
        answered_at=None if answer is None else answer.answered_at,
    )


def _listed(row: Dispute) -> ListedDispute:
    group_session: GroupSession = row.group_session
    return ListedDispute(
        row=_row(row),
        title=group_session.title,
        began_at=group_session.opened_at or group_session.scheduled_start,
        program_zone=group_session.program.time_zone,
        patient_name=row.patient.user.full_name,
        record_number=row.patient.record_number,
        facilitator_name=group_session.facilitator.full_name,
    )
