"""The credit calculation over a whole evidence file, step by step as in docs/attendance.md."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from sessions.rules.conditions.terms import CreditTerms, Overrides, resolve_session_terms, resolve_week_terms
from sessions.rules.crediting.held import Held, Stage, countable_breaks, hold, service_date
from sessions.rules.crediting.qualify import Qualified, qualify, remove_overlap
from sessions.rules.crediting.status import Credit, Flag, Status, credit, flags, group_flags, is_cancelled
from sessions.rules.crediting.timeline import Piece, PieceKind, timeline
from sessions.rules.crediting.units import units
from sessions.rules.document.evidence import EnrollmentEvidence, Evidence, SessionEvidence
from sessions.rules.time.instants import MINUTE
from sessions.rules.time.intervals import Pair
from sessions.rules.weekly.weeks import (
    DayRow,
    HoursRow,
    WeekRow,
    day_row,
    overlaps_enrollment,
    remaining_minutes,
    week_is_over,
    week_of,
    week_row,
)


@dataclass(frozen=True, slots=True)
class PatientResult:
    """What one session gave one patient. `ratio` is exact; only the printed one is rounded."""

    id: str
    qualified_seconds: int
    strict_seconds: int
    credited_min: int
    billable_min: int
    hours_min: int
    ratio: Fraction
    status: Status
    flags: tuple[Flag, ...]
    units: Mapping[str, int | str | None]
    timeline: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class SessionResult:
    """One session and its patients, in the file's order. `window` is None where nothing was held in it."""

    id: str
    service_date: date
    window: Pair | None
    delivered_seconds: int
    patients: tuple[PatientResult, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """The whole answer; `days` and `weeks` are sorted by patient, then date."""

    sessions: tuple[SessionResult, ...]
    days: tuple[DayRow, ...]
    weeks: tuple[WeekRow, ...]


_KEPT = frozenset({PieceKind.CREDITED, PieceKind.BRIDGED})


class InvariantBroken(RuntimeError):
    """The calculation contradicts itself: a defect of this package, never of the evidence."""


@dataclass(frozen=True, slots=True)
class _Judged:
    """One session with everything that was found out about it."""

    session: SessionEvidence
    held: Held
    terms: CreditTerms
    service_date: date
    patient_terms: Mapping[str, CreditTerms]
    qualified: Mapping[str, Qualified]


def compute(evidence: Evidence) -> Result:
    """Compute every minute, day and week of an evidence file."""
    own_terms = evidence.enrollment_overrides()
    judged = _without_overlap([_judge(evidence, session, own_terms) for session in evidence.sessions])
    sessions = tuple(_session_result(one) for one in judged)
    for result in sessions:
        _check(result)
    return Result(
        sessions=sessions,
        days=_days(evidence, judged, sessions, own_terms),
        weeks=_weeks(evidence, judged, sessions),
    )


def _judge(evidence: Evidence, session: SessionEvidence, own_terms: Mapping[str, Overrides]) -> _Judged:
    levels = (evidence.overrides, session.overrides)
    terms = resolve_session_terms(session.service_type, *levels)
    held = hold(session, terms, evidence.as_of)
    patient_terms = {
        patient.id: resolve_session_terms(session.service_type, *levels, own_terms.get(patient.id, {}))
        for patient in session.patients
    }
    return _Judged(
        session=session,
        held=held,
        terms=terms,
        service_date=service_date(session, held.opened_at, evidence.program_tz),
        patient_terms=patient_terms,
        qualified={
            patient.id: qualify(patient, held, patient_terms[patient.id], evidence.as_of)
            for patient in session.patients
        },
    )


def _without_overlap(judged: Sequence[_Judged]) -> list[_Judged]:
    by_patient: defaultdict[str, dict[str, Qualified]] = defaultdict(dict)
    for one in judged:
        if not one.session.cancelled_by_program:
            for patient_id, qualified in one.qualified.items():
                by_patient[patient_id][one.session.id] = qualified
    kept = {patient_id: remove_overlap(sessions) for patient_id, sessions in by_patient.items()}
    return [
        _Judged(
            session=one.session,
            held=one.held,
            terms=one.terms,
            service_date=one.service_date,
            patient_terms=one.patient_terms,
            qualified={
                patient_id: kept.get(patient_id, {}).get(one.session.id, qualified)
                for patient_id, qualified in one.qualified.items()
            },
        )
        for one in judged
    ]


def _session_result(one: _Judged) -> SessionResult:
    credits = {
        patient_id: credit(one.session, one.held, qualified, one.patient_terms[patient_id])
        for patient_id, qualified in one.qualified.items()
    }
    shared_flags = group_flags(
        one.session,
        one.held,
        one.terms,
        present=(qualified.present for qualified in one.qualified.values()),
        patients_with_credit=sum(1 for found in credits.values() if found.credited_min),
    )
    return SessionResult(
        id=one.session.id,
        service_date=one.service_date,
        window=one.held.window.pairs[0] if one.held.window else None,
        delivered_seconds=one.held.delivered.seconds,
        patients=tuple(
            _patient_result(one, patient.id, credits[patient.id], shared_flags)
            for patient in one.session.patients
        ),
    )


def _patient_result(
    one: _Judged, patient_id: str, found: Credit, shared_flags: frozenset[Flag]
) -> PatientResult:
    qualified = one.qualified[patient_id]
    return PatientResult(
        id=patient_id,
        qualified_seconds=qualified.qualified.seconds,
        strict_seconds=qualified.strict.seconds,
        credited_min=found.credited_min,
        billable_min=found.billable_min,
        hours_min=found.hours_min,
        ratio=found.ratio,
        status=found.status,
        flags=flags(
            one.session,
            one.held,
            qualified,
            one.patient_terms[patient_id],
            status=found.status,
            group_flags=shared_flags,
        ),
        units=units(one.session.service_type, found.billable_min),
        timeline=timeline(one.held, qualified),
    )


def _days(
    evidence: Evidence,
    judged: Sequence[_Judged],
    sessions: Sequence[SessionResult],
    own_terms: Mapping[str, Overrides],
) -> tuple[DayRow, ...]:
    minutes: defaultdict[tuple[str, date], int] = defaultdict(int)
    for one, result in zip(judged, sessions, strict=True):
        if one.held.opened_at is None:
            continue
        for patient in result.patients:
            counted = patient.billable_min if one.session.service_type.counts else 0
            minutes[patient.id, one.service_date] += counted
    return tuple(
        day_row(
            patient=patient_id,
            service_date=day,
            billable_min=total,
            terms=resolve_week_terms(evidence.overrides, own_terms.get(patient_id, {})),
        )
        for (patient_id, day), total in sorted(minutes.items())
    )


def _weeks(
    evidence: Evidence, judged: Sequence[_Judged], sessions: Sequence[SessionResult]
) -> tuple[WeekRow, ...]:
    week_start = resolve_week_terms(evidence.overrides).week_start
    hours: defaultdict[tuple[str, date], list[HoursRow]] = defaultdict(list)
    ahead: defaultdict[tuple[str, date], int] = defaultdict(int)
    for one, result in zip(judged, sessions, strict=True):
        first_day = week_of(one.service_date, week_start)
        remaining = _remaining(one, evidence)
        for patient in result.patients:
            hours[patient.id, first_day].append(HoursRow(one.service_date, patient.hours_min))
            ahead[patient.id, first_day] += remaining
    enrollments = {enrollment.patient: enrollment for enrollment in evidence.enrollments}
    return tuple(
        _week(evidence, enrollments[patient_id], first_day, rows, ahead[patient_id, first_day])
        for (patient_id, first_day), rows in sorted(hours.items(), key=lambda item: item[0])
        if patient_id in enrollments and overlaps_enrollment(first_day, enrollments[patient_id])
    )


def _week(
    evidence: Evidence, enrollment: EnrollmentEvidence, first_day: date, rows: list[HoursRow], ahead: int
) -> WeekRow:
    return week_row(
        enrollment=enrollment,
        terms=resolve_week_terms(evidence.overrides, enrollment.overrides),
        first_day=first_day,
        is_over=week_is_over(first_day, as_of=evidence.as_of, zone=evidence.program_tz),
        hours=rows,
        remaining_min=ahead,
    )


def _remaining(one: _Judged, evidence: Evidence) -> int:
    if not one.session.service_type.counts or is_cancelled(one.session, one.held):
        return 0
    if one.held.stage not in (Stage.SCHEDULED, Stage.RUNNING):
        return 0
    return remaining_minutes(
        as_of=evidence.as_of,
        scheduled_start=one.session.scheduled_start,
        scheduled_end=one.session.scheduled_end,
        breaks=countable_breaks(one.session.breaks, one.terms),
    )


def _check(result: SessionResult) -> None:
    for patient in result.patients:
        if not patient.billable_min <= patient.credited_min <= result.delivered_seconds // MINUTE:
            raise InvariantBroken("credited more than delivered, or billed more than credited")
        kept = (piece for piece in patient.timeline if piece.kind in _KEPT)
        if sum(piece.end - piece.start for piece in kept) != patient.qualified_seconds:
            raise InvariantBroken("the timeline does not add up")
