"""Planning a single session through its form."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

from sessions.models import RosterEntry
from telehealth.accounts.models import User
from telehealth.audit.actions import AuditAction
from telehealth.audit.models import AuditEvent
from telehealth.programs.models import ProgramMembership
from telehealth.programs.services import add_membership
from tests.cast import Cast

from .browsing import Browser, words
from .planning import ids, one, planned

pytestmark = pytest.mark.django_db
NEW = "sessions:new"


def refused(cast: Cast, *, field: str, **changes: object) -> str:
    """Send a form that must be refused beside a field; gives the words of the page."""
    before = planned()
    answer = Browser(cast.admin, cast.at).post(NEW, **one(cast, **changes))
    assert answer.status_code == 200
    assert field in answer.context["form"].errors
    assert planned() == before
    return words(answer)


def test_a_session_is_planned_as_the_programs_clock_shows_it(cast: Cast) -> None:
    answer = Browser(cast.admin, cast.at).post(NEW, **one(cast, break_after="30", break_length="10"))
    (made,) = planned()
    assert answer.headers["Location"] == reverse("sessions:detail", args=[made.pk])
    assert made.scheduled_start == datetime(2026, 3, 5, 19, 0, tzinfo=UTC)
    assert made.scheduled_end - made.scheduled_start == timedelta(hours=1)
    (pause,) = made.break_spans
    assert pause == (
        made.scheduled_start + timedelta(minutes=30),
        made.scheduled_start + timedelta(minutes=40),
    )
    roster = RosterEntry.objects.current().filter(group_session=made)
    assert [entry.patient.user for entry in roster] == [cast.patient]
    assert AuditEvent.objects.get(action=AuditAction.SESSION_CREATED, subject_id=made.pk).actor == cast.admin


def test_nine_stays_nine_when_the_clocks_change(cast: Cast) -> None:
    admin = Browser(cast.admin, cast.at)
    for day in ("2026-03-07", "2026-03-08", "2026-10-31", "2026-11-01"):
        assert admin.post(NEW, **one(cast, day=day, starts_at="09:00")).status_code == 302
    assert [made.scheduled_start.hour for made in planned()] == [14, 13, 13, 14]


def test_an_hour_that_the_spring_skips_is_refused_in_words(cast: Cast) -> None:
    text = refused(cast, field="starts_at", day="2026-03-08", starts_at="02:30")
    assert "The clocks go forward then: this hour does not exist on that day." in text


def test_an_hour_that_the_autumn_repeats_means_its_first_turn(cast: Cast) -> None:
    Browser(cast.admin, cast.at).post(NEW, **one(cast, day="2026-11-01", starts_at="01:30"))
    assert planned()[0].scheduled_start == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("after", "length", "field"),
    [
        ("30", "", "break_length"),
        ("", "10", "break_length"),
        ("50", "10", "break_after"),
        ("0", "5", "break_after"),
    ],
)
def test_a_break_lies_inside_its_session(cast: Cast, after: str, length: str, field: str) -> None:
    refused(cast, field=field, break_after=after, break_length=length)
    refused(
        cast, field=f"second_{field}", second_break_after=after, second_break_length=length, duration_min="60"
    )


def test_a_long_session_may_have_two_breaks_one_after_the_other(cast: Cast) -> None:
    two = {"break_after": "20", "break_length": "5", "second_break_length": "5"}
    refused(cast, field="second_break_after", **two, second_break_after="24")
    Browser(cast.admin, cast.at).post(NEW, **one(cast, **two, second_break_after="40"))
    (made,) = planned()
    assert [(start - made.scheduled_start).seconds // 60 for start, _ in made.break_spans] == [20, 40]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("title", "  "),
        ("title", "x" * 121),
        ("service_type", "party"),
        ("facilitator", ""),
        ("facilitator", "nobody"),
        ("day", "0001-01-01"),
        ("day", "9999-12-31"),
        ("day", "2026-02-30"),
        ("starts_at", "25:00"),
        ("duration_min", "0"),
        ("duration_min", "100000"),
        ("patients", ["7"]),
        ("program", "7"),
    ],
)
def test_what_cannot_be_meant_is_refused_beside_its_field(cast: Cast, name: str, value: object) -> None:
    refused(cast, field=name, **{name: value})


def test_a_time_that_is_over_is_refused(cast: Cast) -> None:
    text = refused(cast, field="day", day="2026-03-04", starts_at="08:59")
    assert "This time is over already." in text
    # The group that came together at once and is entered ten minutes later is not over.
    answer = Browser(cast.admin, cast.at).post(
        NEW, **one(cast, day="2026-03-04", starts_at="09:50", patients=[])
    )
    assert answer.status_code == 302


def test_people_of_another_program_are_not_offered_and_not_taken(cast: Cast) -> None:
    text = Browser(cast.admin, cast.at).read(NEW)
    assert "Cole Example" in text
    assert "Otto Example" not in text
    assert "Quentin Example" not in text
    refused(cast, field="facilitator", facilitator=str(cast.other_therapist.pk))
    refused(cast, field="patients", patients=ids(cast, cast.other_patient))
    refused(cast, field="program", program=str(cast.other_program.pk))


def test_with_two_programs_people_still_belong_to_their_own(cast: Cast) -> None:
    add_membership(actor=cast.system_admin, program=cast.other_program, user=cast.admin, at=cast.at)
    text = refused(cast, field="facilitator", facilitator=str(cast.other_therapist.pk))
    assert "This person does not work in that program." in text
    text = refused(cast, field="patients", patients=ids(cast, cast.patient, cast.other_patient))
    assert "Some of these patients are not enrolled in that program." in text


def test_who_has_not_accepted_the_invitation_is_not_offered(cast: Cast) -> None:
    User.objects.filter(pk=cast.covering_therapist.pk).update(is_active=False)
    assert "Cole Example" not in Browser(cast.admin, cast.at).read(NEW)
    refused(cast, field="facilitator")


def test_a_conflict_stands_beside_the_form_with_what_was_typed(cast: Cast) -> None:
    busy = {"day": "2026-03-04", "starts_at": "10:30"}
    text = refused(cast, field="__all__", **busy, facilitator=str(cast.therapist.pk), title="Kept words")
    assert "The facilitator leads another session then (it starts on 2026-03-04 at 10:10)." in text
    answer = Browser(cast.admin, cast.at).post(NEW, **one(cast, **busy, title="Kept words"))
    assert "A patient on the roster has another session then" in words(answer)
    assert 'value="Kept words"' in answer.content.decode()


def test_only_administrators_plan(cast: Cast) -> None:
    for person in (cast.patient, cast.therapist, cast.case_manager, cast.auditor, cast.system_admin):
        assert Browser(person, cast.at).get(NEW).status_code == 403
        assert Browser(person, cast.at).post(NEW, **one(cast)).status_code == 403
    assert planned() == []


def test_without_a_program_there_is_nothing_to_plan(cast: Cast) -> None:
    ProgramMembership.objects.filter(user=cast.admin).delete()
    assert "You do not belong to a program at the moment." in Browser(cast.admin, cast.at).read(NEW)
    refused(cast, field="program")
