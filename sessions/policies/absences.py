"""May this person decide about an absence, or write down that a patient was called?"""

from __future__ import annotations

from datetime import datetime

from telehealth.accounts.models import User
from telehealth.accounts.roles import Role
from telehealth.core.decision import Decision
from telehealth.programs.models import Program
from telehealth.programs.selectors import is_member

from .denials import SessionDenial

_CARERS = (Role.THERAPIST, Role.CASE_MANAGER, Role.PROGRAM_ADMIN)


def can_decide_absence(actor: User, program: Program, *, at: datetime) -> Decision:
    """Let the program's clinicians, case managers and administrators say how an absence counts."""
    return _carer(actor, program, at)


def can_log_outreach(actor: User, program: Program, *, at: datetime) -> Decision:
    """Let the same people write down that they tried to reach a patient."""
    return _carer(actor, program, at)


def _carer(actor: User, program: Program, at: datetime) -> Decision:
    if actor.is_active and actor.role_enum in _CARERS and is_member(actor, program, at):
        return Decision.allow()
    return Decision.deny(
        SessionDenial.NOT_A_CARER,
        "Only a clinician, case manager or administrator of this program can do this.",
    )
