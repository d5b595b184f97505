"""Debian's Firefox in a room with Chromium: both see and hear each other, also after the relay came anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.bidi import Firefox, Tab, program
from tests.browser.people import WATCH, Media, Meeting, Person, arrived_since
from tests.browser.scenes import PASSWORD
from tests.browser.stack import Stack

SCENE = "firefox"
FILL = """(label, value) => {
  const field = [...document.querySelectorAll('label')].find((one) => one.innerText.trim() === label).control;
  field.value = value;
}"""
PRESS = """(selector) => {
  const button = document.querySelector(selector);
  if (!button || button.disabled) return false;
  button.click();
  return true;
}"""


# Firefox counts no frames of a live stream: what a tile shows is drawn small and summed up instead.
MEDIA = """async () => {
  const media = await window.testMedia();
  const canvas = Object.assign(document.createElement('canvas'), {width: 32, height: 18});
  const paper = canvas.getContext('2d', {willReadFrequently: true});
  for (const tile of document.querySelectorAll('.tile[data-participant]')) {
    const video = tile.querySelector('video');
    if (!video || video.readyState < 2) continue;
    paper.drawImage(video, 0, 0, 32, 18);
    const pixels = paper.getImageData(0, 0, 32, 18).data;
    media.tiles[tile.dataset.participant] = pixels.reduce((sum, one, at) => (sum * 31 + one + at) % 1e9, 0);
  }
  return media;
}"""


class Fox:
    """A person of the stage whose browser is Firefox."""

    def __init__(self, stack: Stack, firefox: Firefox, name: str) -> None:
        self.account = stack.account(name)
        self.id: str = self.account["id"]
        self.tab: Tab = firefox.open(f"{stack.origin}/", first=f"() => {{ {WATCH} }}")
        self._origin = stack.origin

    def press(self, selector: str) -> None:
        """Click what a selector finds, once it is there and may be clicked."""
        self.tab.until(lambda: self.tab.call(PRESS, selector), bool)

    def is_on(self, screen: str) -> None:
        """Wait for one of the room's screens."""
        self.tab.until(
            lambda: self.tab.call("() => document.querySelector('#room')?.dataset.screen"),
            lambda found: found == screen,
        )

    def sign_in(self, *, at: str) -> None:
        """Go somewhere and come through the login page."""
        self.tab.go(f"{self._origin}{at}")
        self.tab.call(FILL, "Email", self.account["email"])
        self.tab.call(FILL, "Password", PASSWORD)
        self.press('main form button[type="submit"]')

    def join(self) -> None:
        """Leave the preview once the camera's picture is there."""
        self.is_on("preview")
        self.tab.until(
            lambda: self.tab.call("() => document.querySelector('.mirror video')?.videoWidth ?? 0"), bool
        )
        self.press('[data-action="join"]')

    def media(self) -> dict[str, Any]:  # JSON
        """Give what the page's peer connections received so far, and what its tiles show."""
        return dict(self.tab.call(MEDIA))


@pytest.fixture
def firefox(tmp_path: Path) -> Iterator[Firefox]:
    with Firefox(program(), tmp_path) as browser:
        yield browser


def _meet(one: Person | Fox, other: Person | Fox, until: Callable[..., Media]) -> None:
    """Wait until the one sees the other moving, and hears them, and nobody else, from now on."""
    start = one.media()
    wanted = Media(seen=1, heard=1, tiles=frozenset({other.id}))
    until(lambda: arrived_since(start, one.media(), one.id), lambda media: media == wanted)


def _meet_both(therapist: Person, fox: Fox) -> None:
    _meet(fox, therapist, fox.tab.until)
    _meet(therapist, fox, therapist.until)


def test_firefox_and_chromium_see_and_hear_each_other_also_after_a_rebuild(
    people: Meeting, stack: Stack, firefox: Firefox
) -> None:
    room = f"/rooms/{stack.session(SCENE)}/"
    names = stack.people_of(SCENE)
    therapist, fox = people.person(names[0]), Fox(stack, firefox, names[1])
    therapist.sign_in(at=room)
    therapist.join()
    fox.sign_in(at=room)
    fox.join()
    therapist.is_on("room")
    therapist.does("start")
    fox.is_on("waiting")
    therapist.does("admit", f'[data-waiting="{fox.id}"]')
    fox.is_on("room")
    _meet_both(therapist, fox)

    stack.kill_relay()
    stack.start_relay()
    _meet_both(therapist, fox)
