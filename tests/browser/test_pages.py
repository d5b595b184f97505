"""The main pages in both colour schemes and on a phone: nothing for axe to find, nothing wider than it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.look import PHONE, pixels_too_wide, serious_faults
from tests.browser.people import DESK, Meeting
from tests.browser.scenes import ADMIN, AUDITOR
from tests.browser.stack import Stack

REPORTS = ("attendance", "weeks", "census", "absences", "corrections", "unsigned", "access")


# Groups of pages and who looks at them.
LOOKERS = {
    "home of a patient": "kay",
    "past session of a patient": "otto",
    "day of a clinician": "wim",
    "roster of a clinician": "nell",
    "people": ADMIN,
    "sessions": ADMIN,
    "desk": ADMIN,
    "terms": ADMIN,
    "reports": ADMIN,
    "audit": AUDITOR,
}


def _paths(stack: Stack, group: str) -> list[str]:
    session, patient = stack.session("pages"), stack.account("kay")["patient"]
    room, held, otto = f"/rooms/{session}/", stack.session("held"), stack.account("otto")
    roster, audit = f"/sessions/{held}/attendance/", f"/admin/sessions/{held}/audit/"
    history = f"/admin/patients/{otto['patient']}/attendance/"
    return {
        "home of a patient": ["/my/", "/my/agreements/", room],
        "past session of a patient": ["/my/", f"/my/sessions/{held}/"],
        "day of a clinician": ["/today/", room],
        "roster of a clinician": [
            "/today/",
            roster,
            f"{roster}sign/",
            f"{roster}{otto['patient']}/correct/",
        ],
        "people": [
            "/admin/people/",
            "/admin/people/invite/",
            "/admin/patients/",
            "/admin/patients/enrol/",
            f"/admin/patients/{patient}/",
            history,
        ],
        "sessions": [
            "/admin/sessions/",
            "/admin/series/new/",
            f"/admin/sessions/{session}/",
            audit,
            f"{audit}facts/{otto['id']}/",
            "/health/",
        ],
        "desk": [
            "/admin/weeks/",
            "/admin/corrections/",
            "/admin/disputes/",
            "/admin/absences/",
            "/admin/outreach/",
        ],
        "terms": ["/admin/terms/", "/admin/terms/new/", "/admin/terms/what-if/", "/admin/tracks/"],
        "reports": ["/admin/reports/", *(f"/admin/reports/{name}/" for name in REPORTS)],
        "audit": ["/admin/weeks/", audit, history],
    }[group]


def _visit(people: Meeting, stack: Stack, group: str) -> Iterator[tuple[str, Page]]:
    """Open every page of a group; the room with its preview and its waiting room or stage."""
    name = LOOKERS[group]
    person = people.person(name)
    person.be_signed_in()
    for path in _paths(stack, group):
        answer = person.page.goto(f"{stack.origin}{path}")
        assert answer is not None
        assert answer.ok, f"{path} for {name}: {answer.status}"
        if not path.startswith("/rooms/"):
            yield path, person.page
            continue
        person.is_on("preview")
        yield f"{path} preview of {name}", person.page
        person.join()
        person.is_on("room" if name == "wim" else "waiting")
        yield f"{path} {name}", person.page
        person.leave()


def _faults(page: Page) -> list[str]:
    """Let axe look in daylight at a desk and in the dark on a phone; see whether it fits there."""
    found = [f"light: {fault}" for fault in serious_faults(page)]
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    found += [f"dark phone: {fault}" for fault in serious_faults(page)]
    if pixels_too_wide(page):
        found.append(f"phone: {pixels_too_wide(page)} pixels too wide")
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    page.set_viewport_size({"width": DESK[0], "height": DESK[1]})
    return found


@pytest.mark.parametrize("group", LOOKERS)
def test_every_page_is_for_everybody_in_the_dark_and_on_a_phone_too(
    people: Meeting, stack: Stack, group: str
) -> None:
    found = {where: _faults(page) for where, page in _visit(people, stack, group)}
    assert {where: faults for where, faults in found.items() if faults} == {}


def test_the_door_is_for_everybody_in_the_dark_and_on_a_phone_too(people: Meeting) -> None:
    nobody = people.person("dora")
    nobody.go("/accounts/login/")
    assert _faults(nobody.page) == []


def test_a_long_menu_folds_on_a_phone_and_is_walked_by_keyboard(people: Meeting, stack: Stack) -> None:
    admin = people.person(ADMIN)
    admin.be_signed_in()
    admin.go("/admin/sessions/")
    page = admin.page
    places = page.get_by_role("navigation", name="Main").get_by_role("link")
    expect(places.first).to_be_visible()
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    expect(places.first).to_be_hidden()
    button = page.get_by_role("button", name="Menu")
    button.focus()
    page.keyboard.press("Enter")
    expect(button).to_have_attribute("aria-expanded", "true")
    expect(places).to_have_count(8)
    assert pixels_too_wide(page) == 0
    page.keyboard.press("Tab")
    assert admin.focused() == "Week"
    page.keyboard.press("Escape")
    expect(places.first).to_be_hidden()
    expect(button).to_be_focused()
