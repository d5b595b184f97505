"""Set the dated credit terms of a program, or what one of its tracks lays over them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from telehealth import audit
from telehealth.accounts.models import User
from telehealth.core.errors import Conflict, DomainError
from telehealth.core.locking import lock

from ..models import CreditTerms, Program, Track
from ..policies import can_set_up
from ..tracks import require_track_of

TermsValidator = Callable[[Mapping[str, object]], None]
"""Raises `DomainError` for what is not a credit parameter; the rules live in `sessions`, above this app."""

TermsApplier = Callable[[CreditTerms], int]
"""Gives the terms also to what is planned already and says to how many; sessions live above this app, too."""

MAX_PARAMETERS = 40


@dataclass(frozen=True, slots=True)
class TermsSet:
    """A new version, and how many sessions planned before were given it."""

    terms: CreditTerms
    applied: int


def set_credit_terms(
    *,
    actor: User,
    program: Program,
    name: str,
    effective_on: date,
    parameters: Mapping[str, object],
    validate: TermsValidator,
    at: datetime,
    track: Track | None = None,
    pack: str = "",
) -> CreditTerms:
    """Add a version of the credit terms; sessions scheduled from its date on are frozen with it.

    Only the shape is judged here. `validate` knows the names and values; whoever calls hands it in.
    """
    return set_and_apply_terms(
        actor=actor,
        program=program,
        name=name,
        effective_on=effective_on,
        parameters=parameters,
        validate=validate,
        at=at,
        track=track,
        pack=pack,
        apply=None,
    ).terms


def set_and_apply_terms(
    *,
    actor: User,
    program: Program,
    name: str,
    effective_on: date,
    parameters: Mapping[str, object],
    validate: TermsValidator,
    at: datetime,
    track: Track | None,
    pack: str,
    apply: TermsApplier | None,
) -> TermsSet:
    """Add a version as `set_credit_terms` does, and let `apply` give it to sessions planned before."""
    with transaction.atomic():
        program = lock(Program, program.pk)
        can_set_up(actor, program, at).require()
        require_shape(parameters)
        validate(parameters)
        if effective_on < program.date_at(at):
            raise Conflict(
                "date_in_past", "New terms start today or later; sessions already held keep their terms."
            )
        require_track_of(program, track, [effective_on])
        newest = CreditTerms.objects.filter(program=program).order_by("-version").first()
        terms = CreditTerms.objects.create(
            program=program,
            track=track,
            version=1 if newest is None else newest.version + 1,
            effective_on=effective_on,
            pack=pack,
            name=name.strip() or "Credit terms",
            parameters=dict(parameters),
            created_by=actor,
            created_at=at,
        )
        applied = 0 if apply is None else apply(terms)
        audit.record(
            audit.AuditAction.CREDIT_TERMS_SET,
            actor=actor,
            subject=program,
            at=at,
            data={
                "terms": str(terms.pk),
                "track": None if track is None else str(track.pk),
                "version": terms.version,
                "pack": terms.pack,
                "effective_on": effective_on.isoformat(),
                "planned_sessions_changed": applied,
            },
        )
    return TermsSet(terms, applied)


def require_shape(parameters: Mapping[str, object]) -> None:
    """Refuse what could not be a set of parameters; decimals are strings, because floats are not exact."""
    named = all(name.isidentifier() and name.islower() for name in parameters)
    valued = all(isinstance(value, (bool, int, str)) for value in parameters.values())
    if not named or not valued or len(parameters) > MAX_PARAMETERS:
        raise DomainError(
            "bad_parameters",
            "Credit terms are names with whole numbers, yes or no, or text (decimals as text).",
        )
