"""A line that is squeezed, cut and moved: pictures give way to voice, and what is cut heals."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import expect

from tests.browser.people import Meeting, Person
from tests.browser.stack import Stack
from tests.relay.impairment import Impairment

SCENE = "network"
# Voice needs about 45 kbit/s with its headers; the small picture of a camera 120 more.
NARROW = Impairment(rate=100_000, queue=12_000)
FULL, SCREEN = 640, 1280

# Frames, size and packets of what arrives in each m-line.
ARRIVING = """async () => {
  const arriving = {};
  for (const peer of window.testPeers()) (await window.testStats(peer)).forEach((one) => {
    if (one.type !== 'inbound-rtp') return;
    const {framesDecoded: frames = 0, frameWidth: width = 0, packetsReceived: packets} = one;
    arriving[one.mid] = {frames, width, packets};
  });
  return arriving;
}"""
UFRAGS = """() => window.testPeers().map((one) => /ice-ufrag:(.*)/.exec(one.localDescription?.sdp)?.[1])"""


def _arriving(person: Person) -> dict[str, Any]:  # JSON
    return dict(person.page.evaluate(ARRIVING))


def _comes_with(person: Person, mid: str, width: int) -> None:
    """Wait until the picture in an m-line moves and is so wide."""
    start = _arriving(person).get(mid, {"frames": 0})["frames"]
    person.until(
        lambda: _arriving(person).get(mid, {"frames": 0, "width": 0}),
        lambda one: one["frames"] > start + 5 and one["width"] == width,
    )


def test_a_screen_comes_beside_the_camera_pictures_fit_their_line_and_paths_heal(
    people: Meeting, stack: Stack
) -> None:
    nora, owen = people.seats(SCENE, patients=1)

    # A shared screen comes beside the camera.
    _comes_with(owen, "v0", FULL)
    nora.does("share")
    expect(owen.page.locator(f'[data-screen-of="{nora.id}"] video')).to_be_visible()
    expect(owen.page.locator(f'.tiles.is-strip [data-participant="{nora.id}"] video')).to_be_visible()
    _comes_with(owen, "s0", SCREEN)
    nora.does("unshare")
    expect(owen.page.locator(f'[data-screen-of="{nora.id}"]')).to_have_count(0)
    _comes_with(owen, "v0", FULL)

    # A NAT forgets: the relay sees new ports, and follows the first check that proves itself.
    stack.udp.rebind(owen.ports())
    for one, other in ((owen, nora), (nora, owen)):
        one.meets(other)

    # Nothing gets through for some seconds; the page notices, and does something about it.
    before = owen.page.evaluate(UFRAGS)
    stack.udp.cut(owen.ports(), new_flows=False)
    owen.until(lambda: owen.page.evaluate(UFRAGS), lambda now: now != before)
    stack.udp.heal()
    for one, other in ((owen, nora), (nora, owen)):
        one.meets(other)
    owen.sees_no("Sound and picture were interrupted")

    # Too little for a picture: voice goes on alone, and pictures come back by themselves.
    stack.udp.impair(owen.ports(), down=NARROW)
    owen.sees("Sound goes on; pictures come back by themselves")
    for _ in ("what was still under way", "what comes from then on"):
        narrow = _arriving(owen)
        owen.until(
            lambda: _arriving(owen)["a0"]["packets"],
            lambda count, before=narrow["a0"]["packets"]: count > before + 100,
        )
    assert _arriving(owen)["v0"]["frames"] - narrow["v0"]["frames"] < 10
    stack.udp.clear()
    owen.sees_no("Sound goes on; pictures come back by themselves")
    _comes_with(owen, "v0", FULL)
