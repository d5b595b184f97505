"""The credit terms of sessions, weeks and episodes, as the rules want them.

Every name is resolved enrollment -> track -> program -> system. What may stand in a session stands there,
frozen when the session was planned: the program's terms and over them those of the session's track. What is
asked of days and weeks comes from the terms in force when the week began: the program's, over them those of
the patient's track, over them those of the episode. The system's are the defaults of
`sessions.rules.conditions.terms`.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sessions.models import GroupSession
from sessions.rules import EvidenceError, parse
from sessions.rules.conditions.service_types import ServiceType
from sessions.rules.conditions.terms import (
    PARAMETERS,
    CreditTerms,
    Place,
    TermValue,
    WeekTerms,
    resolve_session_terms,
    resolve_week_terms,
)
from telehealth.core.errors import DomainError
from telehealth.enrollment.models import Enrollment, EnrollmentTerms
from telehealth.enrollment.selectors.terms import own_terms_of, track_id_on, track_steps
from telehealth.programs.models import CreditTerms as StoredTerms
from telehealth.programs.models import Program
from telehealth.programs.tracks import earliest, in_force_for_week

JsonTerms = Mapping[str, Any]  # Any: values as they are stored, each of its parameter's kind


@dataclass(frozen=True, slots=True)
class EnrollmentPolicy:
    """What an episode lays over session and file in one week, and the rows it comes from.

    `track_terms` are those of the patient's track. A stored record of attendance names `enrollment_terms`,
    and as its track terms the session's, which are what decides about minutes.
    """

    policy: dict[str, Any] = field(default_factory=dict)
    track_terms: StoredTerms | None = None
    enrollment_terms: EnrollmentTerms | None = None


def terms_at(parameters: JsonTerms, place: Place) -> dict[str, Any]:
    """Pick, in the order of their names, the parameters that stand at one place of an evidence file.

    Of a program's or track's terms each name has one place: the session if it may stand there, since it was
    frozen with it, otherwise the file (a program's) or the enrollment (a track's).
    """
    return {name: parameters[name] for name in sorted(parameters) if _place(name) is place}


def session_policy(group_session: GroupSession) -> dict[str, Any]:
    """Give what was frozen with a session: its program's terms and over them its track's.

    `terms` and `track_terms` should be joined already.
    """
    return over(
        terms_at(group_session.terms.parameters, Place.SESSION),
        {} if group_session.track_terms is None else group_session.track_terms.parameters,
        place=Place.SESSION,
    )


def over(below: JsonTerms, above: JsonTerms, *, place: Place) -> dict[str, Any]:
    """Lay terms over others at one place, in the order of their names."""
    merged = {**below, **terms_at(above, place)}
    return {name: merged[name] for name in sorted(merged)}


def session_terms(group_session: GroupSession, own: JsonTerms | None = None) -> CreditTerms:
    """Resolve the terms of one session, for one patient with what they have of their `own` over it.

    `terms` and `track_terms` of the session should be joined already.
    """
    frozen = session_policy(group_session)
    service_type = ServiceType(group_session.service_type)
    return resolve_session_terms(service_type, values_of(frozen), values_of(own or {}))


def week_policy(program: Program, first_day: date) -> dict[str, Any]:
    """Give the program's terms of days and weeks for the week that begins on a date; one query."""
    return week_policies(program, [first_day])[first_day]


def week_policies(program: Program, first_days: Iterable[date]) -> dict[date, dict[str, Any]]:
    """Give the program's terms of days and weeks for several weeks; one query.

    Before the program's first terms, those count: a program that starts on a Wednesday has a week from
    Sunday.
    """
    rows = list(StoredTerms.objects.filter(program=program, track=None))
    found = {}
    for first_day in first_days:
        terms = in_force_for_week(rows, first_day, program) or earliest(rows)
        stored = {} if terms is None else terms_at(terms.parameters, Place.FILE)
        found[first_day] = {**stored, "week_start": str(program.week_start)}
    return found


def enrollment_policy(enrollment: Enrollment, first_day: date) -> dict[str, Any]:
    """Give what one episode lays over session and file in the week that begins on a date; three queries."""
    return enrollment_policies(enrollment.program, [enrollment], [first_day])[enrollment.pk, first_day].policy


