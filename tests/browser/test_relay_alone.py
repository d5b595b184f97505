"""One Chromium to itself: two pairs of peer connections in a page, through the real relay, no product."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.alone import SCRIPT, Participant
from tests.browser.blank import serve_page
from tests.relay.process import Control, RelayProcess


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with serve_page(SCRIPT) as address:
        context = browser.new_context(permissions=["camera", "microphone"])
        opened = context.new_page()
        opened.goto(address)
        yield opened
        context.close()


def test_chromium_sees_and_hears_itself_through_the_relay_also_after_a_rebuild(
    page: Page, tmp_path: Path
) -> None:
    with RelayProcess(tmp_path / "facts") as relay, Control(relay.control) as control:
        control.start()
        one, two = Participant(page, control, "one"), Participant(page, control, "two")
        for each in (one, two):
            each.publish()
            each.subscribe()
        for each in (one, two):
            sums = each.wait_for_more(frames=30, audio=50)
            assert sums["state"] == "connected"
            assert sums["lost"] == 0

        # The publisher builds its path anew: new peer connection, new SSRCs, the same slot on the other side.
        before = two.received()
        one.call("close", "one publish")
        one.publish()
        after = two.wait_for_more(frames=30, audio=50)
        assert after["frames"] > before["frames"]

        # And so does a subscriber: counters begin anew with the new peer connection.
        two.call("close", "two subscribe")
        two.subscribe()
        two.wait_for(lambda now: now["frames"] >= 30 and now["audio"] >= 50)

        control.ask("room.close", room="room-1", reason="ended")
        facts = control.ask("facts.read", boot=relay.boot, after=0)["facts"]
        for name in ("one", "two"):
            of = [fact for fact in facts if fact["connection"] == name]
            assert [of[0]["kind"], of[-1]["kind"]] == ["first_packet", "closed"]
            assert of[-2]["data"]["tracks"].keys() == {"microphone", "camera"}
        assert control.ask("stats")["dropped"].get("datagram_fault", 0) == 0


def test_a_camera_can_come_later_and_be_switched_off_and_on(page: Page, tmp_path: Path) -> None:
    with RelayProcess(tmp_path / "facts") as relay, Control(relay.control) as control:
        control.start()
        speaker, listener = Participant(page, control, "speaker"), Participant(page, control, "listener")
        speaker.publish(camera=False)
        listener.subscribe()  # and publishes nothing at all
        listener.wait_for(lambda now: now["audio"] >= 50)
        speaker.add_camera()
        listener.wait_for_more(frames=20, audio=20)
        speaker.call("camera", "speaker", False)
        still = listener.wait_for_more(frames=0, audio=100)
        listener.wait_for_more(frames=0, audio=50)
        assert listener.received()["frames"] == still["frames"]
        speaker.call("camera", "speaker", True)
        listener.wait_for_more(frames=20, audio=20)
        (slots,) = [
            event["slots"] for event in control.events if event["event"] == "slots" and event["slots"]
        ][-1:]
        assert {slot["mid"] for slot in slots if slot["participant"]} == {"a0", "v0"}
