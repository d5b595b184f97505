"""Today's groups for therapists and case managers, with the roster that renews itself."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from sessions.models import ServiceType
from sessions.services import room
from sessions.services.recording import attendance
from sessions.services.scheduling.schedule import create_session
from telehealth.accounts.models import User
from tests.cast import Cast
from tests.factories import join, open_with

from .browsing import Browser, words
from .stories import MINUTE, running

pytestmark = pytest.mark.django_db
TODAY, ROSTER = "sessions:therapist_home", "sessions:live_roster"
HTMX = {"HX-Request": "true"}


def another_group(cast: Cast, *, starts_in: timedelta, title: str) -> None:
    start = cast.at + starts_in
    create_session(
        actor=cast.admin,
        program=cast.program,
        title=title,
        service_type=ServiceType.GROUP_THERAPY,
        facilitator=cast.covering_therapist,
        start=start,
        end=start + timedelta(hours=1),
        patients=[],
        at=cast.at,
    )


def test_ones_own_group_comes_first_though_it_begins_later(cast: Cast) -> None:
    another_group(cast, starts_in=MINUTE, title="Colleague's group")
    text = Browser(cast.therapist, cast.at).read(TODAY)
    assert text.index("Morning group") < text.index("Colleague's group")
    assert "Your group" in text
    theirs = Browser(cast.covering_therapist, cast.at).read(TODAY)
    assert theirs.index("Colleague's group") < theirs.index("Morning group")


def test_only_today_is_shown_by_the_clock_of_the_program(cast: Cast) -> None:
    another_group(cast, starts_in=timedelta(hours=13), title="Late tonight")
    another_group(cast, starts_in=timedelta(hours=15), title="After midnight")
    text = Browser(cast.therapist, cast.at).read(TODAY)
    assert "Late tonight" in text
    assert "After midnight" not in text


def test_other_programs_do_not_exist(cast: Cast) -> None:
    stranger = Browser(cast.other_therapist, cast.at)
    assert "No groups today." in stranger.read(TODAY)
    assert stranger.get(ROSTER, cast.group_session.pk, headers=HTMX).status_code == 404


def test_who_is_missing_stands_there_with_a_number_to_call(cast: Cast) -> None:
    User.objects.filter(pk=cast.patient_unsigned.pk).update(phone="+1 212 555 0199")
    start = cast.group_session.scheduled_start
    open_with(cast, cast.patient, at=start)
    join(cast, cast.more_patients[0], start)
    early = Browser(cast.therapist, start + 4 * MINUTE).read(ROSTER, cast.group_session.pk)
    assert "missing" not in early
    answer = Browser(cast.therapist, start + 5 * MINUTE).get(ROSTER, cast.group_session.pk, headers=HTMX)
    text = words(answer)
    assert "1 missing. Call them: Una Example +1 212 555 0199" in text
    assert 'href="tel:+12125550199"' in answer.content.decode()
    assert "Waiting since 10:10 AM EST" in text


def test_the_partial_is_one_group_without_the_page_around_it(cast: Cast) -> None:
    answer = Browser(cast.therapist, cast.at).get(ROSTER, cast.group_session.pk, headers=HTMX)
    content = answer.content.decode()
    assert "<html" not in content
    assert "Morning group" in content
    home = Browser(cast.therapist, cast.at).get(TODAY).content.decode()
    assert f'hx-get="{reverse(ROSTER, args=[cast.group_session.pk])}"' in home


def test_minutes_come_from_stored_facts(cast: Cast) -> None:
    known, _ = running(cast)
    text = Browser(cast.therapist, known + 40 * MINUTE).read(ROSTER, cast.group_session.pk)
    assert "In the room 19 " in text
    assert "Minutes are known up to 10:30 AM EST." in text


def test_asking_for_the_roster_stops_when_its_minutes_are_final(cast: Cast) -> None:
    known, relay = running(cast)
    pk = cast.group_session.pk
    assert Browser(cast.therapist, known).get(ROSTER, pk, headers=HTMX).status_code == 200
    room.end_session(actor=cast.therapist, group_session_id=pk, at=known)
    waits = Browser(cast.therapist, known).get(ROSTER, pk, headers=HTMX)
    assert waits.status_code == 200
    assert "The session is over. All observations are in. The minutes are being computed." in words(waits)
    relay.deliver(known, is_last=True)
    attendance.recompute(pk, at=known)
    final = Browser(cast.therapist, known).get(ROSTER, pk, headers=HTMX)
    assert final.status_code == 286
    assert "The session is over and its minutes are final." in words(final)
    assert 'hx-trigger="none"' in Browser(cast.therapist, known).get(TODAY).content.decode()


def test_nobody_is_asked_for_ever_about_facts_that_do_not_come(cast: Cast) -> None:
    known, _ = running(cast)
    room.end_session(actor=cast.therapist, group_session_id=cast.group_session.pk, at=known)
    later = Browser(cast.therapist, known + 60 * MINUTE)
    assert later.get(ROSTER, cast.group_session.pk, headers=HTMX).status_code == 286


def test_a_colleague_may_cover_and_a_case_manager_only_looks(cast: Cast) -> None:
    link = reverse("realtime:room", args=[cast.group_session.pk])
    assert "Open the room" in Browser(cast.therapist, cast.at).read(TODAY)
    assert "Cover this group" in Browser(cast.covering_therapist, cast.at).read(TODAY)
    for name, ids in ((TODAY, ()), (ROSTER, (cast.group_session.pk,))):
        answer = Browser(cast.case_manager, cast.at).get(name, *ids)
        assert "Morning group" in words(answer)
        assert link not in answer.content.decode()


def test_a_group_without_a_clinician_says_when_it_ends_by_itself(cast: Cast) -> None:
    start = cast.group_session.scheduled_start
    seat = open_with(cast, cast.patient, at=start)[cast.therapist].connection
    gone = start + 10 * MINUTE
    room.leave(actor=cast.therapist, group_session_id=cast.group_session.pk, connection=seat, at=gone)
    text = Browser(cast.covering_therapist, start + 11 * MINUTE).read(TODAY)
    assert "No clinician is in the room. Without one the session ends" in text


def test_a_day_without_groups_says_so(cast: Cast) -> None:
    tomorrow = cast.at + timedelta(days=1)
    assert "No groups today." in Browser(cast.therapist, tomorrow).read(TODAY)


def test_patients_and_administrators_have_other_homes(cast: Cast) -> None:
    for person in (cast.patient, cast.admin, cast.auditor, cast.system_admin):
        assert Browser(person, cast.at).get(TODAY).status_code == 403
        assert Browser(person, cast.at).get(ROSTER, cast.group_session.pk).status_code == 403


def test_a_page_that_renews_itself_keeps_nobody_signed_in(cast: Cast) -> None:
    browser = Browser(cast.therapist, cast.at)
    page = browser.get(TODAY).content.decode()
    assert "X-Renewal" in page
    renewal = {**HTMX, "X-Renewal": "true"}
    statuses = [
        browser.later(minutes, ROSTER, cast.group_session.pk, headers=renewal) for minutes in (5, 14, 16)
    ]
    assert statuses == [200, 200, 204]
