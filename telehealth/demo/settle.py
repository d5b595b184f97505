"""Settle the demo's past: what clinicians signed and corrected, and what still waits for somebody."""

from __future__ import annotations

from datetime import datetime, timedelta

from sessions.models import AttendanceRecord, Correction, CorrectionReason, Dispute, GroupSession, RosterState
from sessions.selectors.bounds import bounds_of
from sessions.selectors.roster import pending_corrections, roster_document, roster_hash
from sessions.services.corrections import request_correction
from sessions.services.disputes import raise_dispute
from sessions.services.signoff import lock_closed_weeks, sign_off
from telehealth.accounts.models import User
from telehealth.accounts.proofs import Proof
from telehealth.programs.models import Program

from . import cast

SIGNED_AFTER = timedelta(minutes=25)
LEFT_OPEN = timedelta(hours=20)
"""What ended more recently still waits for its signature."""
CORRECTED_EVERY = 7


def settle_past(program: Program, *, at: datetime) -> None:
    """Sign what clinicians would have signed by now; leave a request, an objection and some rosters open."""
    unsigned = GroupSession.objects.filter(
        program=program, series__isnull=False, ended_at__isnull=False, roster_state=RosterState.COMPUTED
    )
    ended = list(unsigned.select_related("facilitator", "program").order_by("ended_at", "pk"))
    if ended and not Correction.objects.filter(decision__isnull=True).exists():
        _leave_open(ended, at)
    for number, group_session in enumerate(ended):
        ended_at = group_session.ended_at
        if ended_at is None or at - ended_at < LEFT_OPEN or pending_corrections([group_session.pk]):
            continue
        if number % CORRECTED_EVERY == 0:
            _correct(group_session, minutes=10, at=ended_at + SIGNED_AFTER / 2)
        _sign(group_session, at=ended_at + SIGNED_AFTER)
    lock_closed_weeks(at)


def _sign(group_session: GroupSession, *, at: datetime) -> None:
    facilitator = group_session.facilitator
    sign_off(
        actor=facilitator,
        group_session_id=group_session.pk,
        shown_hash=roster_hash(roster_document(group_session)),
        credential=facilitator.credential,
        proof=Proof(at - timedelta(seconds=40), "password"),
        at=at,
    )


def _correct(group_session: GroupSession, *, minutes: int, at: datetime) -> Correction | None:
    """Credit somebody with a part of what they missed; nothing where nobody missed enough."""
    partly = AttendanceRecord.objects.filter(group_session=group_session, status="PARTIAL", is_final=True)
    for record in partly.select_related("group_session").order_by("patient_id"):
        wanted, most = record.decided_min + minutes, bounds_of(record)
        if wanted <= min(most.free_min, most.countable_min):
            return request_correction(
                actor=group_session.facilitator,
                group_session_id=group_session.pk,
                patient_id=record.patient_id,
                new_min=wanted,
                reason=CorrectionReason.PHONE_BRIDGE,
                narrative="The home connection failed; we went on by phone until it was back.",
                evidence="Call log of the program's phone, same day",
                at=at,
            )
    return None


def _leave_open(ended: list[GroupSession], at: datetime) -> None:
    """Leave one request above the limit for the administrator, and one patient's objection."""
    recent = [one for one in reversed(ended) if one.ended_at is not None]
    for group_session in recent:
        if _correct(group_session, minutes=20, at=group_session.ended_at or at):
            break
    patient = User.objects.filter(email=cast.MORNING_GROUP[0].person.email).first()
    if patient is None or Dispute.objects.exists():
        return
    own = AttendanceRecord.objects.filter(
        patient__user=patient, is_final=True, group_session__in=[one.pk for one in recent]
    )
    newest = own.select_related("group_session").order_by("-group_session__ended_at").first()
    ended_at = None if newest is None else newest.group_session.ended_at
    if newest is not None and ended_at is not None and at - ended_at < timedelta(days=6):
        raise_dispute(
            actor=patient,
            group_session_id=newest.group_session_id,
            text="I was in the room before nine, but I had to wait to be let in.",
            at=min(at, ended_at + timedelta(hours=3)),
        )
