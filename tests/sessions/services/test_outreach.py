"""Who has to be contacted, how urgently, and what an attempt changes."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from sessions.models import AbsenceKind, AbsenceReason, OutreachAttempt, OutreachChannel, OutreachOutcome
from sessions.selectors.weekly.outreach import OutreachRow, outreach_list
from sessions.services.weekly.absences import decide_absence
from sessions.services.weekly.outreach import log_outreach
from telehealth.audit.models import AuditEvent
from telehealth.core.errors import Denied, DomainError, NotFound
from telehealth.enrollment.models import EnrollmentState
from telehealth.enrollment.services import change_enrollment_state
from tests.cast import Cast

from .held import hold, plan

pytestmark = pytest.mark.django_db

TUESDAY = date(2026, 3, 3)
LAST_WEEK = date(2026, 2, 26)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def miss(cast: Cast, *days: date, **came: int) -> list[Any]:
    return [hold(plan(cast, day, cast.patient), **came) for day in days]


def row_of(cast: Cast, at: datetime | None = None) -> OutreachRow | None:
    found = outreach_list(cast.case_manager, at or cast.at)
    rows = [*found.due, *found.settled]
    return next((row for row in rows if row.patient_id == cast.record_of(cast.patient).pk), None)


def log(cast: Cast, outcome: OutreachOutcome, at: datetime, **changes: Any) -> OutreachAttempt:
    values = {
        "actor": cast.case_manager,
        "enrollment_id": cast.enrollment_of(cast.patient).pk,
        "channel": OutreachChannel.PHONE,
        "outcome": outcome,
        "at": at,
        **changes,
    }
    return log_outreach(**values)


def test_the_first_miss_asks_for_a_message_by_the_end_of_its_day(cast: Cast) -> None:
    miss(cast, LAST_WEEK, pat=180)
    assert row_of(cast) is None
    miss(cast, TUESDAY)
    row = row_of(cast)
    assert row is not None
    assert (row.misses, row.step.number, row.is_overdue) == (1, 1, True)
    # Midnight in New York after Tuesday.
    assert row.due_at == datetime.fromisoformat("2026-03-04T05:00:00+00:00")


def test_two_misses_ask_for_a_call_within_the_hour_and_three_for_a_review(cast: Cast) -> None:
    miss(cast, LAST_WEEK, pat=180)
    second = miss(cast, TUESDAY - DAY, TUESDAY)[1]
    row = row_of(cast)
    assert row is not None
    assert (row.step.number, row.due_at) == (2, second.ended_at + HOUR)
    miss(cast, TUESDAY - 2 * DAY)
    row = row_of(cast)
    assert row is not None
    assert (row.misses, row.step.number, row.due_at) == (3, 3, second.ended_at + DAY)


def test_coming_back_ends_it(cast: Cast) -> None:
    miss(cast, TUESDAY - DAY)
    miss(cast, TUESDAY, pat=180)
    assert row_of(cast) is None


def test_an_excused_absence_neither_counts_nor_ends_the_row(cast: Cast) -> None:
    groups = miss(cast, TUESDAY - 2 * DAY, TUESDAY - DAY, TUESDAY)
    for group in groups[1:]:
        decide_absence(
            actor=cast.admin,
            group_session_id=group.pk,
            patient_id=cast.record_of(cast.patient).pk,
            kind=AbsenceKind.EXCUSED,
            reason=AbsenceReason.COURT,
            at=cast.at,
        )
    row = row_of(cast)
    assert row is not None
    assert (row.misses, row.missed_start) == (1, groups[0].scheduled_start)


def test_two_weeks_without_contact_ask_for_the_last_step(cast: Cast) -> None:
    miss(cast, TUESDAY - 15 * DAY, pat=180)
    miss(cast, TUESDAY)
    row = row_of(cast)
    assert row is not None
    assert (row.misses, row.step.number, row.days_without_contact) == (1, 3, 16)


def test_reaching_somebody_settles_it_until_the_next_miss(cast: Cast) -> None:
    miss(cast, TUESDAY - DAY)
    attempt = log(cast, OutreachOutcome.REACHED, cast.at - DAY - 6 * HOUR)
    row = row_of(cast)
    assert row is not None
    assert (row.due_at, row.last_contact_on) == (None, TUESDAY)
    assert attempt.group_session is not None
    miss(cast, TUESDAY)
    row = row_of(cast)
    assert row is not None
    assert row.due_at is not None


def test_an_attempt_in_vain_comes_back_a_day_later(cast: Cast) -> None:
    miss(cast, TUESDAY)
    log(cast, OutreachOutcome.NO_ANSWER, cast.at)
    row = row_of(cast)
    assert row is not None
    assert (row.due_at, row.is_overdue) == (cast.at + DAY, False)
    assert row.last_attempt is not None
    assert row.last_attempt.outcome == OutreachOutcome.NO_ANSWER


def test_the_most_urgent_comes_first(cast: Cast) -> None:
    other = cast.more_patients[0]
    hold(plan(cast, TUESDAY - DAY, other))
    miss(cast, TUESDAY)
    names = [row.name for row in outreach_list(cast.admin, cast.at).due]
    assert names == [other.full_name, cast.patient.full_name]


def test_somebody_on_hold_is_not_expected(cast: Cast) -> None:
    miss(cast, TUESDAY)
    change_enrollment_state(
        actor=cast.admin,
        enrollment=cast.enrollment_of(cast.patient),
        state=EnrollmentState.ON_HOLD,
        reason="Surgery",
        expected_return_on=TUESDAY + 8 * DAY,
        at=cast.at,
    )
    assert row_of(cast) is None


def test_an_attempt_is_in_the_trail_without_its_note(cast: Cast) -> None:
    log(cast, OutreachOutcome.LEFT_MESSAGE, cast.at, note="Asked to call back")
    event = AuditEvent.objects.get(action="attendance.outreach_logged")
    assert event.data == {"channel": "phone", "outcome": "left_message"}


def test_a_safety_concern_says_what_was_done(cast: Cast) -> None:
    with pytest.raises(DomainError) as refusal:
        log(cast, OutreachOutcome.SAFETY_CONCERN, cast.at)
    assert refusal.value.error == "note_missing"


def test_only_the_programs_carers_log(cast: Cast) -> None:
    with pytest.raises(NotFound):
        log(cast, OutreachOutcome.REACHED, cast.at, actor=cast.other_therapist)
    for actor in (cast.auditor, cast.patient):
        with pytest.raises((Denied, NotFound)):
            log(cast, OutreachOutcome.REACHED, cast.at, actor=actor)
    with pytest.raises(NotFound):
        outreach_list(cast.patient, cast.at)
