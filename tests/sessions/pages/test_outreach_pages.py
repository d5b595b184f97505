"""The pages of absences and outreach: lists, decisions, attempts, and the trail behind them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from sessions.models import AbsenceDecision, GroupSession, OutreachAttempt
from telehealth.accounts.models import User
from telehealth.audit.models import AuditEvent
from tests.cast import Cast
from tests.sessions.services.held import hold, plan

from .browsing import Browser, words

pytestmark = pytest.mark.django_db

TUESDAY = date(2026, 3, 3)


def missed(cast: Cast) -> GroupSession:
    User.objects.filter(pk=cast.patient.pk).update(phone="+1 212 555 0142")
    return hold(plan(cast, TUESDAY, cast.patient))


def test_the_list_of_absences_says_what_is_not_decided(cast: Cast) -> None:
    missed(cast)
    text = Browser(cast.case_manager, cast.at).read("sessions:absences")
    assert "Pat Example" in text
    assert "1 of these absences is not decided yet" in text
    assert "Did not come" in text
    assert "Nobody missed a session here" in Browser(cast.admin, cast.at).read(
        "sessions:absences", to_on="2026-03-01"
    )


def test_a_decision_is_made_on_its_page_and_all_of_them_stay(cast: Cast) -> None:
    group, patient = missed(cast), cast.record_of(cast.patient)
    browser = Browser(cast.therapist, cast.at)
    answer = browser.post(
        "sessions:absence_decide",
        group.pk,
        patient.pk,
        kind="EXCUSED",
        reason="illness",
        noticed_at="2026-03-03T08:15",
        note="Fever & <cough>",
    )
    assert answer.status_code == 302
    decision = AbsenceDecision.objects.get()
    # The program's clock: 8:15 in New York.
    assert decision.noticed_at is not None
    assert decision.noticed_at.isoformat() == "2026-03-03T13:15:00+00:00"
    page = browser.get("sessions:absence_decide", group.pk, patient.pk)
    assert b"Fever &amp; &lt;cough&gt;" in page.content
    assert "Illness stands" in words(page)
    assert "Excused" in browser.read("sessions:absences")


def test_a_refusal_stays_beside_the_form(cast: Cast) -> None:
    group, patient = missed(cast), cast.record_of(cast.patient)
    browser = Browser(cast.admin, cast.at)
    answer = browser.post(
        "sessions:absence_decide", group.pk, patient.pk, kind="EXCUSED", reason="no_contact"
    )
    assert "does not excuse an absence" in words(answer)
    empty = browser.post("sessions:absence_decide", group.pk, patient.pk, note="")
    assert "This field is required" in words(empty)
    assert not AbsenceDecision.objects.exists()


def test_an_auditor_reads_the_list_and_no_note(cast: Cast) -> None:
    group = missed(cast)
    Browser(cast.admin, cast.at).post(
        "sessions:absence_decide",
        group.pk,
        cast.record_of(cast.patient).pk,
        kind="UNEXCUSED",
        reason="other",
        note="Very private",
    )
    browser = Browser(cast.auditor, cast.at)
    text = browser.read("sessions:absences")
    assert "Very private" not in text
    assert "Decide" not in text
    patient = cast.record_of(cast.patient).pk
    assert browser.get("sessions:absence_decide", group.pk, patient).status_code == 403
    assert browser.get("sessions:outreach").status_code == 403


def test_outreach_says_whom_to_call_and_how(cast: Cast) -> None:
    assert "Nobody has to be contacted now." in Browser(cast.admin, cast.at).read("sessions:outreach")
    hold(plan(cast, TUESDAY - timedelta(days=1), cast.patient))
    missed(cast)
    page = Browser(cast.therapist, cast.at).get("sessions:outreach")
    text = words(page)
    assert "2 missed sessions in a row" in text
    assert b'href="tel:+12125550142"' in page.content
    assert "no attempt yet" in text
    assert "Log an attempt to reach Pat Example" in text


def test_an_attempt_is_logged_and_moves_the_patient_down(cast: Cast) -> None:
    missed(cast)
    browser, pk = Browser(cast.case_manager, cast.at), cast.enrollment_of(cast.patient).pk
    answer = browser.post("sessions:outreach_log", pk, channel="phone", outcome="reached", note="Will come")
    assert answer.status_code == 302
    assert OutreachAttempt.objects.get().made_by == cast.case_manager
    text = browser.read("sessions:outreach")
    assert "Nobody has to be contacted now." in text
    assert "Contacted since their last missed session" in text


def test_an_attempt_that_cannot_be_read_comes_back_open(cast: Cast) -> None:
    missed(cast)
    browser, pk = Browser(cast.admin, cast.at), cast.enrollment_of(cast.patient).pk
    for outcome, words_of in (("", "This field is required"), ("safety_concern", "what the concern is")):
        answer = browser.post("sessions:outreach_log", pk, channel="phone", outcome=outcome)
        assert answer.status_code == 409
        assert words_of in words(answer)
        assert b"<details" in answer.content
        assert b" open" in answer.content
    assert not OutreachAttempt.objects.exists()


def test_every_look_is_in_the_trail(cast: Cast) -> None:
    group = missed(cast)
    browser = Browser(cast.admin, cast.at)
    browser.read("sessions:absences")
    browser.read("sessions:outreach")
    browser.read("sessions:absence_decide", group.pk, cast.record_of(cast.patient).pk)
    seen = AuditEvent.objects.filter(action="attendance.viewed").order_by("seq")
    assert [one.data.get("list") for one in seen] == ["absences", "outreach", None]
    assert seen[2].subject_id == str(cast.record_of(cast.patient).pk)
