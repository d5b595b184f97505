"""Found a program and set its dated credit terms."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime

from django.db import transaction

from telehealth import audit
from telehealth.accounts.models import User
from telehealth.core.errors import Conflict, DomainError
from telehealth.core.locking import lock

from ..models import CreditTerms, Program, WeekStart
from ..policies import can_create_program, can_set_up
from ..zones import known_zones

TermsValidator = Callable[[Mapping[str, object]], None]
"""Raises `DomainError` for what is not a credit parameter; the rules live in `sessions`, above this app."""

MAX_PARAMETERS = 40


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


def set_credit_terms(
    *,
    actor: User,
    program: Program,
    name: str,
    effective_on: date,
    parameters: Mapping[str, object],
    validate: TermsValidator,
    at: datetime,
) -> CreditTerms:
    """Add a version of the credit terms; sessions scheduled from its date on are frozen with it.

    Only the shape is judged here. `validate` knows the names and values; whoever calls hands it in.
    """
    with transaction.atomic():
        program = lock(Program, program.pk)
        can_set_up(actor, program, at).require()
        _require_shape(parameters)
        validate(parameters)
        if effective_on < program.date_at(at):
            raise Conflict(
                "date_in_past", "New terms start today or later; sessions already held keep their terms."
            )
        newest = CreditTerms.objects.filter(program=program).order_by("-version").first()
        terms = CreditTerms.objects.create(
            program=program,
            version=1 if newest is None else newest.version + 1,
            effective_on=effective_on,
            name=name.strip() or "Credit terms",
            parameters=dict(parameters),
            created_by=actor,
            created_at=at,
        )
        audit.record(
            audit.AuditAction.CREDIT_TERMS_SET,
            actor=actor,
            subject=program,
            at=at,
            data={"terms": str(terms.pk), "version": terms.version, "effective_on": effective_on.isoformat()},
        )
    return terms


def _require_shape(parameters: Mapping[str, object]) -> None:
    """Refuse what could not be a set of parameters; decimals are strings, because floats are not exact."""
    named = all(name.isidentifier() and name.islower() for name in parameters)
    valued = all(isinstance(value, (bool, int, str)) for value in parameters.values())
    if not named or not valued or len(parameters) > MAX_PARAMETERS:
        raise DomainError(
            "bad_parameters",
            "Credit terms are names with whole numbers, yes or no, or text (decimals as text).",
        )
