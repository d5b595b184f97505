"""What a patient's home shows, and whom it never shows."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from sessions.selectors import week_of
from sessions.services import room
from sessions.services.recording import attendance
from sessions.services.scheduling.schedule import cancel_session
from telehealth.accounts.models import User
from tests.cast import Cast

from .browsing import Browser, words
from .stories import MINUTE, example_b, ny, running, tuesday_group

pytestmark = pytest.mark.django_db
HOME, LIVE = "sessions:patient_home", "sessions:patient_live"


def test_join_stands_there_only_while_the_waiting_room_is_open(cast: Cast) -> None:
    link = reverse("realtime:room", args=[cast.group_session.pk])
    opens = cast.group_session.lobby_opens_at
    early = Browser(cast.patient, opens - MINUTE).get(HOME)
    assert "Join" not in words(early)
    assert "The waiting room opens Wednesday, March 4, 9:55 AM EST." in words(early)
    for at in (opens, cast.group_session.scheduled_end - MINUTE):
        answer = Browser(cast.patient, at).get(HOME)
        assert f'href="{link}"' in answer.content.decode()
        assert "Join" in words(answer)
    over = Browser(cast.patient, cast.group_session.scheduled_end).get(HOME)
    assert link not in over.content.decode()


def test_times_are_the_patients_own_with_the_programs_beside_them_where_they_differ(cast: Cast) -> None:
    here = Browser(cast.patient, cast.at).read(HOME)
    assert "Wednesday, March 4, 10:10 AM - 1:10 PM EST" in here
    assert "New York)" not in here
    User.objects.filter(pk=cast.patient.pk).update(time_zone="America/Los_Angeles")
    away = Browser(cast.patient, cast.at).read(HOME)
    assert "7:10 AM - 10:10 AM PST (10:10 AM - 1:10 PM EST, New York)" in away


def test_the_week_is_the_week_that_is_stored(cast: Cast) -> None:
    example_b(cast)
    week = week_of(cast.record_of(cast.patient), cast.program, cast.at)
    assert week is not None
    assert (week.hours_min, week.target_min, week.remaining_min) == (154, 540, 180)
    text = Browser(cast.patient, cast.at).read(HOME)
    assert "2 h 34 min of 9 h are credited, and 3 h are still planned." in text
    assert "Too few hours" in text
    assert "March 1 to March 7" in text


def test_every_minute_of_a_past_session_is_explained(cast: Cast) -> None:
    example_b(cast)
    text = Browser(cast.patient, cast.at).read(HOME)
    assert (
        "In the room 9:12:20 AM to 12:09 PM. 154 of 180 minutes count. Not counted: 12 min 20 s before"
        " arriving, 7 min 10 s out of the room in between, 6 min after leaving, 30 s beyond the last"
        " whole minute. Counted although the connection dropped: 1 min 30 s. Breaks count for nobody: 15 min."
    ) in text
    assert "may still change" not in text


def test_what_goes_on_is_told_with_the_minutes_so_far_and_ends_when_they_are_final(cast: Cast) -> None:
    known, relay = running(cast)
    answer = Browser(cast.patient, known).get(LIVE, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert "You are in the room. 19 min so far known up to 10:30 AM EST" in words(answer)
    assert reverse(LIVE) in Browser(cast.patient, known).get(HOME).content.decode()
    room.end_session(actor=cast.therapist, group_session_id=cast.group_session.pk, at=known)
    waits = Browser(cast.patient, known).get(LIVE, headers={"HX-Request": "true"})
    assert waits.status_code == 200
    assert "Your minutes are final as soon as the last records of the connection are in." in words(waits)
    relay.deliver(known, is_last=True)
    attendance.recompute(cast.group_session.pk, at=known)
    final = Browser(cast.patient, known).get(LIVE, headers={"HX-Request": "true"})
    assert final.status_code == 286
    assert "your minutes are final." in words(final)
    assert "20 min count" in words(final)


def test_a_page_on_which_nothing_goes_on_asks_for_nothing(cast: Cast) -> None:
    before = cast.group_session.lobby_opens_at - MINUTE
    assert reverse(LIVE) not in Browser(cast.patient, before).get(HOME).content.decode()
    assert Browser(cast.patient, before).get(LIVE, headers={"HX-Request": "true"}).status_code == 286


def test_billable_minutes_are_not_the_patients_business(cast: Cast) -> None:
    example_b(cast)
    text = Browser(cast.patient, cast.at).read(HOME)
    assert "153" not in text
    assert "illable" not in text


def test_a_cancelled_session_counts_against_nobody(cast: Cast) -> None:
    cancel_session(actor=cast.admin, group_session_id=cast.group_session.pk, reason="Storm", at=cast.at)
    text = Browser(cast.patient, cast.at).read(HOME)
    assert "Join" not in text
    assert "Not held" in text
    assert "Your program cancelled this session. It does not count against you." in text


def test_with_nothing_planned_or_held_the_page_says_so(cast: Cast) -> None:
    text = Browser(cast.patient_off_roster, cast.at).read(HOME)
    assert "Nothing is planned for you in the next weeks." in text
    assert "Your past sessions and their minutes will stand here." in text


def test_only_ones_own_sessions_are_shown(cast: Cast) -> None:
    tuesday_group(cast, [cast.more_patients[0]], title="Somebody else's group")
    text = Browser(cast.patient, cast.at).read(HOME)
    assert "Morning group" in text
    assert "Somebody else" not in text
    assert "Morning group" not in Browser(cast.patient_off_roster, cast.at).read(HOME)
    assert "Morning group" not in Browser(cast.other_patient, cast.at).read(HOME)


def test_no_other_patient_is_named_anywhere(cast: Cast) -> None:
    example_b(cast)
    content = Browser(cast.patient, cast.at).get(HOME).content.decode()
    for peer in (cast.more_patients[0], cast.patient_unsigned, cast.patient_off_roster):
        assert peer.given_name not in content
        assert peer.email not in content
        assert str(peer.pk) not in content


def test_the_home_of_a_patient_is_closed_to_staff(cast: Cast) -> None:
    for person in (cast.therapist, cast.case_manager, cast.admin, cast.auditor, cast.system_admin):
        assert Browser(person, cast.at).get(HOME).status_code == 403
        assert Browser(person, cast.at).get(LIVE).status_code == 403


def test_an_account_without_a_record_has_no_home(cast: Cast) -> None:
    lone = User.objects.create_user("lone@example.org", None, role="patient", given_name="L", family_name="E")
    assert Browser(lone, cast.at).get(HOME).status_code == 404
    assert Browser(lone, cast.at).get(LIVE).status_code == 404


def test_a_session_that_is_being_worked_out_says_so(cast: Cast) -> None:
    group = example_b(cast)
    group.attendance_records.all().delete()
    text = Browser(cast.patient, ny("12:15") + timedelta(seconds=5)).read(HOME)
    assert "Being worked out" in text
    assert "Your minutes are being worked out." in text
