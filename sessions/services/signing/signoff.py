"""Sign rosters, and lock what was signed once its week is over or a report has left the house."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from sessions.models import AttendanceRecord, GroupSession, RosterState, SessionState, SignerCapacity, SignOff
from sessions.policies import can_attest
from sessions.rules.signing import roster_states
from sessions.rules.signing.roster_states import RosterStep, next_roster_state
from sessions.selectors.ledger.facts import chain_head
from sessions.selectors.signing.roster import (
    STATEMENT,
    is_covered,
    is_signed,
    leaders_of,
    pending_corrections,
    roster_document,
    roster_hash,
)
from sessions.selectors.weekly.weeks import week_holding
from telehealth.accounts.models import User
from telehealth.accounts.proofs import Proof
from telehealth.audit import services as audit
from telehealth.audit.actions import AuditAction
from telehealth.core.errors import Conflict, NotReady
from telehealth.core.locking import lock


class LockReason(StrEnum):
    """Why a roster is locked."""

    WEEK_CLOSED = "week_closed"
    EXPORTED = "exported"


def sign_off(
    *,
    actor: User,
    group_session_id: UUID,
    shown_hash: str,
    credential: str,
    proof: Proof | None,
    at: datetime,
) -> SignOff:
    """Attest the roster whose hash the clinician was shown.

    `proof` was given for this very act. Rows that changed since they were shown are refused, whatever the
    reason.
    """
    with transaction.atomic():
        group_session = lock(GroupSession.objects.with_people(), group_session_id)
        can_attest(actor, group_session, leaders=leaders_of(group_session_id), at=at).require()
        proof = require_proof(proof, at)
        _require_signable(group_session)
        credential = credential.strip()
        if not credential:
            raise Conflict("credential_missing", "Say with which credential you sign, for example LCSW.")
        document = roster_document(group_session)
        fingerprint = roster_hash(document)
        if not hmac.compare_digest(shown_hash.encode(), fingerprint.encode()):
            raise Conflict(
                "roster_changed",
                "The roster has changed since it was shown to you. Look at it as it is now, then sign.",
            )
        if is_signed(group_session):
            raise Conflict("signed_already", "This roster is signed as it stands.")
        newest = SignOff.objects.filter(group_session=group_session).aggregate(last=Max("number"))["last"]
        signed = SignOff.objects.create(
            group_session=group_session,
            number=(newest or 0) + 1,
            signed_by=actor,
            capacity=_capacity(actor, group_session),
            credential=credential,
            statement=STATEMENT,
            authenticated_at=proof.at,
            authentication_method=proof.method,
            roster=document,
            roster_hash=fingerprint,
            chain_head=chain_head(group_session_id),
            signed_at=at,
        )
        step_roster(group_session, RosterStep.SIGN, at)
        audit.record(
            AuditAction.SESSION_SIGNED_OFF,
            actor=actor,
            subject=group_session,
            at=at,
            data={
                "number": signed.number,
                "capacity": str(signed.capacity),
                "roster_hash": fingerprint,
                "chain_head": signed.chain_head,
                "authenticated_at": proof.at.isoformat(),
                "method": proof.method,
            },
        )
    return signed


def lock_rosters(
    *, group_session_ids: Iterable[UUID], reason: LockReason, at: datetime, actor: User | None = None
) -> list[UUID]:
    """Lock the signed rosters among some sessions; gives those that were locked now.

    Only what somebody vouches for as it stands is locked: an unsigned roster, or one whose rows changed
    since, stays on the list of what is to be signed.
    """
    locked = []
    for pk in sorted(set(group_session_ids)):
        with transaction.atomic():
            group_session = lock(GroupSession.objects.with_people(), pk)
            if group_session.roster_state != RosterState.ATTESTED or not is_covered(group_session):
                continue
            step_roster(group_session, RosterStep.LOCK, at)
            audit.record(
                AuditAction.ROSTER_LOCKED,
                actor=actor,
                subject=group_session,
                at=at,
                data={"reason": str(reason)},
            )
            locked.append(pk)
    return locked


def lock_closed_weeks(at: datetime) -> list[UUID]:
    """Lock the signed rosters of weeks that are over; gives those that were locked now."""
    signed = GroupSession.objects.filter(roster_state=RosterState.ATTESTED, scheduled_start__lt=at)
    rows = signed.select_related("program").order_by("scheduled_start")
    closed = [row.pk for row in rows if week_holding(row).span[1] <= at]
    return lock_rosters(group_session_ids=closed, reason=LockReason.WEEK_CLOSED, at=at)


def reopen_if_changed(*, group_session_id: UUID, at: datetime) -> bool:
    """Take the force of a signature away whose rows are not those that stand now; says whether it did.

    Facts of a relay that was long away may change minutes after the signing; nobody has vouched for those.
    """
    signed = GroupSession.objects.filter(pk=group_session_id).exclude(roster_state=RosterState.COMPUTED)
    if not signed.exists():
        return False
    with transaction.atomic():
        group_session = lock(GroupSession, group_session_id)
        was = group_session.roster_state
        if not is_signed(group_session) or is_covered(group_session):
            return False
        step_roster(group_session, RosterStep.CHANGE, at)
        audit.record(
            AuditAction.ROSTER_AMENDED,
            actor=None,
            subject=group_session,
            at=at,
            data={"because": "late_facts", "was": str(was), "now": str(group_session.roster_state)},
        )
    return True


def step_roster(group_session: GroupSession, step: RosterStep, at: datetime) -> None:
    """Take a step of a held roster and write it down.

    `locked_at` says since when it is locked as it stands: a change opens it, signing an amended roster locks
    it again.
    """
    now = roster_states.RosterState(group_session.roster_state)
    then = RosterState(next_roster_state(now, step))
    if step is RosterStep.CHANGE:
        group_session.locked_at = None
    elif step is RosterStep.LOCK or then is RosterState.AMENDED:
        group_session.locked_at = at
    group_session.roster_state = then
    group_session.save(update_fields=["roster_state", "locked_at"])


def require_proof(proof: Proof | None, at: datetime) -> Proof:
    """Give the proof, or refuse an act that only somebody signs who has just shown who they are."""
    if proof is None or not proof.holds(at):
        raise NotReady(
            "proof_needed", "Confirm first that it is you, with your password or your sign-in code."
        )
    return proof


def _require_signable(group_session: GroupSession) -> None:
    if group_session.state != SessionState.ENDED:
        raise NotReady("not_ended", "A roster is signed when its session is over.")
    records = AttendanceRecord.objects.filter(group_session=group_session)
    if group_session.is_attendance_due or not records or not all(row.is_final for row in records):
        raise NotReady(
            "not_final", "The minutes are not final yet: some records of the connections are not in."
        )
    if pending_corrections([group_session.pk]):
        raise NotReady(
            "correction_pending",
            "A correction of this roster waits for a decision.",
            "Sign when it is approved, refused or withdrawn.",
        )


def _capacity(actor: User, group_session: GroupSession) -> SignerCapacity:
    is_own = actor.pk == group_session.facilitator_id
    return SignerCapacity.OF_RECORD if is_own else SignerCapacity.COVERING
