"""One session's page: its roster, moving it, cancelling it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.urls import reverse

from sessions.models import RosterEntry, SessionState
from sessions.services import room
from sessions.services.scheduling.schedule import cancel_session
from telehealth.audit.actions import AuditAction
from telehealth.audit.models import AuditEvent
from tests.cast import Cast
from tests.factories import fresh, open_with

from .browsing import Browser, words
from .planning import ids, one
from .stories import example_b

pytestmark = pytest.mark.django_db
DETAIL, MOVE, CANCEL = "sessions:detail", "sessions:move", "sessions:cancel"
ADD, OFF = "sessions:roster_add", "sessions:roster_off"


@pytest.fixture
def admin(cast: Cast) -> Browser:
    return Browser(cast.admin, cast.at)


def expected(cast: Cast) -> set[Any]:
    rows = RosterEntry.objects.current().filter(group_session=cast.group_session)
    return set(rows.values_list("patient__user", flat=True))


def test_the_page_shows_plan_and_roster(cast: Cast, admin: Browser) -> None:
    text = admin.read(DETAIL, cast.group_session.pk)
    assert "Wednesday, March 4, 10:10 AM - 1:10 PM EST" in text
    assert "Thea Example" in text
    assert "Counts when full3 h" in text
    assert "Add to the roster" in text
    assert "Pat Example" in text
    assert "Audit" not in text


def test_a_patient_is_put_on_the_roster_and_taken_off_again(cast: Cast, admin: Browser) -> None:
    pk, newcomer = cast.group_session.pk, cast.record_of(cast.patient_off_roster)
    assert admin.post(ADD, pk, patient=str(newcomer.pk)).headers["Location"] == reverse(DETAIL, args=[pk])
    assert newcomer.user_id in expected(cast)
    assert "The patient is on the roster." in admin.read(DETAIL, pk)
    assert admin.post(OFF, pk, newcomer.pk).status_code == 302
    assert newcomer.user_id not in expected(cast)
    actions = AuditEvent.objects.filter(subject_id=pk).values_list("action", flat=True)
    assert {AuditAction.ROSTER_ADDED, AuditAction.ROSTER_REMOVED} <= set(actions)


def test_who_cannot_be_on_the_roster_is_refused_beside_the_form(cast: Cast, admin: Browser) -> None:
    before = expected(cast)
    for patient in (*ids(cast, cast.other_patient), *ids(cast, cast.patient), "", "7"):
        answer = admin.post(ADD, cast.group_session.pk, patient=patient)
        assert answer.status_code == 409
        assert answer.context["form"].errors
    assert expected(cast) == before


def test_who_is_busy_elsewhere_is_refused_in_words(cast: Cast, admin: Browser) -> None:
    busy = one(cast, day="2026-03-04", starts_at="11:00", patients=ids(cast, cast.patient_off_roster))
    assert admin.post("sessions:new", **busy).status_code == 302
    newcomer = ids(cast, cast.patient_off_roster)[0]
    answer = admin.post(ADD, cast.group_session.pk, patient=newcomer)
    assert answer.status_code == 409
    assert "A patient on the roster has another session then" in words(answer)


def test_taking_off_somebody_who_is_not_there_is_not_found(cast: Cast, admin: Browser) -> None:
    pk = cast.group_session.pk
    for person in (cast.patient_off_roster, cast.other_patient):
        assert admin.post(OFF, pk, cast.record_of(person).pk).status_code == 404


def test_the_roster_of_a_session_that_is_over_stays(cast: Cast) -> None:
    group, admin = example_b(cast), Browser(cast.admin, cast.at)
    newcomer, patient = ids(cast, cast.patient_off_roster, cast.patient)
    answer = admin.post(ADD, group.pk, patient=newcomer)
    assert "The roster of a session that is over stays as it is." in words(answer)
    assert admin.post(OFF, group.pk, patient).status_code == 302
    text = admin.read(DETAIL, group.pk)
    assert "The roster of a session that is over stays as it is." in text
    assert "Take off" not in text
    assert RosterEntry.objects.current().filter(group_session=group).count() == 2


def test_a_session_is_moved_with_its_length(cast: Cast, admin: Browser) -> None:
    pk = cast.group_session.pk
    page = admin.get(MOVE, pk).content.decode()
    assert 'value="2026-03-04"' in page
    assert 'value="10:10"' in page
    # Across the change to summer time, at the same hour of the clock.
    answer = admin.post(MOVE, pk, day="2026-03-09", starts_at="10:10")
    assert answer.headers["Location"] == reverse(DETAIL, args=[pk])
    moved = fresh(cast.group_session)
    assert moved.scheduled_start == datetime(2026, 3, 9, 14, 10, tzinfo=UTC)
    assert moved.scheduled_end - moved.scheduled_start == timedelta(hours=3)
    assert AuditEvent.objects.filter(action=AuditAction.SESSION_MOVED, subject_id=pk).count() == 1


@pytest.mark.parametrize(
    ("day", "clock", "field", "sentence"),
    [
        ("2026-03-08", "02:30", "starts_at", "this hour does not exist on that day"),
        ("2026-03-03", "10:10", "__all__", "A session cannot be moved into the past."),
        ("9999-12-31", "10:10", "day", "Ensure this value is less than or equal to"),
        ("", "", "day", "This field is required."),
    ],
)
def test_a_time_that_cannot_be_is_refused_beside_the_form(
    cast: Cast, admin: Browser, day: str, clock: str, field: str, sentence: str
) -> None:
    answer = admin.post(MOVE, cast.group_session.pk, day=day, starts_at=clock)
    assert answer.status_code == 200
    assert field in answer.context["form"].errors
    assert sentence in words(answer)
    assert fresh(cast.group_session).scheduled_start == cast.group_session.scheduled_start


def test_a_move_into_another_session_says_which(cast: Cast, admin: Browser) -> None:
    assert admin.post("sessions:new", **one(cast)).status_code == 302
    answer = admin.post(MOVE, cast.group_session.pk, day="2026-03-05", starts_at="13:00")
    text = words(answer)
    assert "A patient on the roster has another session then (it starts on 2026-03-05 at 14:00)." in text


def test_cancelling_asks_first_and_only_a_sent_form_cancels(cast: Cast, admin: Browser) -> None:
    pk = cast.group_session.pk
    text = admin.read(CANCEL, pk)
    assert "3 patients lose 180 planned minutes of their week." in text
    assert fresh(cast.group_session).state == SessionState.SCHEDULED
    assert admin.post(CANCEL, pk, reason="   ").context["form"].errors
    assert fresh(cast.group_session).state == SessionState.SCHEDULED
    assert admin.post(CANCEL, pk, reason="The facilitator is ill").status_code == 302
    assert fresh(cast.group_session).state == SessionState.CANCELLED
    after = admin.read(DETAIL, pk)
    assert "The facilitator is ill" in after
    assert "Cancel it" not in after
    event = AuditEvent.objects.get(action=AuditAction.SESSION_CANCELLED, subject_id=pk)
    assert "ill" not in str(event.data)


def test_nothing_is_moved_or_cancelled_after_the_start(cast: Cast) -> None:
    start, pk = cast.group_session.scheduled_start, cast.group_session.pk
    open_with(cast, cast.patient, at=start)
    admin = Browser(cast.admin, start + timedelta(minutes=1))
    assert "Cancel it" not in admin.read(DETAIL, pk)
    moved = admin.post(MOVE, pk, day="2026-03-09", starts_at="10:10")
    assert "Only a session that has not begun can be moved." in words(moved)
    cancelled = admin.post(CANCEL, pk, reason="Storm")
    assert "Only a session that has not begun can be cancelled." in words(cancelled)
    assert fresh(cast.group_session).state == SessionState.OPEN


def test_what_was_cancelled_is_not_cancelled_or_moved_again(cast: Cast, admin: Browser) -> None:
    pk = cast.group_session.pk
    cancel_session(actor=cast.admin, group_session_id=pk, reason="Storm", at=cast.at)
    assert "Only a session that has not begun" in words(admin.post(CANCEL, pk, reason="Again"))
    moved = admin.post(MOVE, pk, day="2026-03-09", starts_at="10:10")
    assert "Only a session that has not begun" in words(moved)


def test_an_open_session_shows_where_its_patients_are(cast: Cast) -> None:
    start = cast.group_session.scheduled_start
    open_with(cast, cast.patient, at=start)
    at = start + timedelta(minutes=6)
    text = Browser(cast.case_manager, at).read(DETAIL, cast.group_session.pk)
    assert "In the room" in text
    assert "Missing" in text
    room.end_session(actor=cast.therapist, group_session_id=cast.group_session.pk, at=at)
    assert "In the room" not in Browser(cast.admin, at).read(DETAIL, cast.group_session.pk)


def test_readers_see_no_button_and_change_nothing(cast: Cast) -> None:
    pk, patient = cast.group_session.pk, cast.record_of(cast.patient).pk
    for person in (cast.auditor, cast.case_manager):
        reader = Browser(person, cast.at)
        text = reader.read(DETAIL, pk)
        for button in ("Take off", "Add to the roster", "Move", "Cancel it"):
            assert button not in text
        assert reader.post(ADD, pk, patient=str(patient)).status_code == 403
        assert reader.post(OFF, pk, patient).status_code == 403
        for page in (MOVE, CANCEL):
            assert reader.get(page, pk).status_code == 403
            assert reader.post(page, pk, reason="x", day="2026-03-09", starts_at="10:10").status_code == 403
    assert fresh(cast.group_session).state == SessionState.SCHEDULED
    assert len(expected(cast)) == 3
