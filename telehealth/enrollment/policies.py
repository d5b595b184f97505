"""Who may enrol patients, publish agreements and sign them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from telehealth.accounts.models import User
from telehealth.core.decision import Decision
from telehealth.programs.models import Program
from telehealth.programs.policies import can_administer, can_set_up

from .models import Patient


class EnrollmentDenial(StrEnum):
    """Why an enrollment or an agreement is closed to an account; ids are never reused."""

    NOT_THE_PATIENT = "not_the_patient"


def can_manage_enrollment(actor: User, program: Program, at: datetime) -> Decision:
    """Let the program's administrators enrol, set targets and execute changes of state (domain.md 6.2)."""
    return can_administer(actor, program, at)


def can_publish_documents(actor: User, program: Program, at: datetime) -> Decision:
    """Let those who set up the program put up its agreements."""
    return can_set_up(actor, program, at)


def can_sign_for(actor: User, patient: Patient) -> Decision:
    """Let patients, and nobody else, sign and take back their own agreements."""
    if actor.is_active and actor.pk == patient.user_id:
        return Decision.allow()
    return Decision.deny(
        EnrollmentDenial.NOT_THE_PATIENT, "Only the patient may sign or take back this agreement."
    )
