"""What other terms would have done to a past month: nothing is written but that somebody looked."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from http import HTTPStatus
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sessions.models import AttendanceRecord, GroupSession
from sessions.rules.conditions.packs import PACKS
from sessions.selectors.conditions.what_if import Answer, Question, weeks_of_month, what_if
from sessions.services.conditions.terms import set_terms, set_terms_of_patient
from sessions.services.conditions.what_if import compare_terms
from telehealth.audit.actions import AuditAction
from telehealth.audit.models import AuditEvent
from telehealth.core.errors import Conflict, Denied
from telehealth.enrollment.services import assign_track
from telehealth.programs.services import create_track
from tests.cast import Cast
from tests.sessions.pages.browsing import Browser, words
from tests.sessions.pages.stories import example_b
from tests.sessions.terms.months import fill_month

pytestmark = pytest.mark.django_db

MARCH = date(2026, 3, 1)
APRIL = datetime(2026, 4, 8, 15, 0, tzinfo=UTC)
STRICT = dict(PACKS["strict_per_diem"].parameters)


def ask(cast: Cast, parameters: dict[str, Any] | None = None, **changes: Any) -> Answer:
    """Ask what strict terms would have made of March."""
    chosen = STRICT if parameters is None else parameters
    fields = {"program": cast.program, "track": None, "month": MARCH, "parameters": chosen, **changes}
    return what_if(Question(**fields), APRIL)


def line(answer: Answer, cast: Cast) -> tuple[int, int]:
    """Give what the patient of the worked example is credited under both terms."""
    row = next(one for one in answer.rows if one.patient_id == cast.record_of(cast.patient).pk)
    return row.outcome.before.credited_min, row.outcome.after.credited_min


def rows_of_everything() -> dict[str, int]:
    """Count every table but the trail."""
    return {
        model._meta.label: model._default_manager.count()
        for model in apps.get_models()
        if model._meta.app_label != "audit"
    }


def test_bridged_time_is_lost_under_strict_terms(cast: Cast) -> None:
    group = example_b(cast)
    answer = ask(cast)
    assert line(answer, cast) == (154, 153)
    assert answer.changed_patients == 1
    (one,) = answer.changed[cast.record_of(cast.patient).pk]
    assert (one.session_id, one.change.before.credited_min, one.change.after.credited_min) == (
        group.pk,
        154,
        153,
    )


def test_terms_that_hold_give_what_is_stored(cast: Cast) -> None:
    group = example_b(cast)
    answer = ask(cast, {})
    stored = AttendanceRecord.objects.filter(group_session=group)
    assert answer.total.before.credited_min == sum(one.credited_min for one in stored)
    assert answer.total.before.billable_min == sum(one.billable_min for one in stored)
    assert answer.total.before == answer.total.after
    assert answer.changed == {}


def test_days_and_weeks_follow_thresholds_and_the_target(cast: Cast) -> None:
    example_b(cast)
    clinical = ask(cast, dict(PACKS["clinical_hour_50"].parameters), target_min=150)
    row = next(one for one in clinical.rows if one.patient_id == cast.record_of(cast.patient).pk)
    assert (row.outcome.before.per_diem_days, row.outcome.after.per_diem_days) == (0, 1)
    assert (row.outcome.before.weeks_met, row.outcome.after.weeks_met) == (0, 1)


def test_terms_of_a_track_concern_its_sessions_and_patients_only(cast: Cast) -> None:
    group = example_b(cast)
    track = create_track(actor=cast.admin, program=cast.program, name="Morning", at=cast.at)
    assert line(ask(cast, track=track), cast) == (154, 154)
    GroupSession.objects.filter(pk=group.pk).update(track=track)
    assert line(ask(cast, track=track), cast) == (154, 153)


def test_patients_own_terms_stay_over_the_other_terms(cast: Cast) -> None:
    enrollment = cast.enrollment_of(cast.patient)
    early = cast.at - timedelta(days=14)
    set_terms_of_patient(
        actor=cast.admin,
        enrollment=enrollment,
        name="Bridging agreed",
        effective_on=date(2026, 3, 1),
        parameters={"rejoin_bridge_sec": 120, "bridge_cap_sec": 300, "bridge_max_count": 3},
        at=early,
    )
    example_b(cast)
    assert line(ask(cast), cast) == (154, 154)


def test_weeks_of_a_track_follow_where_the_patient_was_then(cast: Cast) -> None:
    example_b(cast)
    track = create_track(actor=cast.admin, program=cast.program, name="Morning", at=cast.at)
    assign_track(
        actor=cast.admin,
        enrollment=cast.enrollment_of(cast.patient),
        track=track,
        effective_on=date(2026, 3, 4),
        at=cast.at,
    )
    # The week of the session began before the patient was in the track.
    answer = ask(cast, {"per_diem_min_minutes": 100}, track=track)
    assert answer.total.before.per_diem_days == answer.total.after.per_diem_days


def test_a_month_has_the_weeks_that_begin_in_it_and_are_over(cast: Cast) -> None:
    assert [week.first_day.day for week in weeks_of_month(cast.program, MARCH, APRIL)] == [1, 8, 15, 22, 29]
    assert [
        week.first_day.day for week in weeks_of_month(cast.program, MARCH, cast.at + timedelta(days=5))
    ] == [1]
    with pytest.raises(Conflict, match="month_not_over"):
        ask(cast, month=date(2026, 4, 1) + timedelta(days=40))


def test_comparing_writes_nothing_but_that_somebody_looked(cast: Cast) -> None:
    example_b(cast)
    before, looks = rows_of_everything(), AuditEvent.objects.count()
    records = list(AttendanceRecord.objects.order_by("pk").values())
    question = Question(cast.program, None, MARCH, STRICT)
    patient = cast.record_of(cast.patient)
    compare_terms(
        actor=cast.admin, question=question, at=APRIL, source="strict_per_diem", patient_id=patient.pk
    )
    assert rows_of_everything() == before
    assert list(AttendanceRecord.objects.order_by("pk").values()) == records
    assert AuditEvent.objects.count() == looks + 1
    event = AuditEvent.objects.latest("seq")
    assert event.action == AuditAction.TERMS_COMPARED
    assert event.subject_id == str(cast.program.pk)
    assert (event.data["month"], event.data["source"], event.data["patient"]) == (
        "2026-03",
        "strict_per_diem",
        str(patient.pk),
    )


def test_only_the_programs_administrators_compare(cast: Cast) -> None:
    for actor in (cast.auditor, cast.therapist, cast.case_manager, cast.other_therapist):
        with pytest.raises(Denied):
            compare_terms(actor=actor, question=Question(cast.program, None, MARCH, {}), at=APRIL)
    assert not AuditEvent.objects.filter(action=AuditAction.TERMS_COMPARED).exists()


def test_more_patients_and_sessions_take_no_more_queries(cast: Cast) -> None:
    example_b(cast)
    with CaptureQueriesContext(connection) as few:
        ask(cast)
    set_terms(
        actor=cast.admin,
        program=cast.program,
        track=None,
        name="Other",
        effective_on=date(2026, 3, 4),
        parameters={"group_max": 9},
        at=cast.at,
    )
    fill_month(cast, sessions=6)
    with CaptureQueriesContext(connection) as many:
        answer = ask(cast)
    assert answer.sessions == 7
    assert len(many) <= len(few) + 1  # one more look whether anything overlaps


def page(cast: Cast, **query: str) -> Any:
    browser = Browser(cast.admin, APRIL)
    fields = {"program": str(cast.program.pk), "month": "2026-03", "source": "strict_per_diem", **query}
    return browser.get("sessions:what_if", **fields)


def test_page_shows_totals_and_patients_side_by_side(cast: Cast) -> None:
    example_b(cast)
    text = words(page(cast))
    assert "March 1 to April 4, 2026" in text
    assert "Credited minutes334333\N{MINUS SIGN}1" in text
    assert "154 → 153" in text
    assert "1 change" in text


def test_page_goes_down_to_the_sessions_of_a_patient(cast: Cast) -> None:
    example_b(cast)
    text = words(page(cast, patient=str(cast.record_of(cast.patient).pk)))
    assert "Tuesday group" in text
    assert "154 → 153 min" in text
    assert "Present for a part" in text


def test_page_compares_with_edited_values(cast: Cast) -> None:
    example_b(cast)
    answer = page(cast, edited="on", min_credit_min="160")
    assert "154 → 0" in words(answer)
    assert 'name="min_credit_min" value="160"' in answer.content.decode()


def test_page_without_a_question_offers_last_month(cast: Cast) -> None:
    answer = Browser(cast.admin, APRIL).get("sessions:what_if")
    assert 'value="2026-03"' in answer.content.decode()
    assert not AuditEvent.objects.filter(action=AuditAction.TERMS_COMPARED).exists()


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"month": "soon"}, "Write the month as year and month"),
        ({"month": "1850-01"}, "this century"),
        ({"month": "2026-07"}, "No week that began in this month is over"),
        ({"source": "generous"}, "not one of the available choices"),
        ({"edited": "on", "rejoin_bridge_sec": "-4"}, "greater than or equal to 0"),
    ],
)
def test_questions_that_cannot_be_answered_say_why(cast: Cast, query: dict[str, str], said: str) -> None:
    answer = page(cast, **query)
    assert answer.status_code == HTTPStatus.OK
    assert said in words(answer)
