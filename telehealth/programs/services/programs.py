"""Found a program."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from telehealth import audit
from telehealth.accounts.models import User
from telehealth.core.errors import DomainError

from ..models import CreditTerms, Program, WeekStart
from ..policies import can_create_program
from ..zones import known_zones


def create_program(
    *,
    actor: User,
    name: str,
    time_zone: str,
    callback_phone: str,
    at: datetime,
    week_start: WeekStart = WeekStart.SUN,
    part2_covered: bool = True,
) -> Program:
    """Found a program, with the default credit terms in force from its first day."""
    with transaction.atomic():
        can_create_program(actor).require()
        if time_zone not in known_zones():
            raise DomainError("unknown_time_zone", "Choose a time zone such as America/New_York.")
        if not name.strip() or not callback_phone.strip():
            raise DomainError("incomplete", "A program needs a name and a phone number that people can call.")
        program = Program.objects.create(
            name=name.strip(),
            time_zone=time_zone,
            week_start=week_start,
            callback_phone=callback_phone.strip(),
            part2_covered=part2_covered,
        )
        CreditTerms.objects.create(
            program=program,
            version=1,
            effective_on=program.date_at(at),
            name="Default terms",
            parameters={},
            created_by=actor,
            created_at=at,
        )
        audit.record(audit.AuditAction.PROGRAM_CREATED, actor=actor, subject=program, at=at)
    return program
