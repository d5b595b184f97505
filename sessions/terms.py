"""The credit terms of sessions and weeks, as the rules want them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from sessions.models import GroupSession
from sessions.rules import EvidenceError, parse
from sessions.rules.service_types import ServiceType
from sessions.rules.terms import (
    PARAMETERS,
    CreditTerms,
    Place,
    TermValue,
    WeekTerms,
    resolve_session_terms,
    resolve_week_terms,
)
from telehealth.core.errors import DomainError
from telehealth.programs.models import CreditTerms as StoredTerms
from telehealth.programs.models import Program

JsonTerms = Mapping[str, Any]  # Any: values as they are stored, each of its parameter's kind


def terms_at(parameters: JsonTerms, place: Place) -> dict[str, Any]:
    """Pick, in the order of their names, the parameters that stand at one place of an evidence file.

    Terms that may stand in a session stand there, since they were frozen with it; the others in the file.
    """
    return {name: parameters[name] for name in sorted(parameters) if _place(name) is place}


def session_terms(group_session: GroupSession) -> CreditTerms:
    """Resolve the terms of one session; its `terms` should be joined already."""
    frozen = terms_at(group_session.terms.parameters, Place.SESSION)
    return resolve_session_terms(ServiceType(group_session.service_type), _values(frozen))


def week_policy(program: Program, first_day: date) -> dict[str, Any]:
    """Give the terms of days and weeks: those in force on a week's first day, and the program's own week.

    Before the program's first terms, those count: a program that starts on a Wednesday has a week from
    Sunday.
    """
    rows = StoredTerms.objects.filter(program=program)
    terms = (
        rows.filter(effective_on__lte=first_day).order_by("-effective_on", "-version").first()
        or rows.order_by("effective_on", "version").first()
    )
    stored = {} if terms is None else terms_at(terms.parameters, Place.FILE)
    return {**stored, "week_start": str(program.week_start)}


def week_terms(policy: JsonTerms) -> WeekTerms:
    """Resolve the terms of days and weeks."""
    return resolve_week_terms(_values(policy))


def patient_limit(group_session: GroupSession) -> int | None:
    """Say how many patients may be in the room at once; None where the type is not a group."""
    if not group_session.is_group:
        return None
    terms = session_terms(group_session)
    is_education = group_session.service_type == ServiceType.PSYCHOEDUCATION
    return terms.education_max if is_education else terms.group_max


def require_known_terms(parameters: Mapping[str, object]) -> None:
    """Refuse names and values that the calculation does not know; for `set_credit_terms`."""
    unknown = sorted(set(parameters) - set(PARAMETERS))
    if unknown:
        raise DomainError("unknown_term", f"There is no credit term called {unknown[0]}.")
    if "week_start" in parameters:
        raise DomainError("unknown_term", "The first day of the week is the program's, not a term.")
    empty = {"version": 1, "as_of": "2026-01-01T00:00:00Z", "program_tz": "UTC", "sessions": []}
    try:
        parse(json.dumps({**empty, "policy": dict(parameters)}))
    except EvidenceError as error:
        raise DomainError("bad_term", f"A credit term has a value it cannot have: {error}.") from error


def _place(name: str) -> Place:
    return Place.SESSION if Place.SESSION in PARAMETERS[name].places else Place.FILE


def _values(stored: JsonTerms) -> dict[str, TermValue]:
    return {name: _value(name, value) for name, value in stored.items()}


def _value(name: str, value: Any) -> TermValue:
    kind = PARAMETERS[name].kind
    return Decimal(str(value)) if kind is Decimal else kind(value)
