"""A held session's way through hands: signed, objected to, corrected by two persons, answered, audited."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.people import Meeting, Person
from tests.browser.scenes import ADMIN, AUDITOR, PASSWORD
from tests.browser.stack import Stack

OBSERVED = "154 of 180 minutes count."


def _strip(person: Person, card: str) -> list[str]:
    """Give the sentences of a strip and its table, as they stand in one card of the page."""
    strip = person.page.locator(card).locator("figure.strip").first
    strip.get_by_text("Times as a table").click()
    rows = strip.locator("tbody tr")
    expect(rows.first).to_be_visible()
    return [*strip.locator(".strip-words span").all_inner_texts(), *rows.all_inner_texts()]


def _types(person: Person, label: str, text: str) -> None:
    """Come to a field by Tab, unless the page has put the focus there, and type."""
    if person.focused() != label:
        person.tab_to(label)
    person.page.keyboard.press("Control+A")
    person.page.keyboard.type(text)


def _signs_by_keyboard(therapist: Person, session: str) -> None:
    """Sign the roster without a mouse, proving once more who it is."""
    keyboard = therapist.page.keyboard
    therapist.go(f"/sessions/{session}/attendance/")
    therapist.tab_to("Sign the roster")
    keyboard.press("Enter")
    therapist.sees("First, is it you?")
    therapist.tab_to("Confirm that it is me")
    keyboard.press("Enter")
    expect(therapist.page.get_by_role("heading", name="Is it you?")).to_be_visible()
    _types(therapist, "Password", PASSWORD)
    keyboard.press("Enter")
    expect(therapist.page.get_by_role("heading", name="Your signature")).to_be_visible()
    _types(therapist, "Your credential", "LCSW")
    statement = therapist.page.locator("label:has(input[type=checkbox])").inner_text()
    therapist.tab_to(statement.strip())
    keyboard.press("Space")
    therapist.tab_to("Sign the roster")
    keyboard.press("Enter")
    therapist.sees("In force")


@pytest.fixture
def session(stack: Stack) -> str:
    """Name the session that was held before the tests began."""
    return stack.session("held")


def test_minutes_are_signed_objected_to_corrected_by_two_answered_and_audited(
    people: Meeting, stack: Stack, session: str
) -> None:
    patient = stack.account("otto")["patient"]
    card = f'article[aria-labelledby="patient-{patient}"]'
    nell = people.person("nell")
    nell.sign_in(at="/today/")
    nell.sees("Harbor group")
    _signs_by_keyboard(nell, session)
    said_to_clinician = _strip(nell, card)
    assert OBSERVED in said_to_clinician

    # The patient reads the very same, and objects.
    otto = people.person("otto")
    otto.sign_in(at=f"/my/sessions/{session}/")
    assert _strip(otto, "main") == said_to_clinician
    otto.page.get_by_label("What is not right?").fill("My connection was there for longer.")
    otto.page.get_by_role("button", name="Send").click()
    otto.sees("Waits for an answer")

    # More than one person may decide alone.
    nell.go(f"/sessions/{session}/attendance/{patient}/correct/")
    nell.page.get_by_label("Minutes that should count").fill("175")
    nell.page.get_by_label("Reason").select_option("device_failure")
    nell.page.get_by_label("What happened").fill("The phone broke; we spoke on.")
    nell.page.get_by_role("button", name="Correct the minutes").click()
    nell.sees("The correction waits for somebody else's approval.")
    otto.page.reload()
    otto.sees("Waits for a second person")

    ada = people.person(ADMIN)
    ada.sign_in(at="/admin/corrections/")
    ada.page.get_by_role("link", name="Decide about Otto Example").click()
    ada.page.get_by_role("button", name="Approve 175 minutes").click()
    ada.go("/admin/disputes/")
    ada.page.get_by_role("link", name="Answer Otto Example").click()
    ada.page.get_by_label("The minutes were corrected").check()
    ada.page.get_by_label("The correction that answers it").select_option(index=1)
    ada.page.get_by_label("In words").fill("You are right, and it is put right.")
    ada.page.get_by_role("button", name="Answer").click()

    # The correction lies over what was observed; neither replaces the other.
    corrected = "175 minutes count by a correction; 154 of 180 were observed."
    otto.page.reload()
    otto.sees("You are right, and it is put right.")
    otto.sees(corrected)
    said = _strip(otto, "main")
    assert said == [corrected if line == OBSERVED else line for line in said_to_clinician]

    # The auditor reads the same words, times and rules, but nobody's free text.
    quinn = people.person(AUDITOR)
    quinn.sign_in(at=f"/admin/sessions/{session}/audit/")
    assert _strip(quinn, card) == said
    expect(quinn.page.locator(card)).to_contain_text("The patient's device failed")
    expect(quinn.page.locator("main")).not_to_contain_text("The phone broke")
    expect(quinn.page.locator("main")).not_to_contain_text("put right")
    nell.go(f"/sessions/{session}/attendance/")
    nell.sees("The roster has changed since it was signed, so it has to be signed again.")
    assert _strip(nell, card) == said
