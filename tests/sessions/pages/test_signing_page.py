"""The clinician's way from the day's list over the roster and a proof of who they are to a signature."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus

import pytest
from django.urls import reverse

from sessions.models import AttendanceRecord, GroupSession, RosterState, SignOff
from sessions.services.recording import attendance
from telehealth.audit.models import AuditEvent
from tests.cast import PASSWORD, Cast
from tests.factories import fresh

from ..settling.desk import ENDED, SOON, approve, ask, object_to, record_of, shown, sign
from .browsing import Browser, words
from .stories import example_b, running

pytestmark = pytest.mark.django_db
ROSTER, SIGN = "sessions:roster", "sessions:sign_off"


def prove(browser: Browser, group: GroupSession) -> None:
    """Press the button that asks who is there, and type the password."""
    asked = browser.post(SIGN, group.pk)
    assert asked.status_code == HTTPStatus.FOUND
    assert asked["Location"].startswith(reverse("account_reauthenticate"))
    back = reverse(SIGN, args=[group.pk])
    answer = browser.post("account_reauthenticate", password=PASSWORD, next=back)
    assert answer["Location"] == back


def put_name(browser: Browser, group: GroupSession, **changed: str) -> object:
    data = {"shown_hash": shown(group), "credential": "LCSW", "agreed": "on", **changed}
    return browser.post(SIGN, group.pk, **data)


def test_the_roster_says_for_everyone_what_counts_and_why(cast: Cast) -> None:
    group = example_b(cast)
    ask(cast, group, 160)
    for reader in (cast.therapist, cast.covering_therapist, cast.case_manager, cast.admin):
        text = Browser(reader, SOON).read(ROSTER, group.pk)
        mine = text[text.index("Pat Example") : text.index("Patient2 Example")]
        for said in (
            "Present for a part",
            "Corrected",
            "Observed154 min",
            "Credited160 min",
            "Billable153 min",
            "160 minutes count by a correction",
            "154 → 160 min",
            "(+6)",
            "The tablet froze; we went on by phone.",
            "Asked for by Thea Example, therapist",
            "Arrived late",
        ):
            assert said in mine
        assert "Not signed" in text
    assert AuditEvent.objects.filter(action="attendance.viewed", subject_id=str(group.pk)).count() == 4


def test_rosters_are_for_the_programs_staff_only(cast: Cast) -> None:
    group = example_b(cast)
    assert Browser(cast.other_therapist, SOON).get(ROSTER, group.pk).status_code == HTTPStatus.NOT_FOUND
    for person in (cast.patient, cast.auditor, cast.system_admin):
        assert Browser(person, SOON).get(ROSTER, group.pk).status_code == HTTPStatus.FORBIDDEN


def test_only_who_led_is_offered_to_sign(cast: Cast) -> None:
    group = example_b(cast)
    assert "Sign the roster" in Browser(cast.therapist, SOON).read(ROSTER, group.pk)
    text = Browser(cast.covering_therapist, SOON).read(ROSTER, group.pk)
    assert "Sign the roster" not in text
    assert "Ask the clinician who led it to sign." in text
    assert Browser(cast.covering_therapist, SOON).get(SIGN, group.pk).status_code == HTTPStatus.FORBIDDEN


def test_a_signature_takes_the_words_the_rows_and_a_proof_for_this_very_act(cast: Cast) -> None:
    group, browser = example_b(cast), Browser(cast.therapist, SOON)
    text = browser.read(SIGN, group.pk)
    assert "I led this session; the roster and times are correct." in text
    assert "154 of 180 minutes count." in text
    assert shown(group)[:12] in text
    assert "Your credential" not in text
    prove(browser, group)
    page = browser.get(SIGN, group.pk)
    assert "Your credential" in words(page)
    assert put_name(browser, group)["Location"] == reverse(ROSTER, args=[group.pk])
    signed = SignOff.objects.get()
    assert (signed.authentication_method, signed.authenticated_at) == ("password", SOON)
    assert fresh(group).roster_state == RosterState.ATTESTED
    text = browser.read(ROSTER, group.pk)
    for said in ("Thea Example, LCSW", "facilitator of record", signed.roster_hash[:12], "In force"):
        assert said in text


def test_without_a_proof_nothing_is_signed(cast: Cast) -> None:
    group, browser = example_b(cast), Browser(cast.therapist, SOON)
    assert put_name(browser, group)["Location"].startswith(reverse("account_reauthenticate"))
    assert not SignOff.objects.exists()


def test_a_wrong_password_proves_nothing(cast: Cast) -> None:
    group, browser = example_b(cast), Browser(cast.therapist, SOON)
    browser.post(SIGN, group.pk)
    browser.post("account_reauthenticate", password="not mine", next=reverse(SIGN, args=[group.pk]))
    assert "Your credential" not in browser.read(SIGN, group.pk)


def test_a_proof_for_something_else_does_not_sign(cast: Cast) -> None:
    group, browser = example_b(cast), Browser(cast.therapist, SOON)
    browser.post("account_reauthenticate", password=PASSWORD, next="/")
    assert "Your credential" not in browser.read(SIGN, group.pk)
    browser.at = SOON + timedelta(seconds=1)
    put_name(browser, group)
    assert not SignOff.objects.exists()


def test_a_proof_grows_old_and_signs_once(cast: Cast) -> None:
    group, browser = example_b(cast), Browser(cast.therapist, SOON)
    prove(browser, group)
    browser.at = SOON + timedelta(minutes=5)
    put_name(browser, group)
    assert not SignOff.objects.exists()
    browser.at = SOON + timedelta(minutes=6)
    prove(browser, group)
    put_name(browser, group)
    ask(cast, group, 160, browser.at)
    browser.at += timedelta(seconds=10)
    put_name(browser, group)
    assert SignOff.objects.count() == 1


def test_a_roster_that_changed_meanwhile_is_shown_anew(cast: Cast) -> None:
    group, browser = example_b(cast), Browser(cast.therapist, SOON)
    prove(browser, group)
    seen = shown(group)
    ask(cast, group, 160)
    answer = put_name(browser, group, shown_hash=seen)
    text = words(answer)
    assert "The roster has changed since it was shown to you." in text
    assert "160 min" in text
    assert shown(group) in answer.content.decode()  # type: ignore[attr-defined]
    assert not SignOff.objects.exists()
    put_name(browser, group)
    assert SignOff.objects.count() == 1


def test_the_words_have_to_be_agreed_to_and_the_credential_named(cast: Cast) -> None:
    group, browser = example_b(cast), Browser(cast.therapist, SOON)
    prove(browser, group)
    for missing in ("agreed", "credential"):
        answer = put_name(browser, group, **{missing: ""})
        assert "This field is required" in words(answer)
    assert not SignOff.objects.exists()


def test_a_running_session_says_that_it_is_signed_later(cast: Cast) -> None:
    known, _ = running(cast)
    browser = Browser(cast.therapist, known)
    assert "The session is running." in browser.read(ROSTER, cast.group_session.pk)
    assert "The roster is signed when the session is over." in browser.read(SIGN, cast.group_session.pk)


def test_what_is_not_final_says_what_it_waits_for(cast: Cast) -> None:
    group = example_b(cast)
    AttendanceRecord.objects.filter(pk=record_of(cast, group).pk).update(is_final=False)
    text = Browser(cast.therapist, SOON).read(ROSTER, group.pk)
    assert "not final yet" in text
    assert "All observations are in. The minutes are being computed." in text
    attendance.recompute(group.pk, at=SOON)
    assert "not final yet" not in Browser(cast.therapist, SOON).read(ROSTER, group.pk)


def test_the_day_lists_what_waits_to_be_signed_and_how_long(cast: Cast) -> None:
    group = example_b(cast)
    day = "sessions:therapist_home"
    assert "45 min ago" in Browser(cast.therapist, SOON).read(day)
    assert "Overdue, 3 days" in Browser(cast.therapist, ENDED + timedelta(days=3)).read(day)
    assert "To settle" not in Browser(cast.covering_therapist, SOON).read(day)
    assert "To settle" not in Browser(cast.case_manager, SOON).read(day)
    sign(cast, group)
    assert "To settle" not in Browser(cast.therapist, SOON).read(day)
    object_to(cast, group)
    assert "1 patient objects" in Browser(cast.therapist, SOON).read(day)


def test_objections_and_open_requests_stand_on_the_roster(cast: Cast) -> None:
    group = example_b(cast)
    object_to(cast, group)
    pending = ask(cast, group, 180)
    text = Browser(cast.therapist, SOON).read(ROSTER, group.pk)
    assert "Pat Example objects to 154 minutes" in text
    assert "Waits for a decision" in text
    assert "Take it back" in text
    assert "A correction waits for a decision." in text
    assert "Take it back" not in Browser(cast.admin, SOON).read(ROSTER, group.pk)
    approve(cast, pending)


def test_the_roster_takes_as_many_queries_for_two_patients_as_for_four(cast: Cast) -> None:
    group = example_b(cast)
    browser = Browser(cast.therapist, SOON)
    before = browser.queries(ROSTER, group.pk)
    record = record_of(cast, group)
    for person in (cast.patient_off_roster, cast.patient_unsigned):
        record.pk, record._state.adding = None, True
        record.patient = cast.record_of(person)
        record.save(force_insert=True)
    assert browser.queries(ROSTER, group.pk) == before
