"""What people decided about a session: signatures, absences; and what of it an auditor may read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sessions.models import AbsenceDecision, AbsenceKind, AbsenceReason, GroupSession, SignerCapacity, SignOff
from sessions.selectors.signing.corrections import CorrectionRow
from sessions.selectors.signing.disputes import DisputeRow
from sessions.selectors.signing.roster import roster_document, roster_hash
from telehealth.accounts.models import User
from telehealth.accounts.roles import Role


@dataclass(frozen=True, slots=True)
class SignatureRow:
    """One signature under a roster.

    `is_whole` says that the signed rows still have the hash that was signed, `covers_now` that they are the
    rows that stand now.
    """

    number: int
    signed_by: str
    capacity: str
    credential: str
    statement: str
    signed_at: datetime
    authenticated_at: datetime
    authentication_method: str
    roster_hash: str
    chain_head: str
    is_whole: bool
    covers_now: bool


@dataclass(frozen=True, slots=True)
class AbsenceRow:
    """The decision that stands about one absence. `note` is empty for those who may not read it."""

    kind: AbsenceKind
    words: str
    reason: str
    reason_words: str
    noticed_at: datetime | None
    note: str
    decided_by: str
    decided_at: datetime


def may_read_words(user: User) -> bool:
    """Say whether the account reads what people wrote in their own words. Auditors do not (domain.md 6.2)."""
    return user.role_enum is not Role.AUDITOR


def correction_for(user: User, row: CorrectionRow) -> CorrectionRow:
    """Give a correction as the account may read it."""
    return row if may_read_words(user) else replace(row, narrative="", evidence="", note="")


def dispute_for(user: User, row: DisputeRow) -> DisputeRow:
    """Give an objection as the account may read it."""
    return row if may_read_words(user) else replace(row, text="", answer="")


def signatures_of(group_session: GroupSession) -> tuple[SignatureRow, ...]:
    """Give the signatures under a session, the first one first; three queries."""
    rows = list(
        SignOff.objects.filter(group_session=group_session).select_related("signed_by").order_by("number")
    )
    if not rows:
        return ()
    now = roster_hash(roster_document(group_session))
    return tuple(
        SignatureRow(
            number=row.number,
            signed_by=row.signed_by.full_name,
            capacity=SignerCapacity(row.capacity).label,
            credential=row.credential,
            statement=row.statement,
            signed_at=row.signed_at,
            authenticated_at=row.authenticated_at,
            authentication_method=row.authentication_method,
            roster_hash=row.roster_hash,
            chain_head=row.chain_head,
            is_whole=roster_hash(row.roster) == row.roster_hash,
            covers_now=row.roster_hash == now,
        )
        for row in rows
    )


def absences_of(
    user: User, group_session_ids: Iterable[UUID], patient_id: UUID | None = None
) -> dict[tuple[UUID, UUID], AbsenceRow]:
    """Give the newest decision about each absence by (session, patient), as the account may read it."""
    rows = AbsenceDecision.objects.filter(group_session__in=list(group_session_ids))
    if patient_id is not None:
        rows = rows.filter(patient=patient_id)
    reads = may_read_words(user)
    return {
        (row.group_session_id, row.patient_id): AbsenceRow(
            kind=AbsenceKind(row.kind),
            words=AbsenceKind(row.kind).label,
            reason=row.reason,
            reason_words=AbsenceReason(row.reason).label,
            noticed_at=row.noticed_at,
            note=row.note if reads else "",
            decided_by=row.decided_by.full_name,
            decided_at=row.decided_at,
        )
        for row in rows.select_related("decided_by").order_by("decided_at", "pk")
    }
