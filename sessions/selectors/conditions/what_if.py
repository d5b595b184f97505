"""What other terms would have done to a past month: the same rules over the same facts, nothing written."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sessions.models import GroupSession
from sessions.rules import parse
from sessions.rules.conditions.terms import Overrides, Place
from sessions.rules.conditions.what_if import OtherTerms, Outcome, SessionChange, compare_week, total_of
from sessions.rules.document.evidence import Evidence
from sessions.rules.telling.words import STATUS_WORDS
from sessions.selectors.ledger.evidence_weeks import evidence_of_weeks
from sessions.selectors.weekly.weeks import Week, week_on
from sessions.terms import over, terms_at, values_of
from telehealth.core.errors import Conflict
from telehealth.enrollment.models import Enrollment, EnrollmentTerms, Patient
from telehealth.enrollment.selectors.terms import own_terms_of, track_id_on, track_steps
from telehealth.programs.models import Program, Track
from telehealth.programs.tracks import in_force_for_week

Stored = Mapping[str, Any]  # Any: values as they are stored, each of its parameter's kind


@dataclass(frozen=True, slots=True)
class Question:
    """Which month, whose terms, and what they would be. Without a track the program's own are replaced."""

    program: Program
    track: Track | None
    month: date
    parameters: Stored
    target_min: int | None = None


@dataclass(frozen=True, slots=True)
class PatientOutcome:
    """One patient's line."""

    patient_id: UUID
    name: str
    record_number: str
    outcome: Outcome

    @property
    def differs(self) -> bool:
        """Say whether the other terms change anything for the patient."""
        return self.outcome.before != self.outcome.after or bool(self.outcome.changes)


@dataclass(frozen=True, slots=True)
class ChangedSession:
    """One session that would have been judged differently, for people."""

    session_id: UUID
    title: str
    service_date: date
    change: SessionChange
    status_before: str
    status_after: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What the other terms would have made of the month's weeks."""

    question: Question
    first_day: date
    last_day: date
    weeks: int
    sessions: int
    rows: tuple[PatientOutcome, ...]
    total: Outcome
    changed: Mapping[UUID, tuple[ChangedSession, ...]]

    @property
    def most_credited(self) -> int:
        """Give the most minutes of one patient under either terms, as the scale of pictures."""
        return max(
            (max(row.outcome.before.credited_min, row.outcome.after.credited_min) for row in self.rows),
            default=0,
        )

    @property
    def changed_patients(self) -> int:
        """Count the patients for whom anything would be different."""
        return sum(row.differs for row in self.rows)


def weeks_of_month(program: Program, month: date, at: datetime) -> list[Week]:
    """List the program weeks that begin in a month and are over."""
    first = month.replace(day=1)
    week = week_on(program, first)
    if week.first_day < first:
        week = Week(week.first_day + timedelta(weeks=1), week.zone)
    found = []
    while (week.first_day.year, week.first_day.month) == (first.year, first.month) and week.span[1] <= at:
        found.append(week)
        week = Week(week.first_day + timedelta(weeks=1), week.zone)
    return found


