"""Clinical supervisors: therapists whose membership says that they may approve what colleagues decided."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from telehealth.accounts.models import User
from telehealth.accounts.roles import Role

from .models import Program, ProgramMembership


def is_supervisor(user: User, program: Program, at: datetime) -> bool:
    """Say whether the account supervises in this program now."""
    return program.pk in supervised_program_ids(user, at)


def supervised_program_ids(user: User, at: datetime) -> frozenset[UUID]:
    """Give the programs in which the account supervises now; one query."""
    if not user.is_active or user.role_enum is not Role.THERAPIST:
        return frozenset()
    rows = ProgramMembership.objects.filter(user=user, is_supervisor=True).select_related("program")
    return frozenset(row.program_id for row in rows if row.is_in_force(row.program.date_at(at)))
