"""The main pages in both colour schemes and on a phone: nothing for axe to find, nothing wider than it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Page

from tests.browser.people import Meeting
from tests.browser.scenes import ADMIN
from tests.browser.stack import ROOT, Stack

AXE = ROOT / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
SERIOUS = ("serious", "critical")
PHONE, DESK = (390, 844), (1280, 800)
Scheme = Literal["light", "dark"]


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


@pytest.fixture(scope="module")
def axe() -> str:
    assert AXE.exists(), "axe-core is missing: run bin/setup"
    return AXE.read_text(encoding="utf-8")


def _serious_faults(page: Page, axe: str) -> list[str]:
    """Run axe in the page as a browser extension would: beside the page's own content policy."""
    session = page.context.new_cdp_session(page)
    session.send("Runtime.evaluate", {"expression": axe})
    answer = session.send(
        "Runtime.evaluate",
        {
            "expression": "axe.run(document, {resultTypes: ['violations']}).then((said) => said.violations"
            ".map((one) => `${one.impact}: ${one.id}: ${one.nodes.map((node) => node.target).join(' ')}`))",
            "awaitPromise": True,
            "returnByValue": True,
        },
    )
    session.detach()
    return [fault for fault in answer["result"]["value"] if fault.startswith(SERIOUS)]


def _overflow(page: Page) -> int:
    return int(
        page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
    )


def _visit(
    people: Meeting, stack: Stack, scheme: Scheme, size: tuple[int, int]
) -> Iterator[tuple[str, Page]]:
    """Open every page, signed in as who may; the room with its preview and its waiting room or stage."""
    nobody = people.person("dora", width=size[0], height=size[1], color_scheme=scheme)
    nobody.go("/accounts/login/")
    yield "/accounts/login/", nobody.page
    for name, paths in _paths(stack).items():
        person = people.person(name, width=size[0], height=size[1], color_scheme=scheme)
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


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_serious_fault(people: Meeting, stack: Stack, axe: str, scheme: Scheme) -> None:
    found = {where: _serious_faults(page, axe) for where, page in _visit(people, stack, scheme, DESK)}
    assert {where: faults for where, faults in found.items() if faults} == {}


def test_on_a_phone_nothing_has_to_be_scrolled_sideways(
    people: Meeting, stack: Stack, axe: str, tmp_path: Path
) -> None:
    found = {}
    for where, page in _visit(people, stack, "light", PHONE):
        found[where] = [*_serious_faults(page, axe)]
        if _overflow(page) > 0:
            found[where].append(f"{_overflow(page)} px too wide")
            page.screenshot(path=str(tmp_path / f"{len(found)}.png"), full_page=True)
    assert {where: faults for where, faults in found.items() if faults} == {}
