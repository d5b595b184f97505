"""Short words for tests of settled attendance: who signs, corrects, approves, objects, and when."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sessions.models import (
    AttendanceRecord,
    Correction,
    CorrectionReason,
    Dispute,
    GroupSession,
    SignOff,
)
from sessions.selectors.signing.roster import roster_document, roster_hash
from sessions.services.signing.corrections import approve_correction, request_correction
from sessions.services.signing.disputes import raise_dispute
from sessions.services.signing.signoff import sign_off
from telehealth.accounts.models import User
from telehealth.accounts.proofs import Proof
from telehealth.programs.models import ProgramMembership
from tests.cast import Cast
from tests.factories import fresh

from ..pages.stories import example_b, ny

__all__ = ["example_b"]

ENDED = ny("12:15")
"""When the worked example's group ended; its minutes are final a minute later."""
SOON = ny("13:00")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def proof(at: datetime) -> Proof:
    """Give what somebody shows who has just typed their password."""
    return Proof(at, "password")


def record_of(cast: Cast, group: GroupSession, person: User | None = None) -> AttendanceRecord:
    """Read the record of a patient, `cast.patient` if none is named."""
    return AttendanceRecord.objects.get(group_session=group, patient=cast.record_of(person or cast.patient))


def shown(group: GroupSession) -> str:
    """Give the hash of the roster as it stands."""
    return roster_hash(roster_document(fresh(group)))


def sign(
    cast: Cast, group: GroupSession, at: datetime = SOON, *, actor: User | None = None, **changed: Any
) -> SignOff:
    """Let the clinician sign what stands."""
    arguments = {"shown_hash": shown(group), "credential": "LCSW", "proof": proof(at), **changed}
    return sign_off(actor=actor or cast.therapist, group_session_id=group.pk, at=at, **arguments)


def ask(
    cast: Cast,
    group: GroupSession,
    new_min: int,
    at: datetime = SOON,
    *,
    actor: User | None = None,
    patient: User | None = None,
    reason: CorrectionReason = CorrectionReason.DEVICE_FAILURE,
    **changed: Any,
) -> Correction:
    """Let somebody ask for other minutes, the clinician if nobody is named."""
    arguments = {"narrative": "The tablet froze; we went on by phone.", "evidence": "Call log 12", **changed}
    return request_correction(
        actor=actor or cast.therapist,
        group_session_id=group.pk,
        patient_id=cast.record_of(patient or cast.patient).pk,
        new_min=new_min,
        reason=reason,
        at=at,
        **arguments,
    )


def approve(cast: Cast, correction: Correction, at: datetime = SOON, **changed: Any) -> None:
    """Let the administrator approve."""
    arguments = {"actor": cast.admin, **changed}
    approve_correction(correction_id=correction.pk, at=at, **arguments)


def object_to(cast: Cast, group: GroupSession, at: datetime = SOON, text: str = "I was there.") -> Dispute:
    """Let the patient object."""
    return raise_dispute(actor=cast.patient, group_session_id=group.pk, text=text, at=at)


def supervise(cast: Cast, person: User) -> User:
    """Make somebody a clinical supervisor."""
    ProgramMembership.objects.filter(user=person, program=cast.program).update(is_supervisor=True)
    return person
