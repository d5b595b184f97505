"""The week board's page: what it says, the one click that saves a week, and the click that takes it back."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from sessions.models import GroupSession, RosterEntry
from telehealth.audit.models import AuditEvent
from tests.cast import Cast
from tests.sessions.services.held import hold, plan

from .browsing import Browser, words

pytestmark = pytest.mark.django_db

MONDAY, TUESDAY, THURSDAY = date(2026, 3, 2), date(2026, 3, 3), date(2026, 3, 5)
BACK = "/admin/weeks/?flag=SHORTFALL_CERTAIN"


def story(cast: Cast) -> tuple[RosterEntry, GroupSession]:
    """Let the patient miss Tuesday, with a group to spare on Thursday."""
    hold(plan(cast, MONDAY, cast.patient), pat=180)
    missed = hold(plan(cast, TUESDAY, cast.patient))
    spare = plan(cast, THURSDAY, title="Thursday group")
    return RosterEntry.objects.get(group_session=missed), spare


def form(cast: Cast, group: GroupSession, entry: RosterEntry | None = None) -> dict[str, str]:
    fields = {"patient": str(cast.record_of(cast.patient).pk), "session": str(group.pk), "next": BACK}
    return fields if entry is None else {**fields, "absence": str(entry.pk)}


def test_a_row_says_hours_flag_and_what_would_help(cast: Cast) -> None:
    story(cast)
    text = Browser(cast.admin, cast.at).read("sessions:week_board")
    assert "Week of March 1 - March 7, 2026" in text
    assert "Pat Example" in text
    assert "3 h of 9 h" in text
    assert "3 h still planned, 3 h short" in text
    assert "Add to Thu 9:00 AM: Pat Example" in text
    assert "Thursday group, 3 h, 12 places left; makes up Tue Mar 3" in text


def test_pictures_are_said_in_words(cast: Cast) -> None:
    story(cast)
    page = Browser(cast.admin, cast.at).get("sessions:week_board").content.decode()
    assert 'aria-label="Monday 3 h; Tuesday nothing counted; Wednesday still to come"' in page
    assert "Last weeks, share of the target: 0%, 0%, 0%, 0%" in page


def test_one_click_places_the_patient_and_another_takes_them_off(cast: Cast) -> None:
    entry, spare = story(cast)
    browser = Browser(cast.admin, cast.at)
    answer = browser.post("sessions:make_up", **form(cast, spare, entry))
    assert (answer.status_code, answer["Location"]) == (302, BACK)
    placed = RosterEntry.objects.get(group_session=spare)
    assert (placed.makes_up, placed.removed_at) == (entry, None)
    text = browser.read("sessions:week_board")
    assert "The patient is on the roster. Undo it in their row" in text
    assert "Makes up Tue on Thu Mar 5, 9:00 AM, Thursday group" in text
    assert "Undo the make-up of Pat Example" in text
    browser.post("sessions:make_up_off", **form(cast, spare))
    placed.refresh_from_db()
    assert placed.removed_at == cast.at
    assert "The make-up is taken back." in browser.read("sessions:week_board")


def test_a_refusal_is_told_on_the_board(cast: Cast) -> None:
    entry, spare = story(cast)
    browser = Browser(cast.admin, cast.at)
    for _ in range(2):
        browser.post("sessions:make_up", **form(cast, spare, entry))
    text = browser.read("sessions:week_board")
    assert "has been made up" in text


def test_what_is_no_form_and_what_is_not_ours_is_not_found(cast: Cast) -> None:
    _, spare = story(cast)
    browser = Browser(cast.admin, cast.at)
    assert browser.post("sessions:make_up", patient="x").status_code == 404
    stranger = {**form(cast, spare), "patient": str(cast.record_of(cast.other_patient).pk)}
    assert browser.post("sessions:make_up", **stranger).status_code == 404
    away = browser.post("sessions:make_up", **{**form(cast, spare), "next": "https://example.org/"})
    assert away["Location"] == "/admin/weeks/"


def test_a_colleague_may_look_and_not_place(cast: Cast) -> None:
    _, spare = story(cast)
    browser = Browser(cast.covering_therapist, cast.at)
    assert "Add to" not in browser.read("sessions:week_board")
    assert browser.post("sessions:make_up", **form(cast, spare)).status_code == 403
    assert not RosterEntry.objects.filter(group_session=spare).exists()
    assert Browser(cast.case_manager, cast.at).post("sessions:make_up").status_code == 403
    assert "Add to" not in Browser(cast.auditor, cast.at).read("sessions:week_board", week="2026-02-22")


def test_the_address_keeps_the_filters_and_nonsense_narrows_nothing(cast: Cast) -> None:
    story(cast)
    browser = Browser(cast.admin, cast.at)
    page = browser.get("sessions:week_board", flag="SHORTFALL_CERTAIN", week="2026-03-03").content.decode()
    assert "?flag=SHORTFALL_CERTAIN&amp;week=2026-02-22" in page
    assert "?week=2026-03-03&amp;flag=ON_TRACK" in page or 'aria-current="true"' in page
    text = browser.read("sessions:week_board", track="x", week="then", page="-1")
    assert "Week of March 1" in text
    assert "Nobody stands there this week" in browser.read("sessions:week_board", flag="ON_HOLD")


def test_a_week_that_is_over_says_why(cast: Cast) -> None:
    story(cast)
    text = Browser(cast.admin, cast.at + timedelta(days=7)).read("sessions:week_board", week="2026-03-01")
    assert "A week that is over" in text
    assert "3 h did not come" in text
    assert "Add to" not in text


def test_looking_is_in_the_trail_with_what_was_asked_for(cast: Cast) -> None:
    story(cast)
    Browser(cast.auditor, cast.at).read("sessions:week_board", week="2026-02-22")
    event = AuditEvent.objects.get(action="attendance.week_board_viewed")
    assert (event.actor_id, event.subject_id) == (cast.auditor.pk, str(cast.program.pk))
    assert event.data["week"] == "2026-02-22"
    assert event.data["patients"] == 4


def test_the_number_of_queries_does_not_grow_with_the_patients(cast: Cast) -> None:
    browser = Browser(cast.admin, cast.at)
    before = browser.queries("sessions:week_board")
    story(cast)
    hold(plan(cast, TUESDAY, cast.patient_off_roster, hour=14), ophelia=180)
    # Once there is anybody to save and a session to save them by, it stays as it is.
    with_story = browser.queries("sessions:week_board")
    for hour in (13, 17):
        plan(cast, THURSDAY, *cast.more_patients, hour=hour)
    assert browser.queries("sessions:week_board") == with_story
    assert with_story <= before + 3


def test_somebody_without_a_program_is_told_so(cast: Cast) -> None:
    later = cast.at + timedelta(days=400)
    assert "do not belong to a program" in words(Browser(cast.auditor, later).get("sessions:week_board"))
