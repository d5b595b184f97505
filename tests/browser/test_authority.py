"""What a facilitator decides holds against a page that does as it likes; a page that slept comes back."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.people import Meeting, Person, arrived_since
from tests.browser.stack import Stack, now

SCENE = "authority"
SLEEP_SECONDS = 22  # longer than what the page takes for a slow moment

# From now on the page goes on sending, whatever the room's code does: no track can be stopped or replaced.
DISOBEY = """() => {
  RTCRtpSender.prototype.replaceTrack = async () => undefined;
  RTCRtpSender.prototype.setParameters = async () => undefined;
  MediaStreamTrack.prototype.stop = () => undefined;
  Object.defineProperty(MediaStreamTrack.prototype, 'enabled', {get: () => true, set: () => undefined});
}"""


def _packets(person: Person) -> int:
    return sum(stream["packets"] for stream in person.media()["streams"].values())


def _sees_only(viewer: Person, others: set[str], *, meanwhile: Callable[[], bool] = lambda: True) -> None:
    """Wait until the others, and only they, move on the viewer's page, and something else has happened."""
    start = viewer.media()
    arrived = viewer.until(
        lambda: arrived_since(start, viewer.media(), viewer.id),
        lambda media: media.tiles >= others and media.seen >= len(others) and meanwhile(),
    )
    assert (arrived.tiles, arrived.seen) == (others, len(others))


def _in_dialog(facilitator: Person, about: Person, action: str) -> None:
    facilitator.does("person", f'[data-seated="{about.id}"]')
    facilitator.does(action, "dialog")
    facilitator.page.keyboard.press("Escape")
    expect(facilitator.page.locator("dialog[open]")).to_have_count(0)


def test_what_a_facilitator_decides_holds_whatever_a_page_does_and_a_page_that_slept_comes_back(
    people: Meeting, stack: Stack
) -> None:
    rosa, saul, tara = people.seats(SCENE, patients=2)

    # A picture is stopped. The page is told, and what it sends nonetheless reaches nobody.
    saul.page.evaluate(DISOBEY)
    _in_dialog(rosa, saul, "stop-video")
    saul.sees("The therapist stopped your video")
    sent = saul.frames_sent()
    _sees_only(tara, {rosa.id}, meanwhile=lambda: saul.frames_sent() > sent + 20)
    _sees_only(rosa, {tara.id})

    # Two step out: the group neither sees nor hears them, nor they the group.
    _in_dialog(rosa, tara, "step-out")
    tara.sees("You are in a private room with")
    for person in (rosa, tara):
        expect(saul.page.locator(f'[data-stepped-out="{person.id}"]')).to_be_visible()
    before = _packets(saul)
    rosa.meets(tara)
    tara.meets(rosa)
    assert _packets(saul) == before

    # Meanwhile a phone sleeps: its page stands still and nothing gets through.
    devices = saul.context.new_cdp_session(saul.page)
    ports = saul.ports()
    devices.send("Page.setWebLifecycleState", {"state": "frozen"})
    stack.udp.cut(ports, new_flows=False)
    asleep_since = now()

    # The private room is the facilitator's: who goes back brings the other one along.
    rosa.does("step-back")
    tara.sees_no("You are in a private room with")

    # The room is locked: who is not in it yet does not even wait at its door.
    rosa.does("lock")
    expect(rosa.page.locator('[data-action="lock"]')).to_have_attribute("aria-checked", "true")
    udo = people.person("udo")
    udo.sign_in(at=f"/rooms/{stack.session(SCENE)}/")
    udo.join()
    udo.sees("nobody new can come in at the moment")
    expect(rosa.page.locator(f'[data-waiting="{udo.id}"]')).to_have_count(0)

    # It wakes: its seat was kept, also in a locked room, and everybody is there again.
    rosa.until(lambda: (now() - asleep_since).total_seconds(), lambda slept: slept > SLEEP_SECONDS)
    stack.udp.heal()
    devices.send("Page.setWebLifecycleState", {"state": "active"})
    _sees_only(saul, {rosa.id, tara.id})
    for person in (rosa, tara):
        expect(person.page.locator(f'[data-participant="{saul.id}"]')).to_be_visible()
    saul.is_on("room")
