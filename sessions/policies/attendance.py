"""May this person vouch for, change, approve or object to what was credited?"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sessions.models import Correction, CorrectionReason, GroupSession
from telehealth.accounts.models import User
from telehealth.accounts.roles import Role
from telehealth.core.decision import Decision
from telehealth.enrollment.models import Patient
from telehealth.programs.policies import can_administer
from telehealth.programs.selectors import is_member
from telehealth.programs.supervision import is_supervisor

from .denials import SessionDenial
from .room import can_run_room


def can_attest(
    actor: User, group_session: GroupSession, *, leaders: Collection[UUID], at: datetime
) -> Decision:
    """Let the clinician who led the session sign its roster; `leaders` were in its room as clinicians.

    The signed words are "I led this session". So a covering clinician signs who was in the room, and nobody
    who was not, the facilitator of record included once somebody else led. Where no clinician ever came, the
    facilitator of record answers for the session.
    """
    if not can_run_room(actor, group_session, at=at):
        return Decision.deny(
            SessionDenial.NOT_THE_CLINICIAN, "Only the clinician who led this session can sign its roster."
        )
    if actor.pk in leaders or (not leaders and actor.pk == group_session.facilitator_id):
        return Decision.allow()
    return Decision.deny(
        SessionDenial.DID_NOT_LEAD,
        "You were not in the room of this session as its clinician, so you cannot vouch for it.",
        "Ask the clinician who led it to sign.",
    )


def can_request_correction(
    actor: User,
    group_session: GroupSession,
    *,
    leaders: Collection[UUID],
    reason: CorrectionReason | None = None,
    at: datetime,
) -> Decision:
    """Let the session's clinician, case managers and administrators ask for other minutes.

    Time that our own failure took is credited on a clinician's word only: who else would know that the
    service was delivered all the same?
    """
    if can_attest(actor, group_session, leaders=leaders, at=at):
        return Decision.allow()
    is_here = actor.is_active and is_member(actor, group_session.program, at)
    if not is_here or actor.role_enum not in (Role.CASE_MANAGER, Role.PROGRAM_ADMIN):
        return Decision.deny(
            SessionDenial.NOT_A_REQUESTER,
            "Only the clinician who led the session, a case manager or an administrator of the program can "
            "ask for a correction.",
        )
    if reason is CorrectionReason.PLATFORM_OUTAGE:
        return Decision.deny(
            SessionDenial.OUTAGE_NEEDS_CLINICIAN,
            "Time that our platform failed to witness is credited by the clinician who led the session.",
            "Ask them to correct it.",
        )
    return Decision.allow()


def can_approve_corrections(actor: User, group_session: GroupSession, *, at: datetime) -> Decision:
    """Let the program's administrators and clinical supervisors decide about requests of others."""
    program = group_session.program
    if can_administer(actor, program, at) or is_supervisor(actor, program, at):
        return Decision.allow()
    return Decision.deny(
        SessionDenial.NOT_AN_APPROVER,
        "Only an administrator or a clinical supervisor of this program decides about corrections.",
    )


def can_decide_correction(actor: User, correction: Correction, *, at: datetime) -> Decision:
    """Let approvers decide, but never about what they asked for themselves; its session is joined."""
    if actor.pk == correction.requested_by_id:
        return Decision.deny(
            SessionDenial.OWN_CORRECTION,
            "You asked for this correction yourself, so somebody else decides about it.",
            "You can withdraw it.",
        )
    return can_approve_corrections(actor, correction.group_session, at=at)


def can_withdraw_correction(actor: User, correction: Correction, *, at: datetime) -> Decision:
    """Let whoever asked take the request back while they work in the program."""
    is_here = actor.is_active and is_member(actor, correction.group_session.program, at)
    if is_here and actor.pk == correction.requested_by_id:
        return Decision.allow()
    return Decision.deny(
        SessionDenial.NOT_YOUR_REQUEST, "Only the person who asked for this correction can take it back."
    )


def can_dispute(actor: User, patient: Patient | None) -> Decision:
    """Let patients object to what they themselves were credited."""
    if actor.is_active and patient is not None and patient.user_id == actor.pk:
        return Decision.allow()
    return Decision.deny(
        SessionDenial.NOT_YOUR_ATTENDANCE, "You can object only to your own minutes in a session."
    )


def can_answer_dispute(
    actor: User, group_session: GroupSession, *, leaders: Collection[UUID], at: datetime
) -> Decision:
    """Let the session's clinician, the administrators and the supervisors answer a patient."""
    led_it = can_attest(actor, group_session, leaders=leaders, at=at)
    if led_it or can_approve_corrections(actor, group_session, at=at):
        return Decision.allow()
    return Decision.deny(
        SessionDenial.NOT_AN_ANSWERER,
        "Only the clinician who led the session, an administrator or a supervisor answers a patient.",
    )
