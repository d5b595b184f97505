"""Give and end a staff account's place in a program."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from telehealth import audit
from telehealth.accounts.models import User
from telehealth.accounts.roles import Role
from telehealth.core.errors import Conflict, DomainError
from telehealth.core.locking import lock

from ..models import Program, ProgramMembership
from ..policies import can_end_membership, can_set_up


def add_membership(
    *,
    actor: User,
    program: Program,
    user: User,
    at: datetime,
    starts_on: date | None = None,
    ends_on: date | None = None,
) -> ProgramMembership:
    """Open a program to a staff account, from today on unless another day is given."""
    with transaction.atomic():
        program = lock(Program, program.pk)
        can_set_up(actor, program, at).require()
        return open_membership(
            actor=actor, program=program, user=user, at=at, starts_on=starts_on, ends_on=ends_on
        )


def end_membership(
    *, actor: User, membership: ProgramMembership, at: datetime, ends_on: date | None = None
) -> ProgramMembership:
    """End a membership: now, or after the last day given."""
    with transaction.atomic():
        lock(Program, membership.program_id)
        membership = ProgramMembership.objects.select_related("program", "user").get(pk=membership.pk)
        program = membership.program
        can_end_membership(actor, program, membership.user, at).require()
        today = program.date_at(at)
        # The end is the last whole day. "Now" means that today is no day of it any more.
        last = ends_on if ends_on is not None else _day_before(today)
        if membership.ends_on is not None and membership.ends_on < today:
            raise Conflict("already_ended", "This person's access has already ended.")
        if ends_on is not None and ends_on < today:
            raise Conflict("date_in_past", "Choose today or a later day as the last day.")
        membership.ends_on = last
        membership.save(update_fields=["ends_on"])
        audit.record(
            audit.AuditAction.MEMBERSHIP_ENDED,
            actor=actor,
            subject=program,
            at=at,
            data={"user": str(membership.user_id), "ends_on": last.isoformat()},
        )
    return membership


def open_membership(
    *, actor: User, program: Program, user: User, at: datetime, starts_on: date | None, ends_on: date | None
) -> ProgramMembership:
    """Write a membership whose permission the caller has judged; program lock held."""
    first = starts_on or program.date_at(at)
    if not user.role_enum.is_staff_role:
        raise DomainError("not_staff", "Patients are enrolled in a program; only staff are members of it.")
    if user.role_enum is Role.AUDITOR and ends_on is None:
        raise DomainError("auditor_needs_end", "An auditor's access needs a last day.")
    if ends_on is not None and ends_on < first:
        raise DomainError("ends_before_start", "The last day lies before the first. Choose a later last day.")
    others = ProgramMembership.objects.filter(program=program, user=user)
    if any(row.ends_on is None or row.ends_on >= first for row in others):
        raise Conflict("already_member", "This person already has access to the program.")
    membership = ProgramMembership.objects.create(
        program=program, user=user, starts_on=first, ends_on=ends_on
    )
    audit.record(
        audit.AuditAction.MEMBERSHIP_ADDED,
        actor=actor,
        subject=program,
        at=at,
        data={
            "user": str(user.pk),
            "starts_on": first.isoformat(),
            "ends_on": None if ends_on is None else ends_on.isoformat(),
        },
    )
    return membership


def _day_before(day: date) -> date:
    return date.fromordinal(day.toordinal() - 1)
