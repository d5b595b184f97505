"""Looks at a page as tools do: what axe finds, what is wider than the screen."""

from __future__ import annotations

from functools import cache

from playwright.sync_api import Page

from tests.browser.people import until
from tests.browser.stack import ROOT

AXE = ROOT / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
SERIOUS = ("serious", "critical")
PHONE = (390, 844)
MOVING = "() => document.getAnimations().filter((one) => one.playState === 'running').length"


@cache
def _axe() -> str:
    assert AXE.exists(), "axe-core is missing: run bin/setup"
    return AXE.read_text(encoding="utf-8")


def serious_faults(page: Page) -> list[str]:
    """Run axe as a browser extension would: beside the page's own content policy."""
    # Colours that are on their way from one scheme to the other are nobody's fault.
    until(page, lambda: page.evaluate(MOVING), lambda moving: not moving)
    session = page.context.new_cdp_session(page)
    if not page.evaluate("() => 'axe' in window"):
        session.send("Runtime.evaluate", {"expression": _axe()})
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


def pixels_too_wide(page: Page) -> int:
    """Give how far the page can be scrolled sideways."""
    return int(
        page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
    )
