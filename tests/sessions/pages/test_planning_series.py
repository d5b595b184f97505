"""Planning a weekly series through its form, and the page of a series."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse

from sessions.models import RosterEntry, SessionSeries
from telehealth.audit.actions import AuditAction
from telehealth.audit.models import AuditEvent
from tests.cast import Cast

from .browsing import Browser, words
from .planning import ids, planned, series_of, weekly

pytestmark = pytest.mark.django_db
NEW, SERIES = "sessions:series_new", "sessions:series"
ADD, OFF = "sessions:member_add", "sessions:member_off"
NEW_YORK = ZoneInfo("America/New_York")


def refused(cast: Cast, *, field: str, **changes: object) -> str:
    """Send a form that must be refused beside a field; gives the words of the page."""
    answer = Browser(cast.admin, cast.at).post(NEW, **weekly(cast, **changes))
    assert answer.status_code == 200
    assert field in answer.context["form"].errors
    assert not SessionSeries.objects.exists()
    return words(answer)


def make(cast: Cast, **changes: object) -> SessionSeries:
    """Plan a series of four sessions that must be accepted."""
    answer = Browser(cast.admin, cast.at).post(NEW, **weekly(cast, **changes))
    assert answer.headers["Location"] == reverse(SERIES, args=[series_of().pk])
    return series_of()


def test_a_series_meets_at_the_same_hour_before_and_after_the_clocks_go_forward(cast: Cast) -> None:
    make(
        cast,
        starts_at="09:00",
        weekdays=["5", "6"],
        until_on="2026-03-08",
        break_after="20",
        break_length="5",
    )
    assert [made.scheduled_start.isoformat() for made in planned()] == [
        "2026-03-07T14:00:00+00:00",
        "2026-03-08T13:00:00+00:00",
    ]
    for made in planned():
        assert made.scheduled_start.astimezone(NEW_YORK).hour == 9
        (pause,) = made.break_spans
        assert pause[0] - made.scheduled_start == timedelta(minutes=20)
        assert pause[1] - pause[0] == timedelta(minutes=5)


def test_a_series_meets_at_the_same_hour_before_and_after_the_clocks_go_back(cast: Cast) -> None:
    make(cast, starts_at="09:00", weekdays=["5", "6"], starts_on="2026-10-31", until_on="2026-11-01")
    assert [made.scheduled_start.isoformat() for made in planned()] == [
        "2026-10-31T13:00:00+00:00",
        "2026-11-01T14:00:00+00:00",
    ]


def test_everybody_is_on_every_roster_and_the_trail_says_who_planned(cast: Cast) -> None:
    made = make(cast, patients=ids(cast, cast.patient, cast.more_patients[0]))
    assert len(planned()) == 4
    assert RosterEntry.objects.current().filter(group_session__series=made).count() == 8
    assert AuditEvent.objects.get(action=AuditAction.SERIES_CREATED).actor == cast.admin


def test_a_last_day_before_the_first_is_refused(cast: Cast) -> None:
    text = refused(cast, field="until_on", until_on="2026-03-04")
    assert "The last day comes before the first one." in text


def test_days_between_which_nothing_falls_are_refused(cast: Cast) -> None:
    text = refused(cast, field="__all__", weekdays=["2"], until_on="2026-03-09")
    assert "No session falls between these two days." in text


def test_a_series_has_an_end_in_sight(cast: Cast) -> None:
    text = refused(cast, field="__all__", until_on="2099-12-31")
    assert "A series has at most 400 sessions." in text
    refused(cast, field="until_on", until_on="9999-12-31")
    refused(cast, field="starts_on", starts_on="0001-01-01")


def test_a_series_does_not_begin_in_the_past(cast: Cast) -> None:
    assert "This day is over already." in refused(cast, field="starts_on", starts_on="2026-03-03")


@pytest.mark.parametrize(
    ("name", "value"), [("weekdays", None), ("weekdays", ["7"]), ("weekdays", ["x"]), ("starts_at", "noon")]
)
def test_what_cannot_be_meant_is_refused_beside_its_field(cast: Cast, name: str, value: object) -> None:
    refused(cast, field=name, **{name: value})


def test_people_of_another_program_are_refused(cast: Cast) -> None:
    refused(cast, field="facilitator", facilitator=str(cast.other_therapist.pk))
    refused(cast, field="patients", patients=ids(cast, cast.other_patient))


def test_one_conflict_refuses_all_of_a_series_and_says_when(cast: Cast) -> None:
    text = refused(cast, field="__all__", weekdays=["2"], starts_on="2026-03-04", starts_at="10:00")
    assert "A patient on the roster has another session then (it starts on 2026-03-04 at 10:10)." in text
    assert planned() == []


def test_the_page_of_a_series_shows_rule_members_and_what_is_to_come(cast: Cast) -> None:
    made = make(cast)
    text = Browser(cast.admin, cast.at).read(SERIES, made.pk)
    assert "Mondays, Sundays at 2:00 PM on the program's clock, 1 h, until March 16, 2026" in text
    assert "Sunday, March 8, 2:00 PM - 3:00 PM EDT" in text
    assert "Pat Example" in text
    later = Browser(cast.admin, cast.at + timedelta(days=6)).read(SERIES, made.pk)
    assert "March 8" not in later
    assert "Sunday, March 15" in later


def test_a_member_is_added_to_and_taken_off_all_that_is_to_come(cast: Cast) -> None:
    made, admin = make(cast), Browser(cast.admin, cast.at + timedelta(days=6))
    newcomer = cast.record_of(cast.more_patients[0])
    assert admin.post(ADD, made.pk, patient=str(newcomer.pk)).status_code == 302
    assert "The patient is on 2 coming sessions." in admin.read(SERIES, made.pk)
    entries = RosterEntry.objects.current().filter(group_session__series=made, patient=newcomer)
    assert entries.count() == 2
    assert admin.post(OFF, made.pk, newcomer.pk).status_code == 302
    assert "The patient is off 2 coming sessions." in admin.read(SERIES, made.pk)
    assert entries.count() == 0
    assert admin.post(OFF, made.pk, newcomer.pk).status_code == 404


def test_who_cannot_be_a_member_is_refused_beside_the_form(cast: Cast) -> None:
    made, admin = make(cast), Browser(cast.admin, cast.at)
    for patient in (*ids(cast, cast.other_patient), *ids(cast, cast.patient), "", "7"):
        answer = admin.post(ADD, made.pk, patient=patient)
        assert answer.status_code == 409
        assert answer.context["form"].errors
    assert admin.post(OFF, made.pk, cast.record_of(cast.other_patient).pk).status_code == 404
    assert RosterEntry.objects.current().filter(group_session__series=made).count() == 4


def test_a_member_who_is_busy_is_refused_on_all_days(cast: Cast) -> None:
    made = make(cast, patients=[], weekdays=["2", "3"], starts_on="2026-03-04", starts_at="10:00")
    answer = Browser(cast.admin, cast.at).post(ADD, made.pk, patient=ids(cast, cast.patient)[0])
    assert answer.status_code == 409
    assert "A patient on the roster has another session then" in words(answer)
    assert not RosterEntry.objects.current().filter(group_session__series=made).exists()


def test_auditors_and_case_managers_read_a_series_and_others_do_not(cast: Cast) -> None:
    made = make(cast)
    patient = cast.record_of(cast.patient).pk
    for person in (cast.auditor, cast.case_manager):
        answer = Browser(person, cast.at).get(SERIES, made.pk)
        assert answer.status_code == 200
        assert "Take off" not in words(answer)
        assert Browser(person, cast.at).post(ADD, made.pk, patient=str(patient)).status_code == 403
        assert Browser(person, cast.at).post(OFF, made.pk, patient).status_code == 403
    other_admin = cast.other_program.memberships.get(user__role="program_admin").user
    assert Browser(other_admin, cast.at).get(SERIES, made.pk).status_code == 404
    assert Browser(other_admin, cast.at).post(ADD, made.pk, patient=str(patient)).status_code == 404