def what_if(question: Question, at: datetime) -> Answer:
    """Compute a past month under its own terms and under others.

    The number of queries depends on the weeks of the month alone.
    """
    program = question.program
    weeks = weeks_of_month(program, question.month, at)
    if not weeks:
        raise Conflict("month_not_over", "No week that began in this month is over. Choose an earlier one.")
    enrolled = list(Enrollment.objects.filter(program=program, admitted_on__lte=weeks[-1].last_day))
    enrolled = [one for one in enrolled if (one.discharged_on or date.max) >= weeks[0].first_day]
    documents, sessions = evidence_of_weeks(program, {one.patient_id for one in enrolled}, weeks, at=at)
    other_of = _OtherTermsOf(question, enrolled, sessions)
    outcomes: dict[str, Outcome] = defaultdict(Outcome)
    for week in weeks:
        evidence = parse(json.dumps(documents[week.first_day]))
        for patient, one in compare_week(evidence, other_of.week(evidence, week), week.first_day).items():
            outcomes[patient] = outcomes[patient].plus(one)
    people = Patient.objects.filter(pk__in=list(outcomes)).select_related("user")
    rows = [
        PatientOutcome(one.pk, one.user.full_name, one.record_number, outcomes[str(one.pk)])
        for one in people.order_by("user__family_name", "user__given_name")
    ]
    return Answer(
        question=question,
        first_day=weeks[0].first_day,
        last_day=weeks[-1].last_day,
        weeks=len(weeks),
        sessions=sum(
            one.opened_at is not None
            and weeks[0].first_day <= program.date_at(one.opened_at) <= weeks[-1].last_day
            for one in sessions.values()
        ),
        rows=tuple(rows),
        total=total_of(row.outcome for row in rows),
        changed={row.patient_id: _changed(row.outcome, sessions) for row in rows if row.outcome.changes},
    )


class _OtherTermsOf:
    """Lays the terms in question over those of every session and patient, where they would have stood."""

    def __init__(
        self, question: Question, enrolled: list[Enrollment], sessions: Mapping[UUID, GroupSession]
    ) -> None:
        self.question = question
        self.enrolled = enrolled
        self.steps, self.own = track_steps(enrolled), own_terms_of(enrolled)
        self.sessions = {
            str(pk): values_of(self._session(one))
            for pk, one in sessions.items()
            if question.track is None or one.track_id == question.track.pk
        }

    def week(self, evidence: Evidence, week: Week) -> OtherTerms:
        """Give what takes the place of the terms of one week's evidence."""
        question = self.question
        asked = terms_at(question.parameters, Place.FILE)
        if question.track is None:
            file = values_of({**asked, "week_start": str(question.program.week_start)})
            return OtherTerms(file, self.sessions, {}, self._targets(self.enrolled))
        patients = self._patients(asked, week)
        return OtherTerms(None, self.sessions, patients, self._targets(self._in_track(week)))

    def _session(self, group_session: GroupSession) -> dict[str, Any]:
        asked = terms_at(self.question.parameters, Place.SESSION)
        if self.question.track is not None:
            return over(terms_at(group_session.terms.parameters, Place.SESSION), asked, place=Place.SESSION)
        above = group_session.track_terms
        return over(asked, {} if above is None else above.parameters, place=Place.SESSION)

    def _patients(self, asked: Stored, week: Week) -> dict[str, Overrides]:
        """Lay a track's terms under what each of its patients has of their own."""
        found: dict[str, Overrides] = {}
        for one in self._in_track(week):
            own = in_force_for_week(self.own[one.pk], week.first_day, self.question.program)
            found[str(one.patient_id)] = values_of({**asked, **_parameters(own)})
        return found

    def _in_track(self, week: Week) -> list[Enrollment]:
        track = self.question.track
        return [
            one
            for one in self.enrolled
            if track is not None and track_id_on(one, self.steps[one.pk], week.first_day) == track.pk
        ]

    def _targets(self, enrolled: Iterable[Enrollment]) -> dict[str, int]:
        minutes = self.question.target_min
        return {} if minutes is None else {str(one.patient_id): minutes for one in enrolled}


def _parameters(own: EnrollmentTerms | None) -> Stored:
    return {} if own is None else own.parameters


def _changed(outcome: Outcome, sessions: Mapping[UUID, GroupSession]) -> tuple[ChangedSession, ...]:
    found = []
    for change in sorted(outcome.changes, key=lambda one: (one.service_date, one.session)):
        group_session = sessions[UUID(change.session)]
        found.append(
            ChangedSession(
                session_id=group_session.pk,
                title=group_session.title,
                service_date=change.service_date,
                change=change,
                status_before=STATUS_WORDS[change.before.status],
                status_after=STATUS_WORDS[change.after.status],
            )
        )
    return tuple(found)
