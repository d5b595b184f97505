"""What other terms would have made of the same evidence: compute both, and tell them apart."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from sessions.rules.conditions.terms import Overrides
from sessions.rules.crediting.credit import PatientResult, Result, compute
from sessions.rules.document.evidence import EnrollmentEvidence, Evidence, Target
from sessions.rules.weekly.weeks import WeekFlag

_WEEK = timedelta(weeks=1)


@dataclass(frozen=True, slots=True)
class OtherTerms:
    """What takes the place of the terms in a file. What is not named here stays as it is.

    `targets` are weekly minutes by patient, in the place of every target but 0, which is a week on hold.
    """

    file: Overrides | None = None
    sessions: Mapping[str, Overrides] = field(default_factory=dict)
    patients: Mapping[str, Overrides] = field(default_factory=dict)
    targets: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Totals:
    """What a patient's sessions, days and weeks come to under some terms."""

    credited_min: int = 0
    billable_min: int = 0
    per_diem_days: int = 0
    weeks_met: int = 0
    weeks_short: int = 0

    def plus(self, other: "Totals") -> "Totals":
        """Add up."""
        return Totals(
            self.credited_min + other.credited_min,
            self.billable_min + other.billable_min,
            self.per_diem_days + other.per_diem_days,
            self.weeks_met + other.weeks_met,
            self.weeks_short + other.weeks_short,
        )


@dataclass(frozen=True, slots=True)
class SessionChange:
    """One session of a patient that the other terms would have judged differently."""

    session: str
    service_date: date
    before: PatientResult
    after: PatientResult


@dataclass(frozen=True, slots=True)
class Outcome:
    """One patient under the terms that hold and under the others."""

    before: Totals = Totals()
    after: Totals = Totals()
    changes: tuple[SessionChange, ...] = ()

    def plus(self, other: "Outcome") -> "Outcome":
        """Add up."""
        return Outcome(
            self.before.plus(other.before), self.after.plus(other.after), (*self.changes, *other.changes)
        )


def compare_week(evidence: Evidence, other: OtherTerms, first_day: date) -> dict[str, Outcome]:
    """Compute one week's evidence under its own terms and under others, by patient.

    Sessions that are in the file only because they overlap the week's are not counted.
    """
    before, after = compute(evidence), compute(with_terms(evidence, other))
    then, now = _totals(before, first_day), _totals(after, first_day)
    changes: defaultdict[str, list[SessionChange]] = defaultdict(list)
    for old, new in zip(before.sessions, after.sessions, strict=True):
        if not _is_in_week(old.service_date, first_day):
            continue
        for one, another in zip(old.patients, new.patients, strict=True):
            if _judgement(one) != _judgement(another):
                changes[one.id].append(SessionChange(old.id, old.service_date, one, another))
    return {
        patient: Outcome(
            then.get(patient, Totals()), now.get(patient, Totals()), tuple(changes.get(patient, ()))
        )
        for patient in sorted({*then, *now})
    }


def with_terms(evidence: Evidence, other: OtherTerms) -> Evidence:
    """Put other terms in the place of those in a file."""
    return replace(
        evidence,
        overrides=evidence.overrides if other.file is None else other.file,
        sessions=tuple(
            replace(one, overrides=other.sessions.get(one.id, one.overrides)) for one in evidence.sessions
        ),
        enrollments=tuple(_enrollment(one, other) for one in evidence.enrollments),
    )


def _enrollment(one: EnrollmentEvidence, other: OtherTerms) -> EnrollmentEvidence:
    minutes, targets = other.targets.get(one.patient), one.targets
    if minutes is not None:
        targets = tuple(Target(target.starts_on, minutes if target.minutes else 0) for target in targets)
    return replace(one, targets=targets, overrides=other.patients.get(one.patient, one.overrides))


def _totals(result: Result, first_day: date) -> dict[str, Totals]:
    found: defaultdict[str, Totals] = defaultdict(Totals)
    for one in result.sessions:
        if _is_in_week(one.service_date, first_day):
            for patient in one.patients:
                found[patient.id] = found[patient.id].plus(
                    Totals(credited_min=patient.credited_min, billable_min=patient.billable_min)
                )
    for day in result.days:
        if _is_in_week(day.service_date, first_day):
            found[day.patient] = found[day.patient].plus(Totals(per_diem_days=day.per_diem))
    for week in result.weeks:
        # A week without a target, or enrolled in part, is measured by nothing.
        if week.week_start == first_day and week.target_min and not week.partial:
            is_met = week.flag is WeekFlag.MET
            found[week.patient] = found[week.patient].plus(
                Totals(weeks_met=int(is_met), weeks_short=int(not is_met))
            )
    return found


def _judgement(one: PatientResult) -> tuple[object, ...]:
    return one.credited_min, one.billable_min, one.status, one.flags


def _is_in_week(day: date, first_day: date) -> bool:
    return first_day <= day < first_day + _WEEK


def total_of(outcomes: Iterable[Outcome]) -> Outcome:
    """Add up what several patients come to."""
    whole = Outcome()
    for one in outcomes:
        whole = whole.plus(one)
    return whole
