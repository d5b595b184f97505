"""The pages on which minutes are corrected, decided about, objected to and answered."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus

import pytest
from django.urls import reverse

from sessions.models import Correction, CorrectionDecision, CorrectionReason, Dispute, DisputeAnswer
from telehealth.audit.models import AuditEvent
from tests.cast import PASSWORD, Cast

from ..settling.desk import DAY, ENDED, SOON, approve, ask, object_to, proof, record_of, sign, supervise
from .browsing import Browser, words
from .stories import example_b

pytestmark = pytest.mark.django_db
CORRECT, DECIDE, QUEUE = "sessions:correct", "sessions:correction_decide", "sessions:corrections"
LIST, ANSWER, MINE = "sessions:disputes", "sessions:dispute_answer", "sessions:my_session"
TYPED = {"new_min": "160", "reason": "device_failure", "narrative": "Their tablet froze.", "evidence": ""}


def effect(cast: Cast, browser: Browser, group: object, typed: str) -> str:
    pks = group.pk, cast.record_of(cast.patient).pk  # type: ignore[attr-defined]
    return words(browser.get(CORRECT, *pks, headers={"HX-Request": "true"}, new_min=typed))


def test_the_form_says_the_limits_and_what_a_number_would_do(cast: Cast) -> None:
    group = example_b(cast)
    pks = group.pk, cast.record_of(cast.patient).pk
    browser = Browser(cast.therapist, SOON)
    page = browser.get(CORRECT, *pks)
    assert 'max="180"' in page.content.decode()
    assert "Our platform failed" not in words(page)
    assert "it counts at once" in effect(cast, browser, group, "169")
    assert "+16 minutes: it counts once an administrator" in effect(cast, browser, group, "170")
    assert "not more" in effect(cast, browser, group, "181")
    assert "stand already" in effect(cast, browser, group, "154")
    assert "Type the whole number" in effect(cast, browser, group, "-3")
    assert "approved it" in effect(cast, Browser(cast.case_manager, SOON), group, "155")


def test_the_clinician_corrects_and_the_case_manager_asks(cast: Cast) -> None:
    group = example_b(cast)
    pks = group.pk, cast.record_of(cast.patient).pk
    browser = Browser(cast.therapist, SOON)
    assert browser.post(CORRECT, *pks, **TYPED)["Location"] == reverse("sessions:roster", args=[group.pk])
    assert record_of(cast, group).decided_min == 160
    Browser(cast.case_manager, SOON).post(CORRECT, *pks, **{**TYPED, "new_min": "165"})
    assert record_of(cast, group).decided_min == 160
    text = Browser(cast.case_manager, SOON).read("sessions:roster", group.pk)
    assert "A second person has to decide." in text


def test_a_refusal_stands_beside_what_was_typed(cast: Cast) -> None:
    group = example_b(cast)
    pks = group.pk, cast.record_of(cast.patient).pk
    answer = Browser(cast.therapist, SOON).post(CORRECT, *pks, **{**TYPED, "new_min": "181"})
    assert "The session had 180 countable minutes" in words(answer)
    assert "Their tablet froze." in answer.content.decode()
    answer = Browser(cast.therapist, SOON).post(CORRECT, *pks, **{**TYPED, "reason": "phone_bridge"})
    assert "Say what this rests on" in words(answer)
    assert not Correction.objects.exists()


def test_strangers_do_not_get_the_form(cast: Cast) -> None:
    group = example_b(cast)
    pks = group.pk, cast.record_of(cast.patient).pk
    assert Browser(cast.covering_therapist, SOON).get(CORRECT, *pks).status_code == HTTPStatus.FORBIDDEN
    assert Browser(cast.other_therapist, SOON).get(CORRECT, *pks).status_code == HTTPStatus.NOT_FOUND
    off = cast.record_of(cast.patient_off_roster).pk
    assert Browser(cast.therapist, SOON).get(CORRECT, group.pk, off).status_code == HTTPStatus.NOT_FOUND


def test_an_outage_is_never_credited_without_a_proof(cast: Cast) -> None:
    group = example_b(cast)
    pks = group.pk, cast.record_of(cast.patient).pk
    browser, outage = (
        Browser(cast.therapist, SOON),
        {**TYPED, "reason": "platform_outage", "evidence": "Call 7"},
    )
    # The ordinary form does not know the reason at all.
    assert "Select a valid choice" in words(browser.post(CORRECT, *pks, **outage))
    address = f"{reverse(CORRECT, args=pks)}?outage=1"
    assert "Confirm that it is me" in words(browser.get(CORRECT, *pks, outage="1"))
    refused = browser.send(address, outage)
    assert "Confirm first that it is you" in words(refused)
    assert "Their tablet froze." in refused.content.decode()
    asked = browser.send(address, {"step": "confirm"})
    assert asked["Location"].startswith(reverse("account_reauthenticate"))
    browser.post("account_reauthenticate", password=PASSWORD, next=address)
    assert browser.send(address, outage)["Location"] == reverse("sessions:roster", args=[group.pk])
    assert record_of(cast, group).decided_min == 160
    assert Correction.objects.get().reason == CorrectionReason.PLATFORM_OUTAGE


def test_the_queue_shows_what_waits_and_what_was_decided(cast: Cast) -> None:
    group = example_b(cast)
    assert "Nothing waits for a decision." in Browser(cast.admin, SOON).read(QUEUE)
    made = ask(cast, group, 180)
    supervise(cast, cast.covering_therapist)
    for reader in (cast.admin, cast.covering_therapist):
        text = Browser(reader, SOON).read(QUEUE)
        assert "Pat Example" in text
        assert "154 → 180 min" in text
    assert Browser(cast.therapist, SOON).get(QUEUE).status_code == HTTPStatus.NOT_FOUND
    approve(cast, made)
    assert "Nothing waits" in Browser(cast.admin, SOON).read(QUEUE)
    assert "Approved by Admin Example" in Browser(cast.admin, SOON).read(QUEUE, show="decided")
    event = AuditEvent.objects.filter(action="attendance.viewed", actor=cast.admin).latest("seq")
    assert event.data == {"view": "corrections", "filter": "decided", "rows": 1}


def test_the_administrator_approves_or_refuses(cast: Cast) -> None:
    group = example_b(cast)
    made, browser = ask(cast, group, 180), Browser(cast.admin, SOON)
    assert "Approve 180 minutes" in browser.read(DECIDE, made.pk)
    assert "Say why you refuse" in words(browser.post(DECIDE, made.pk, step="refuse", note=""))
    assert browser.post(DECIDE, made.pk, step="approve", note="")["Location"] == reverse(QUEUE)
    assert record_of(cast, group).decided_min == 180
    assert "Somebody has decided about this already." in browser.read(DECIDE, made.pk)
    other = ask(cast, group, 150)
    browser.post(DECIDE, other.pk, step="refuse", note="The log says otherwise.")
    assert record_of(cast, group).decided_min == 180


def test_ones_own_request_is_shown_and_not_decided(cast: Cast) -> None:
    group = example_b(cast)
    made, browser = ask(cast, group, 160, actor=cast.admin), Browser(cast.admin, SOON)
    assert "You asked for this correction yourself" in browser.read(DECIDE, made.pk)
    assert browser.post(DECIDE, made.pk, step="approve").status_code == HTTPStatus.FORBIDDEN
    assert browser.post("sessions:correction_withdraw", made.pk).status_code == HTTPStatus.FOUND
    assert CorrectionDecision.objects.get().outcome == "withdrawn"
    assert browser.post("sessions:correction_withdraw", made.pk).status_code == HTTPStatus.FOUND


def test_approving_an_outage_takes_a_proof_and_refusing_it_does_not(cast: Cast) -> None:
    group = example_b(cast)
    made = ask(cast, group, 180, reason=CorrectionReason.PLATFORM_OUTAGE, proof=proof(SOON))
    browser = Browser(cast.admin, SOON)
    assert "Approve 180 minutes" not in browser.read(DECIDE, made.pk)
    assert "Confirm first that it is you" in words(browser.post(DECIDE, made.pk, step="approve"))
    browser.post(DECIDE, made.pk, step="confirm")
    browser.post("account_reauthenticate", password=PASSWORD, next=reverse(DECIDE, args=[made.pk]))
    assert "Approve 180 minutes" in browser.read(DECIDE, made.pk)
    browser.post(DECIDE, made.pk, step="approve")
    assert record_of(cast, group).decided_min == 180


def test_a_patient_sees_the_own_session_the_reasons_and_every_correction(cast: Cast) -> None:
    group = example_b(cast)
    ask(cast, group, 160, evidence="Call log 12")
    text = Browser(cast.patient, SOON).read(MINE, group.pk)
    for said in (
        "Why 160 minutes?",
        "160 minutes count by a correction; 154 of 180 were observed.",
        "154 → 160 minutes",
        "The patient's device failed. The tablet froze; we went on by phone.",
        "Asked for by: therapist",
        "154 minutes were observed.",
        "Your clinician has not signed the attendance yet.",
        "Something is not right?",
    ):
        assert said in text
    for hidden in ("Call log 12", "Patient2", "R-"):
        assert hidden not in text


def test_a_patient_reads_who_signed_and_that_a_change_takes_the_signature_away(cast: Cast) -> None:
    group = example_b(cast)
    sign(cast, group)
    text = Browser(cast.patient, SOON).read(MINE, group.pk)
    assert "Thea Example, LCSW signed the attendance of this session" in text
    assert "signed again" not in text
    ask(cast, group, 160)
    assert "It has changed since, so it has to be signed again." in Browser(cast.patient, SOON).read(
        MINE, group.pk
    )


def test_a_patients_page_is_nobody_elses(cast: Cast) -> None:
    group = example_b(cast)
    for person in (cast.patient_off_roster, cast.other_patient):
        assert Browser(person, SOON).get(MINE, group.pk).status_code == HTTPStatus.NOT_FOUND
        assert Browser(person, SOON).post("sessions:dispute", group.pk, text="x").status_code == 404
    for person in (cast.therapist, cast.admin, cast.auditor):
        assert Browser(person, SOON).get(MINE, group.pk).status_code == HTTPStatus.FORBIDDEN


def test_a_patient_objects_and_reads_the_answer(cast: Cast) -> None:
    group, browser = example_b(cast), Browser(cast.patient, SOON)
    assert "This field is required" in words(browser.post("sessions:dispute", group.pk, text=""))
    assert browser.post("sessions:dispute", group.pk, text="I stayed to the end.").status_code == 302
    text = browser.read(MINE, group.pk)
    assert "I stayed to the end." in text
    assert "Waits for an answer" in text
    assert "Something is not right?" not in text
    dispute = Dispute.objects.get()
    assert "I stayed to the end." in Browser(cast.therapist, SOON).read(LIST)
    desk = Browser(cast.admin, SOON)
    assert "This field is required" in words(desk.post(ANSWER, dispute.pk, outcome="upheld", text=""))
    desk.post(ANSWER, dispute.pk, outcome="upheld", text="Our records show 12:09.")
    assert DisputeAnswer.objects.get().answered_by == cast.admin
    text = browser.read(MINE, group.pk)
    assert "Our records show 12:09." in text
    assert "Program administrator" in text
    assert "Admin Example" not in text
    assert "Our records show 12:09." in desk.read(LIST, show="answered")
    assert "Our records show 12:09." in desk.read(ANSWER, dispute.pk)


def test_an_objection_is_answered_with_the_correction_it_led_to(cast: Cast) -> None:
    group = example_b(cast)
    dispute, browser = object_to(cast, group), Browser(cast.therapist, SOON)
    answer = browser.post(ANSWER, dispute.pk, outcome="corrected", text="You are right.")
    assert "Choose the correction that answers the objection" in words(answer)
    made = ask(cast, group, 160)
    assert "154 to 160 minutes" in browser.read(ANSWER, dispute.pk)
    browser.post(ANSWER, dispute.pk, outcome="corrected", text="You are right.", correction=str(made.pk))
    assert DisputeAnswer.objects.get().correction == made


def test_after_the_week_the_page_says_whom_to_call(cast: Cast) -> None:
    group = example_b(cast)
    browser = Browser(cast.patient, ENDED + 7 * DAY + timedelta(minutes=1))
    text = browser.read(MINE, group.pk)
    assert "The week for objections is over." in text
    assert cast.program.callback_phone in text
    answer = browser.post("sessions:dispute", group.pk, text="Too late?")
    assert (answer.status_code, "is over" in words(answer)) == (409, True)


def test_objections_are_listed_for_those_who_answer(cast: Cast) -> None:
    group = example_b(cast)
    dispute = object_to(cast, group)
    assert "No objection waits" in Browser(cast.covering_therapist, SOON).read(LIST)
    assert Browser(cast.covering_therapist, SOON).get(ANSWER, dispute.pk).status_code == HTTPStatus.NOT_FOUND
    for person in (cast.patient, cast.case_manager, cast.auditor):
        assert Browser(person, SOON).get(LIST).status_code == HTTPStatus.FORBIDDEN
