"""The main pages in both colour schemes and on a phone: nothing for axe to find, nothing wider than it."""

from __future__ import annotations

from collections.abc import Iterator

from playwright.sync_api import Page

from tests.browser.look import PHONE, pixels_too_wide, serious_faults
from tests.browser.people import DESK, Meeting
from tests.browser.scenes import ADMIN
from tests.browser.stack import Stack


def _paths(stack: Stack) -> dict[str, list[str]]:
    """List the main pages by who looks at them."""
    session, patient = stack.session("pages"), stack.account("kay")["patient"]
    room = f"/rooms/{session}/"
    return {
        "kay": ["/my/", "/my/agreements/", room],
        "wim": ["/today/", room],
        ADMIN: [
            "/admin/people/",
            "/admin/people/invite/",
            "/admin/patients/",
            "/admin/patients/enrol/",
            f"/admin/patients/{patient}/",
            "/admin/sessions/",
            "/admin/series/new/",
            f"/admin/sessions/{session}/",
            f"/admin/sessions/{session}/audit/",
            "/health/",
        ],
    }


def _visit(people: Meeting, stack: Stack) -> Iterator[tuple[str, Page]]:
    """Open every page, signed in as who may; the room with its preview and its waiting room or stage."""
    nobody = people.person("dora")
    nobody.go("/accounts/login/")
    yield "/accounts/login/", nobody.page
    for name, paths in _paths(stack).items():
        person = people.person(name)
        person.sign_in()
        for path in paths:
            person.go(path)
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
    """Let axe look in daylight and in the dark; on a phone, see whether it fits."""
    found = [f"light: {fault}" for fault in serious_faults(page)]
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    found += [f"dark: {fault}" for fault in serious_faults(page)]
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    if pixels_too_wide(page):
        found.append(f"phone: {pixels_too_wide(page)} pixels too wide")
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    page.set_viewport_size({"width": DESK[0], "height": DESK[1]})
    return found


def test_every_page_is_for_everybody_in_the_dark_and_on_a_phone_too(people: Meeting, stack: Stack) -> None:
    found = {where: _faults(page) for where, page in _visit(people, stack)}
    assert {where: faults for where, faults in found.items() if faults} == {}
