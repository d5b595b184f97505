"""Who may run a program: its people, its terms."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from telehealth.accounts.models import User
from telehealth.accounts.roles import Role
from telehealth.core.decision import Decision

from .models import Program
from .selectors import is_member


class ProgramDenial(StrEnum):
    """Why a program's affairs are closed to an account; ids are never reused."""

    NOT_ADMINISTRATOR = "not_administrator"
    NOT_SYSTEM_ADMIN = "not_system_admin"
    ROLE_NOT_INVITABLE = "role_not_invitable"
    OWN_MEMBERSHIP = "own_membership"
    OWN_SEAT = "own_seat"


INVITABLE = frozenset({Role.THERAPIST, Role.CASE_MANAGER, Role.PROGRAM_ADMIN, Role.AUDITOR})
"""Roles a program's administrator may hand out. Patients come by enrolment."""


def roles_to_invite(actor: User) -> list[Role]:
    """List the roles a page may offer the account; `can_invite` decides."""
    if actor.role_enum is Role.SYSTEM_ADMIN:
        return [Role.PROGRAM_ADMIN]
    return [role for role in Role if role in INVITABLE]


def can_create_program(actor: User) -> Decision:
    """Let system administrators found programs."""
    if actor.is_active and actor.role_enum is Role.SYSTEM_ADMIN:
        return Decision.allow()
    return Decision.deny(ProgramDenial.NOT_SYSTEM_ADMIN, "Only a system administrator may set up a program.")


def can_administer(actor: User, program: Program, at: datetime) -> Decision:
    """Let a program's administrators run it while their membership is in force."""
    if actor.is_active and actor.role_enum is Role.PROGRAM_ADMIN and is_member(actor, program, at):
        return Decision.allow()
    return Decision.deny(
        ProgramDenial.NOT_ADMINISTRATOR,
        "Only an administrator of this program may do this. Ask one of them.",
    )


def can_set_up(actor: User, program: Program, at: datetime) -> Decision:
    """Let system administrators, and the program's own, decide memberships and terms."""
    if can_create_program(actor).allowed:
        return Decision.allow()
    return can_administer(actor, program, at)


def can_invite(actor: User, program: Program, role: Role, at: datetime) -> Decision:
    """Let administrators invite staff; a system administrator invites a program's administrators only."""
    if can_create_program(actor).allowed and role is Role.PROGRAM_ADMIN:
        return Decision.allow()
    decision = can_administer(actor, program, at)
    if decision.allowed and role not in INVITABLE:
        return Decision.deny(
            ProgramDenial.ROLE_NOT_INVITABLE,
            "This role cannot be given here. Patients are enrolled on the Patients page.",
        )
    return decision


def can_invite_again(actor: User, program: Program, invited: User, at: datetime) -> Decision:
    """Let whoever may invite such a person send the link again or withdraw it."""
    if invited.role_enum is Role.PATIENT:
        return can_administer(actor, program, at)
    return can_invite(actor, program, invited.role_enum, at)


def can_change_seat(actor: User, program: Program, member: User, at: datetime) -> Decision:
    """Let a program's administrators say what auditors see and who supervises; nobody for themselves."""
    if actor.pk == member.pk:
        return Decision.deny(
            ProgramDenial.OWN_SEAT,
            "You cannot change your own access. Ask another administrator to do it.",
        )
    return can_administer(actor, program, at)


def can_end_membership(actor: User, program: Program, member: User, at: datetime) -> Decision:
    """Let administrators end a colleague's membership, never their own: somebody must be left."""
    if actor.pk == member.pk:
        return Decision.deny(
            ProgramDenial.OWN_MEMBERSHIP,
            "You cannot end your own access. Ask another administrator to do it.",
        )
    return can_set_up(actor, program, at)
