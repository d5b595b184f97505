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
from ..policies import can_change_seat, can_end_membership, can_set_up
from ..scopes import ServiceDates


def add_membership(
    *,
    actor: User,
    program: Program,
    user: User,
    at: datetime,
    starts_on: date | None = None,
    ends_on: date | None = None,
    sees: ServiceDates | None = None,
) -> ProgramMembership:
    """Open a program to a staff account, from today on unless another day is given.

    An auditor's seat needs its last day and the service dates it `sees`; others take none.
    """
    with transaction.atomic():
        program = lock(Program, program.pk)
        can_set_up(actor, program, at).require()
        return open_membership(
            actor=actor, program=program, user=user, at=at, starts_on=starts_on, ends_on=ends_on, sees=sees
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


def change_seat(
    *,
    actor: User,
    membership: ProgramMembership,
    at: datetime,
    ends_on: date | None = None,
    sees: ServiceDates | None = None,
    is_supervisor: bool | None = None,
) -> ProgramMembership:
    """Change an auditor's last day and service dates, or make a therapist a clinical supervisor or not.

    What is None stays as it is.
    """
    with transaction.atomic():
        lock(Program, membership.program_id)
        membership = ProgramMembership.objects.select_related("program", "user").get(pk=membership.pk)
        program, role = membership.program, membership.user.role_enum
        can_change_seat(actor, program, membership.user, at).require()
        today = program.date_at(at)
        if membership.ends_on is not None and membership.ends_on < today:
            raise Conflict("already_ended", "This person's access has already ended. Give a new one instead.")
        changed: list[str] = []
        if is_supervisor is not None:
            if role is not Role.THERAPIST:
                raise DomainError("not_a_therapist", "Only a therapist can be a clinical supervisor.")
            membership.is_supervisor = is_supervisor
            changed.append("is_supervisor")
        if ends_on is not None or sees is not None:
            if role is not Role.AUDITOR:
                raise DomainError("not_an_auditor", "Only an auditor's access is limited to service dates.")
            last = ends_on or membership.ends_on
            require_seat(role, ends_on=last, sees=sees)
            if last is not None and last < today:
                raise Conflict("date_in_past", "Choose today or a later day as the last day.")
            membership.ends_on = last
            membership.sees_from, membership.sees_until = sees or (None, None)
            changed += ["ends_on", "sees_from", "sees_until"]
        membership.save(update_fields=changed)
        audit.record(
            audit.AuditAction.MEMBERSHIP_CHANGED,
            actor=actor,
            subject=program,
            at=at,
            data={
                "user": str(membership.user_id),
                "ends_on": None if membership.ends_on is None else membership.ends_on.isoformat(),
                "is_supervisor": membership.is_supervisor,
                **seat_data(membership),
            },
        )
    return membership


def open_membership(
    *,
    actor: User,
    program: Program,
    user: User,
    at: datetime,
    starts_on: date | None,
    ends_on: date | None,
    sees: ServiceDates | None = None,
) -> ProgramMembership:
    """Write a membership whose permission the caller has judged; program lock held."""
    first = starts_on or program.date_at(at)
    if not user.role_enum.is_staff_role:
        raise DomainError("not_staff", "Patients are enrolled in a program; only staff are members of it.")
    require_seat(user.role_enum, ends_on=ends_on, sees=sees)
    if ends_on is not None and ends_on < first:
        raise DomainError("ends_before_start", "The last day lies before the first. Choose a later last day.")
    others = ProgramMembership.objects.filter(program=program, user=user)
    if any(row.ends_on is None or row.ends_on >= first for row in others):
        raise Conflict("already_member", "This person already has access to the program.")
    membership = ProgramMembership.objects.create(
        program=program,
        user=user,
        starts_on=first,
        ends_on=ends_on,
        sees_from=None if sees is None else sees.first,
        sees_until=None if sees is None else sees.last,
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
            **seat_data(membership),
        },
    )
    return membership


def require_seat(role: Role, *, ends_on: date | None, sees: ServiceDates | None) -> None:
    """Ask an auditor's seat for its end and its service dates, and let nobody else have such dates."""
    if role is not Role.AUDITOR:
        if sees is not None:
            raise DomainError("not_an_auditor", "Only an auditor's access is limited to service dates.")
        return
    if ends_on is None:
        raise DomainError("auditor_needs_end", "An auditor's access needs a last day.")
    if sees is None:
        raise DomainError("auditor_needs_dates", "Choose the service dates that the auditor may see.")
    if sees.is_empty:
        raise DomainError("dates_out_of_order", "The last service date lies before the first.")


def seat_data(membership: ProgramMembership) -> dict[str, str]:
    """Give the service dates of an auditor's seat for the trail."""
    if membership.sees_from is None or membership.sees_until is None:
        return {}
    return {
        "sees_from": membership.sees_from.isoformat(),
        "sees_until": membership.sees_until.isoformat(),
    }


def _day_before(day: date) -> date:
    return date.fromordinal(day.toordinal() - 1)