def enrollment_policies(
    program: Program, enrollments: Collection[Enrollment], first_days: Iterable[date]
) -> dict[tuple[UUID, date], EnrollmentPolicy]:
    """Give what episodes of one program lay over session and file, by episode and first day; three queries.

    The track gives what is asked of days and weeks; its terms about presence are frozen with its sessions.
    The episode's own terms may say both.
    """
    steps, own = track_steps(enrollments), own_terms_of(enrollments)
    by_track: defaultdict[UUID, list[StoredTerms]] = defaultdict(list)
    for row in StoredTerms.objects.filter(program=program, track__isnull=False):
        assert row.track_id is not None  # noqa: S101 - narrows for the type checker; the filter said so
        by_track[row.track_id].append(row)
    found = {}
    for first_day in first_days:
        of_track = {pk: in_force_for_week(rows, first_day, program) for pk, rows in by_track.items()}
        for one in enrollments:
            track_id = track_id_on(one, steps[one.pk], first_day)
            found[one.pk, first_day] = _enrollment_policy(
                None if track_id is None else of_track.get(track_id),
                in_force_for_week(own[one.pk], first_day, program),
            )
    return found


def week_terms(policy: JsonTerms, own: JsonTerms | None = None) -> WeekTerms:
    """Resolve the terms of days and weeks; `own` is what the enrollment lays over them."""
    return resolve_week_terms(values_of(policy), values_of(own or {}))


def patient_limit(group_session: GroupSession) -> int | None:
    """Say how many patients may be in the room at once; None where the type is not a group."""
    if not group_session.is_group:
        return None
    terms = session_terms(group_session)
    is_education = group_session.service_type == ServiceType.PSYCHOEDUCATION
    return terms.education_max if is_education else terms.group_max


def require_known_terms(parameters: Mapping[str, object]) -> None:
    """Refuse names and values that the calculation does not know; for `set_credit_terms`.

    Holds for a program's terms and for a track's: a track may say all that its program may.
    """
    _require_names(parameters)
    if "week_start" in parameters:
        raise DomainError("unknown_term", "The first day of the week is the program's, not a term.")
    _require_values(parameters)


def require_enrollment_terms(parameters: Mapping[str, object]) -> None:
    """Refuse also what can only be decided for everybody in a room; for `set_enrollment_terms`."""
    _require_names(parameters)
    misplaced = sorted(name for name in parameters if Place.ENROLLMENT not in PARAMETERS[name].places)
    if misplaced:
        raise DomainError(
            "misplaced_term",
            f"{misplaced[0]} holds for a whole session or program and cannot be set for one patient.",
        )
    _require_values(parameters)


def values_of(stored: JsonTerms) -> dict[str, TermValue]:
    """Read stored values as the rules want them."""
    return {name: _value(name, value) for name, value in stored.items()}


def _enrollment_policy(track: StoredTerms | None, own: EnrollmentTerms | None) -> EnrollmentPolicy:
    below = {} if track is None else terms_at(track.parameters, Place.FILE)
    above = {} if own is None else own.parameters
    merged = {**below, **above}
    return EnrollmentPolicy({name: merged[name] for name in sorted(merged)}, track, own)


def _require_names(parameters: Mapping[str, object]) -> None:
    unknown = sorted(set(parameters) - set(PARAMETERS))
    if unknown:
        raise DomainError("unknown_term", f"There is no credit term called {unknown[0]}.")


def _require_values(parameters: Mapping[str, object]) -> None:
    empty = {"version": 1, "as_of": "2026-01-01T00:00:00Z", "program_tz": "UTC", "sessions": []}
    try:
        parse(json.dumps({**empty, "policy": dict(parameters)}))
    except EvidenceError as error:
        raise DomainError("bad_term", f"A credit term has a value it cannot have: {error}.") from error


def _place(name: str) -> Place:
    return Place.SESSION if Place.SESSION in PARAMETERS[name].places else Place.FILE


def _value(name: str, value: Any) -> TermValue:
    kind = PARAMETERS[name].kind
    return Decimal(str(value)) if kind is Decimal else kind(value)
