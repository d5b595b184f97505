"""Reads of programs and their people. Staff see the programs of memberships in force today, no others."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from telehealth.accounts.models import User
from telehealth.accounts.roles import Role
from telehealth.core.errors import NotFound, NotReady

from .models import CreditTerms, Invitation, InvitationState, Program, ProgramMembership
from .scopes import EVERY_DATE as EVERY_DATE
from .scopes import NO_DATE as NO_DATE
from .scopes import ServiceDates as ServiceDates
from .scopes import audit_scope as audit_scope
from .scopes import audit_scopes as audit_scopes
from .tokens import token_hash


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One line of the people list."""

    membership: ProgramMembership
    user: User
    program: Program
    role: Role
    is_in_force: bool
    invitation: Invitation | None
    invitation_state: InvitationState | None

    @property
    def can_be_invited_again(self) -> bool:
        """Say whether a new link would help: the person never accepted one."""
        return not self.user.is_active and self.invitation is not None

    @property
    def has_seat(self) -> bool:
        """Say whether there is more to the access than its end: an auditor's dates, a supervisor's tick."""
        return self.role in (Role.AUDITOR, Role.THERAPIST)

    @property
    def can_be_withdrawn(self) -> bool:
        """Say whether a link is out there that works."""
        return self.invitation_state is InvitationState.PENDING


@dataclass(frozen=True, slots=True)
class InvitationPage:
    """What the holder of a link may be told before signing in: nothing about the program."""

    state: InvitationState
    expires_at: datetime
    user: User


def programs_of(user: User, at: datetime) -> list[Program]:
    """List the programs in which the account has a membership in force now, by name."""
    rows = ProgramMembership.objects.filter(user=user).select_related("program").order_by("program__name")
    return list({row.program_id: row.program for row in rows if _holds(row, at)}.values())


def programs_run_by(user: User, at: datetime) -> list[Program]:
    """List the programs whose staff the account looks after: its own, and for system administrators all."""
    if user.role_enum is Role.SYSTEM_ADMIN:
        return list(Program.objects.order_by("name"))
    return programs_of(user, at)


def program_ids_of(user: User, at: datetime) -> frozenset[UUID]:
    """Give the ids of `programs_of`, for filters."""
    return frozenset(program.pk for program in programs_of(user, at))


def is_member(user: User, program: Program, at: datetime) -> bool:
    """Say whether the account has a membership in force in this program now."""
    on = program.date_at(at)
    return any(row.is_in_force(on) for row in ProgramMembership.objects.filter(user=user, program=program))


def get_program_for(user: User, pk: UUID, at: datetime) -> Program:
    """Give a program whose staff the account looks after."""
    for program in programs_run_by(user, at):
        if program.pk == pk:
            return program
    raise NotFound("program_not_found", "There is no such program among yours.")


def people_of(user: User, at: datetime) -> list[PersonRow]:
    """List the staff of the account's programs, with where their invitations stand; three queries."""
    memberships = list(
        ProgramMembership.objects.filter(program__in=programs_run_by(user, at))
        .select_related("user", "program")
        .order_by("user__family_name", "user__given_name", "program__name", "starts_on")
    )
    latest: dict[tuple[UUID, UUID], Invitation] = {}
    invitations = Invitation.objects.filter(user__in=[row.user_id for row in memberships]).order_by(
        "created_at"
    )
    for invitation in invitations:
        latest[invitation.user_id, invitation.program_id] = invitation
    rows = []
    for row in memberships:
        found = latest.get((row.user_id, row.program_id))
        state = None if found is None else found.state_at(at)
        rows.append(PersonRow(row, row.user, row.program, row.user.role_enum, _holds(row, at), found, state))
    return rows


def staff_of(program: Program, at: datetime, roles: Collection[Role] = (Role.THERAPIST,)) -> list[User]:
    """List the accounts with one of the roles and a membership in force, invited ones included, by name."""
    rows = (
        ProgramMembership.objects.filter(program=program, user__role__in=[role.value for role in roles])
        .select_related("user")
        .order_by("user__family_name", "user__given_name")
    )
    on = program.date_at(at)
    return list({row.user_id: row.user for row in rows if row.is_in_force(on)}.values())


def get_membership_for(user: User, pk: UUID, at: datetime) -> ProgramMembership:
    """Give a membership in one of the account's programs."""
    row = (
        ProgramMembership.objects.filter(pk=pk, program__in=programs_run_by(user, at))
        .select_related("user", "program")
        .first()
    )
    if row is None:
        raise NotFound("person_not_found", "There is no such person in your programs.")
    return row


def get_invitation_for(user: User, pk: UUID, at: datetime) -> Invitation:
    """Give an invitation of one of the account's programs; system administrators get staff only."""
    rows = Invitation.objects.filter(pk=pk, program__in=programs_run_by(user, at)).select_related(
        "user", "program"
    )
    if user.role_enum is Role.SYSTEM_ADMIN:
        rows = rows.exclude(user__role=Role.PATIENT)
    row = rows.first()
    if row is None:
        raise NotFound("invitation_not_found", "There is no such invitation in your programs.")
    return row


def latest_invitation(user: User) -> Invitation | None:
    """Give the newest invitation of an account."""
    return (
        Invitation.objects.filter(user=user).select_related("user", "program").order_by("-created_at").first()
    )


def invitation_by_token(token: str, at: datetime) -> InvitationPage:
    """Find an invitation by the secret of its link."""
    row = Invitation.objects.filter(token_hash=token_hash(token)).select_related("user").first()
    if row is None:
        raise NotFound(
            "invitation_not_found", "This link is not one of ours. Check that you copied all of it."
        )
    return InvitationPage(row.state_at(at), row.expires_at, row.user)


def terms_in_force(program: Program, on: date) -> CreditTerms:
    """Give the program's own credit terms that a session scheduled for this date is frozen with."""
    terms = (
        CreditTerms.objects.filter(program=program, track=None, effective_on__lte=on)
        .order_by("-effective_on", "-version")
        .first()
    )
    if terms is None:
        raise NotReady(
            "no_credit_terms", "This program has no credit terms for that date yet. Set them first."
        )
    return terms


def _holds(row: ProgramMembership, at: datetime) -> bool:
    return row.is_in_force(row.program.date_at(at))
