"""Invite a person, send the link again, withdraw it, accept it. Only the hash of the secret is stored."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import partial

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import QuerySet

from telehealth import audit
from telehealth.accounts.models import User
from telehealth.accounts.roles import Role
from telehealth.core.errors import Conflict, DomainError, NotFound
from telehealth.core.locking import lock

from ..models import Invitation, InvitationState, Program
from ..people import Deliver, Person
from ..policies import can_invite, can_invite_again
from ..scopes import ServiceDates
from ..tokens import new_token, token_hash
from .memberships import open_membership

VALID_FOR = timedelta(days=7)
_DEAD_LINK = {
    InvitationState.ACCEPTED: "This link has been used. Sign in with your email address and password.",
    InvitationState.REVOKED: "This link was withdrawn. Ask the person who invited you for a new one.",
    InvitationState.EXPIRED: "This link has run out. Ask the person who invited you for a new one.",
}


def invite_person(
    *,
    actor: User,
    program: Program,
    person: Person,
    role: Role,
    at: datetime,
    ends_on: date | None = None,
    sees: ServiceDates | None = None,
    deliver: Deliver | None = None,
    make_token: Callable[[], str] = new_token,
) -> tuple[Invitation, str]:
    """Make a staff account that waits for its password, its membership, and the link to set it."""
    with transaction.atomic():
        program = lock(Program, program.pk)
        can_invite(actor, program, role, at).require()
        user = create_account(program=program, person=person, role=role)
        open_membership(
            actor=actor, program=program, user=user, at=at, starts_on=None, ends_on=ends_on, sees=sees
        )
        return invite_account(
            actor=actor, program=program, user=user, at=at, deliver=deliver, make_token=make_token
        )


def create_account(*, program: Program, person: Person, role: Role) -> User:
    """Write an account that nobody can use yet; the caller has judged the permission."""
    email = person.email.strip().lower()
    try:
        validate_email(email)
    except ValidationError as error:
        raise DomainError("bad_email", "Enter an email address such as name@example.org.") from error
    if not person.given_name.strip() or not person.family_name.strip():
        raise DomainError("incomplete", "A person needs a first and a last name.")
    if User.objects.filter(email=email).exists():
        # Deliberately vague: whose account it is, and in which program, is nobody's business here.
        raise Conflict(
            "email_unavailable", "This address cannot be used here. Check it, or ask for another one."
        )
    return User.objects.create_user(
        email,
        None,
        role=role.value,
        given_name=person.given_name.strip(),
        family_name=person.family_name.strip(),
        preferred_name=person.preferred_name.strip(),
        credential=person.credential.strip(),
        phone=person.phone.strip(),
        time_zone=person.time_zone or program.time_zone,
        is_active=False,
    )


def invite_account(
    *,
    actor: User,
    program: Program,
    user: User,
    at: datetime,
    deliver: Deliver | None = None,
    make_token: Callable[[], str] = new_token,
    again: bool = False,
) -> tuple[Invitation, str]:
    """Write the invitation of an account that waits; permission judged, lock held by the caller."""
    token = make_token()
    Invitation.objects.filter(user=user, accepted_at=None, revoked_at=None).update(revoked_at=at)
    invitation = Invitation.objects.create(
        program=program,
        user=user,
        token_hash=token_hash(token),
        created_by=actor,
        created_at=at,
        expires_at=at + VALID_FOR,
    )
    audit.record(
        audit.AuditAction.INVITATION_SENT,
        actor=actor,
        subject=invitation,
        at=at,
        data={**_data(invitation), "again": again},
    )
    if deliver is not None:
        transaction.on_commit(partial(deliver, user.email, token, invitation.expires_at))
    return invitation, token


def resend_invitation(
    *,
    actor: User,
    invitation: Invitation,
    at: datetime,
    deliver: Deliver | None = None,
    make_token: Callable[[], str] = new_token,
) -> tuple[Invitation, str]:
    """Replace an invitation by a fresh one; the old link stops working."""
    with transaction.atomic():
        invitation = lock(_with_names(), invitation.pk)
        can_invite_again(actor, invitation.program, invitation.user, at).require()
        if invitation.user.is_active:
            raise Conflict("already_accepted", "This person has already set a password and can sign in.")
        return invite_account(
            actor=actor,
            program=invitation.program,
            user=invitation.user,
            at=at,
            deliver=deliver,
            make_token=make_token,
            again=True,
        )


def revoke_invitation(*, actor: User, invitation: Invitation, at: datetime) -> Invitation:
    """Withdraw an invitation: its link stops working. The account stays, unable to sign in."""
    with transaction.atomic():
        invitation = lock(_with_names(), invitation.pk)
        can_invite_again(actor, invitation.program, invitation.user, at).require()
        if invitation.accepted_at is not None:
            raise Conflict("already_accepted", "This person has already set a password and can sign in.")
        if invitation.revoked_at is None:
            invitation.revoked_at = at
            invitation.save(update_fields=["revoked_at"])
            audit.record(
                audit.AuditAction.INVITATION_REVOKED,
                actor=actor,
                subject=invitation,
                at=at,
                data=_data(invitation),
            )
    return invitation


def accept_invitation(*, token: str, password: str, at: datetime) -> User:
    """Set the password by a link that works once, and let the person in from now on."""
    with transaction.atomic():
        known = Invitation.objects.filter(token_hash=token_hash(token)).only("pk").first()
        if known is None:
            raise NotFound(
                "invitation_not_found", "This link is not one of ours. Check that you copied all of it."
            )
        invitation = lock(_with_names(), known.pk)
        state = invitation.state_at(at)
        if state is not InvitationState.PENDING:
            raise Conflict(f"invitation_{state.value}", _DEAD_LINK[state])
        user = invitation.user
        try:
            validate_password(password, user)
        except ValidationError as error:
            raise DomainError("password_refused", " ".join(error.messages)) from error
        user.set_password(password)
        user.is_active = True
        user.save(update_fields=["password", "is_active"])
        invitation.accepted_at = at
        invitation.save(update_fields=["accepted_at"])
        audit.record(
            audit.AuditAction.INVITATION_ACCEPTED,
            actor=user,
            subject=invitation,
            at=at,
            data=_data(invitation),
        )
    return user


def _with_names() -> QuerySet[Invitation]:
    return Invitation.objects.select_related("program", "user")


def _data(invitation: Invitation) -> dict[str, str]:
    return {"user": str(invitation.user_id), "program": str(invitation.program_id)}
