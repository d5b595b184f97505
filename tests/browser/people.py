"""One person at one browser: sign in, join, look, click. Waits for what is visible, never for time."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.scenes import PASSWORD
from tests.browser.stack import Stack
from tests.patience import PATIENCE_SECONDS

T = TypeVar("T")

DEVICES = ("camera", "microphone")
DESK = (1280, 800)
STEP_MILLISECONDS = 200
MOST_TABS = 40
expect.set_options(timeout=PATIENCE_SECONDS * 1000)
# How much has to arrive before we believe that somebody is seen and heard.
FRAMES, AUDIO_PACKETS = 10, 50

# Keeps every peer connection and socket of the page where a test can ask it.
WATCH = """
(() => {
  const peers = [];
  const closed = new WeakMap();
  const Real = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Real {
    #sayClosed;
    constructor(...options) {
      super(...options);
      closed.set(this, new Promise((say) => { this.#sayClosed = say; }));
      peers.push(this);
    }
    close() {
      super.close();
      this.#sayClosed(new Map());
    }
  };
  window.testPeers = () => peers.filter((one) => one.connectionState !== 'closed');
  // Firefox never answers for a connection that is closed while it counts.
  window.testStats = (peer) => Promise.race([peer.getStats(), closed.get(peer)]);
  window.testMedia = async () => {
    const streams = {};
    for (const [number, peer] of window.testPeers().entries()) {
      (await window.testStats(peer)).forEach((one) => {
        if (one.type !== 'inbound-rtp') return;
        streams[`${number}/${one.mid}/${one.kind}`] = {
          kind: one.kind, frames: one.framesDecoded ?? 0, packets: one.packetsReceived ?? 0,
          energy: one.totalAudioEnergy ?? 0,
        };
      });
    }
    const tiles = {};
    for (const tile of document.querySelectorAll('.tile[data-participant]')) {
      const video = tile.querySelector('video');
      tiles[tile.dataset.participant] = video ? video.getVideoPlaybackQuality().totalVideoFrames : 0;
    }
    return { streams, tiles };
  };
})();
"""

SENT = """async () => {
  let frames = 0;
  for (const peer of window.testPeers()) (await window.testStats(peer)).forEach((one) => {
    if (one.type === 'outbound-rtp' && one.kind === 'video') frames += one.framesSent ?? 0;
  });
  return frames;
}"""


# Nobody is there to answer the browser's question which screen to share: a clock hand on white is.
SCREEN = """
navigator.mediaDevices.getDisplayMedia = async () => {
  const canvas = Object.assign(document.createElement('canvas'), {width: 1280, height: 720});
  const paper = canvas.getContext('2d');
  let turn = 0;
  setInterval(() => {
    paper.fillStyle = 'white';
    paper.fillRect(0, 0, 1280, 720);
    paper.fillStyle = 'black';
    paper.fillRect(600 + 300 * Math.sin(turn += 0.3), 300, 80, 80);
  }, 125);
  return canvas.captureStream(8);
};
"""


@dataclass(frozen=True, slots=True)
class Media:
    """What arrived since a moment ago."""

    seen: int
    heard: int
    tiles: frozenset[str]


class Person:
    """An account in a browser context of its own."""

    def __init__(
        self,
        stack: Stack,
        context: BrowserContext,
        name: str,
    ) -> None:
        self.stack, self.context, self.name = stack, context, name
        self.account = stack.account(name)
        self.id: str = self.account["id"]
        self.errors: list[str] = []
        self.page = self.new_page()
        self._media_before: dict[str, Any] | None = None  # JSON

    def new_page(self) -> Page:
        """Open a tab."""
        page = self.context.new_page()
        page.set_default_timeout(PATIENCE_SECONDS * 1000)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        return page

    # Pages.

    def go(self, path: str) -> None:
        """Open a page of the product."""
        self.page.goto(f"{self.stack.origin}{path}")

    def sign_in(self, *, at: str = "/") -> None:
        """Go somewhere and come through the login page, with the second factor where there is one."""
        self.go(at)
        self.page.get_by_label("Email").fill(self.account["email"])
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in").click()
        if self.account["totp_secret"]:
            expect(self.page.get_by_role("heading", name="Second step")).to_be_visible()
            self.page.get_by_label("Code").fill(self._one_time_code())
            self.page.get_by_role("button", name="Sign in").click()

    def be_signed_in(self) -> None:
        """Go on with the login of an earlier test, or sign in: a few codes a minute open a door, no more."""
        kept = self.stack.logins.get(self.name)
        if kept is not None:
            self.context.add_cookies(kept)
            self.go("/")
        else:
            self.sign_in()
        expect(self.page.locator("main h1").first).to_be_visible()
        if kept is None:
            expect(self.page.get_by_role("button", name="Sign out").first).to_be_attached()
            self.stack.logins[self.name] = self.context.cookies()

    def _one_time_code(self) -> str:
        """Give a code that was not used before: each opens the door once, and its neighbours are good too."""
        used = self.stack.used_codes
        codes = (one_time_code(self.account["totp_secret"], steps) for steps in (0, 1, -1))
        code = next(code for code in codes if (self.name, code) not in used)
        used.add((self.name, code))
        return code

    def sees(self, text: str, *, within: float = PATIENCE_SECONDS) -> None:
        """Wait until a text stands on the page."""
        expect(self.page.locator("main").get_by_text(text).first).to_be_visible(timeout=within * 1000)

    def sees_no(self, text: str, *, within: float = PATIENCE_SECONDS) -> None:
        """Wait until a text is gone."""
        expect(self.page.locator("main").get_by_text(text)).to_have_count(0, timeout=within * 1000)

    def does(self, action: str, within: str = "") -> None:
        """Click the button that does an action; `within` is a selector of what it stands in."""
        self.page.locator(f'{within} [data-action="{action}"]').first.click()

    def focused(self) -> str:
        """Give the words of what has the focus, as somebody who hears the page would know it."""
        return str(
            self.page.evaluate(
                """() => {
                  const one = document.activeElement, words = (one.labels?.[0] ?? one).innerText;
                  return words?.trim() || one.getAttribute('aria-label') || one.tagName;
                }"""
            )
        )

    def tab_to(self, words: str) -> None:
        """Press Tab until something with these words has the focus."""
        for _ in range(MOST_TABS):
            self.page.keyboard.press("Tab")
            if self.focused() == words:
                return
        raise AssertionError(f"no Tab leads to {words!r}")

    # The room.

    def open_room(self, scene: str) -> None:
        """Go to the room's page and see the preview."""
        self.go(f"/rooms/{self.stack.session(scene)}/")
        expect(self.page.locator('#room[data-screen="preview"]')).to_be_visible()

    def join(self) -> None:
        """Leave the preview once the devices are there."""
        expect(self.page.locator('[data-action="join"]')).to_have_text("Join")
        expect(self.page.locator(".mirror video")).to_be_visible()
        self.does("join")

    def is_on(self, screen: str, *, within: float = PATIENCE_SECONDS) -> None:
        """Wait for one of the room's screens."""
        expect(self.page.locator(f'#room[data-screen="{screen}"]')).to_be_visible(timeout=within * 1000)

    def leave(self) -> None:
        """Leave the room, or the waiting room."""
        self.does("leave")
        if self.page.locator("dialog").count():
            self.does("leave-confirm")
        self.is_on("closed")

    def admit(self, other: Person) -> None:
        """Let somebody in from the waiting room."""
        self.does("admit", f'[data-waiting="{other.id}"]')
        expect(self.page.locator(f'[data-seated="{other.id}"]')).to_be_visible()

    def until(
        self, probe: Callable[[], T], enough: Callable[[T], bool], *, within: float = PATIENCE_SECONDS
    ) -> T:
        """Ask again and again until the answer is enough; give it."""
        return until(self.page, probe, enough, within=within)

    def media(self) -> dict[str, Any]:  # JSON
        """Give what the page's peer connections received so far."""
        return dict(self.page.evaluate("() => window.testMedia()"))

    def meets(self, *others: Person, within: float = PATIENCE_SECONDS) -> Media:
        """Wait until each of the others, and nobody else, is seen moving and heard, from now on."""
        start = self.media()
        wanted = {other.id for other in others}

        def arrived(media: dict[str, Any]) -> Media:
            return arrived_since(start, media, self.id)

        def enough(media: Media) -> bool:
            return media.seen >= len(others) and media.heard >= len(others) and media.tiles >= wanted

        found = self.until(lambda: arrived(self.media()), enough, within=within)
        assert (found.seen, found.heard, found.tiles) == (len(others), len(others), wanted)
        return found

    def received(self) -> Media:
        """Give what arrived since this was asked first."""
        media = self.media()
        self._media_before = self._media_before or media
        return arrived_since(self._media_before, media, self.id)

    def frames_sent(self) -> int:
        """Give how many pictures have left the page, by the browser's own count."""
        return int(self.page.evaluate(SENT))

    def ports(self) -> list[int]:
        """Give the local ports that the page's peer connections use."""
        ports = self.page.evaluate(
            """async () => {
              const ports = [];
              for (const peer of window.testPeers()) (await window.testStats(peer)).forEach((one) => {
                if (one.type === 'local-candidate' && one.protocol === 'udp') ports.push(one.port);
              });
              return ports;
            }"""
        )
        return sorted(set(ports))


def until(
    page: Page, probe: Callable[[], T], enough: Callable[[T], bool], *, within: float = PATIENCE_SECONDS
) -> T:
    """Ask again and again until the answer is enough; the page goes on living meanwhile."""
    answer = probe()
    for _ in range(int(within * 1000 / STEP_MILLISECONDS)):
        if enough(answer):
            return answer
        page.wait_for_timeout(STEP_MILLISECONDS)
        answer = probe()
    raise AssertionError(f"it did not happen within {within} s: {answer}")


def arrived_since(start: dict[str, Any], end: dict[str, Any], own: str) -> Media:
    """Say what two answers of `testMedia` show to have arrived between them."""
    streams = []
    for name, stream in end["streams"].items():
        before = _counters(start["streams"].get(name, {}))
        streams.append({**stream, **{key: stream[key] - before[key] for key in before}})
    return Media(
        seen=sum(1 for one in streams if one["kind"] == "video" and one["frames"] >= FRAMES),
        heard=sum(
            1
            for one in streams
            if one["kind"] == "audio" and one["packets"] >= AUDIO_PACKETS and one["energy"] > 0
        ),
        tiles=frozenset(
            person
            for person, frames in end["tiles"].items()
            if person != own and frames != start["tiles"].get(person, 0) and frames > 0
        ),
    )


def _counters(stream: dict[str, Any]) -> dict[str, float]:  # JSON
    return {key: stream.get(key, 0) for key in ("frames", "packets", "energy")}


def one_time_code(secret: str, steps: int) -> str:
    """Give the code that an authenticator app would show so many half minutes from now (RFC 6238)."""
    counter = (int(time.time() // 30) + steps).to_bytes(8, "big")
    digest = hmac.digest(base64.b32decode(secret), counter, hashlib.sha1)
    start = digest[-1] & 0xF
    return f"{(int.from_bytes(digest[start : start + 4], 'big') & 0x7FFFFFFF) % 10**6:06d}"


class Meeting:
    """Makes people at browsers and sends them home at the end."""

    def __init__(self, stack: Stack, browser: Browser) -> None:
        self.stack, self.browser = stack, browser
        self._people: list[Person] = []

    def person(
        self,
        name: str,
        *,
        allows: Sequence[str] = DEVICES,
    ) -> Person:
        """Give somebody a browser of their own; `allows` are the devices they let the page use."""
        context = self.browser.new_context(
            permissions=list(allows),
            viewport={"width": DESK[0], "height": DESK[1]},
            reduced_motion="reduce",
            accept_downloads=True,
        )
        context.add_init_script(WATCH)
        context.add_init_script(SCREEN)
        person = Person(self.stack, context, name)
        self._people.append(person)
        return person

    def seats(self, scene: str, *, patients: int) -> list[Person]:
        """Bring a scene's therapist and so many of its patients into the open room."""
        names = self.stack.people_of(scene)[: patients + 1]
        people = [self.person(name) for name in names]
        therapist, *others = people
        for person in people:
            person.sign_in(at=f"/rooms/{self.stack.session(scene)}/")
            person.join()
        therapist.is_on("room")
        if therapist.page.locator('[data-action="start"]').count():
            therapist.does("start")
        for other in others:
            therapist.admit(other)
        for person in people:
            person.meets(*(each for each in people if each is not person))
        return people

    def close(self) -> list[str]:
        """Close all browsers; give the script errors of their pages."""
        for person in self._people:
            person.context.close()
        return [f"{person.name}: {error}" for person in self._people for error in person.errors]


@contextmanager
def meeting(stack: Stack, browser: Browser) -> Iterator[Meeting]:
    """Hold a meeting whose pages must not have thrown a single error."""
    held = Meeting(stack, browser)
    try:
        yield held
    finally:
        errors = held.close()
    assert errors == []
