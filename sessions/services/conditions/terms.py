"""Set credit terms of a program, a track or one patient, judged by the rules and by where they hold."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from sessions.rules.conditions.packs import PACKS
from sessions.services.conditions.freezing import apply_to_planned
from sessions.terms import require_enrollment_terms, require_known_terms
from telehealth.accounts.models import User
from telehealth.core.errors import DomainError
from telehealth.enrollment.models import Enrollment, EnrollmentTerms
from telehealth.enrollment.services import set_enrollment_terms
from telehealth.programs.models import Program, Track
from telehealth.programs.services import TermsSet, set_and_apply_terms


def set_terms(
    *,
    actor: User,
    program: Program,
    track: Track | None,
    name: str,
    effective_on: date,
    parameters: Mapping[str, object],
    at: datetime,
    pack: str = "",
    also_planned: bool = False,
) -> TermsSet:
    """Add a version for a program or a track; `also_planned` freezes it with sessions planned from that date.

    Without it they keep what they were planned with. A session that was opened always does.
    """
    return set_and_apply_terms(
        actor=actor,
        program=program,
        track=track,
        name=name,
        effective_on=effective_on,
        parameters=parameters,
        validate=require_known_terms,
        pack=_known(pack),
        apply=apply_to_planned if also_planned else None,
        at=at,
    )


def set_terms_of_patient(
    *,
    actor: User,
    enrollment: Enrollment,
    name: str,
    effective_on: date,
    parameters: Mapping[str, object],
    at: datetime,
    pack: str = "",
) -> EnrollmentTerms:
    """Add a version for one patient's episode, from a program week still to come."""
    return set_enrollment_terms(
        actor=actor,
        enrollment=enrollment,
        name=name,
        effective_on=effective_on,
        parameters=parameters,
        validate=require_enrollment_terms,
        pack=_known(pack),
        at=at,
    )


def _known(pack: str) -> str:
    if pack and pack not in PACKS:
        raise DomainError("unknown_pack", "There is no such pack of terms. Choose one of the list.")
    return pack
