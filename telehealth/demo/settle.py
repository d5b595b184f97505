"""Settle the demo's past: what clinicians signed and corrected, and what still waits for somebody."""

from __future__ import annotations

from datetime import datetime, timedelta

from sessions.models import (
    AttendanceRecord,
    Correction,
    CorrectionReason,
    Dispute,
    DisputeOutcome,
    GroupSession,
    RosterState,
)
from sessions.selectors.signing.bounds import bounds_of
from sessions.selectors.signing.roster import roster_document, roster_hash
from sessions.services.signing.corrections import approve_correction, request_correction
from sessions.services.signing.disputes import answer_dispute, raise_dispute
from sessions.services.signing.signoff import lock_closed_weeks, sign_off
from telehealth.accounts.models import User
from telehealth.accounts.proofs import Proof
from telehealth.programs.models import Program

from . import cast
from .tracks import EVENING

SIGNED_AFTER = timedelta(minutes=25)
LEFT_OPEN = timedelta(hours=20)
"""What ended more recently still waits for its signature."""
OVERDUE = timedelta(hours=26)
"""Of the evening groups that ended longer ago than this, the newest lies unsigned."""
CORRECTED_EVERY = 7


def settle_past(program: Program, *, at: datetime) -> None:
    """Sign what clinicians would have signed by now; leave a request, an objection and some rosters open."""
    unsigned = GroupSession.objects.filter(
        program=program, series__isnull=False, ended_at__isnull=False, roster_state=RosterState.COMPUTED
    )
    ended = list(unsigned.select_related("facilitator", "program", "track").order_by("ended_at", "pk"))
    if ended and not Correction.objects.filter(decision__isnull=True).exists():
        _leave_open(ended, at)
    forgotten = _forgotten(ended, at)
    is_approved = Correction.objects.filter(needs_second_person=True, decision__isnull=False).exists()
    for number, group_session in enumerate(ended):
        ended_at = group_session.ended_at
        if ended_at is None or at - ended_at < LEFT_OPEN or _is_in_hand(group_session):
            continue
        if group_session == forgotten:
            continue
        if number % CORRECTED_EVERY == 0:
            _correct(group_session, minutes=10, at=ended_at + SIGNED_AFTER / 2)
        elif not is_approved:
            is_approved = _correct_with_second_person(group_session, at=ended_at + SIGNED_AFTER / 2)
        _sign(group_session, at=ended_at + SIGNED_AFTER)
    lock_closed_weeks(at)


def _forgotten(ended: list[GroupSession], at: datetime) -> GroupSession | None:
    """Give the roster that should have been signed by now."""
    evenings = (one for one in reversed(ended) if one.track is not None and one.track.name == EVENING)
    return next((one for one in evenings if one.ended_at is not None and at - one.ended_at >= OVERDUE), None)


def _is_in_hand(group_session: GroupSession) -> bool:
    """Say whether somebody at the demo has begun to settle the session: it is left to them."""
    return group_session.sign_offs.exists() or group_session.corrections.exists()


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


def _correct_with_second_person(group_session: GroupSession, *, at: datetime) -> bool:
    """Credit more than one person may alone; the administrator agrees the same hour. Says whether it came."""
    correction = _correct(group_session, minutes=20, at=at)
    if correction is None:
        return False
    approve_correction(
        actor=User.objects.get(email=cast.ADMIN.person.email),
        correction_id=correction.pk,
        note="The call log is on file.",
        at=at + timedelta(minutes=5),
    )
    return True


def _leave_open(ended: list[GroupSession], at: datetime) -> None:
    """Leave one request above the limit for the administrator, and one patient's objection."""
    recent = [one for one in reversed(ended) if one.ended_at is not None]
    for group_session in recent:
        if _correct(group_session, minutes=20, at=group_session.ended_at or at):
            break
    if Dispute.objects.exists():
        return
    _object(cast.MORNING_GROUP[0], recent, "I was there in time, but I had to wait until I was let in.", at)
    answered = _object(cast.MORNING_GROUP[1], recent[1:], "My tablet was on the whole time.", at)
    if answered is not None:
        answer_dispute(
            actor=User.objects.get(email=cast.ADMIN.person.email),
            dispute_id=answered.pk,
            outcome=DisputeOutcome.UPHELD,
            text="The tablet was connected, and its minutes are counted. We went through the times with you.",
            at=min(at, answered.raised_at + timedelta(hours=2)),
        )


def _object(account: cast.Account, sessions: list[GroupSession], text: str, at: datetime) -> Dispute | None:
    """Let a patient object to their newest minutes among some sessions, while they may."""
    own = AttendanceRecord.objects.filter(
        patient__user__email=account.person.email,
        is_final=True,
        group_session__in=[one.pk for one in sessions],
    )
    newest = own.select_related("group_session").order_by("-group_session__ended_at").first()
    ended_at = None if newest is None else newest.group_session.ended_at
    if newest is None or ended_at is None or at - ended_at >= timedelta(days=6):
        return None
    return raise_dispute(
        actor=User.objects.get(email=account.person.email),
        group_session_id=newest.group_session_id,
        text=text,
        at=min(at, ended_at + timedelta(hours=3)),
    )
