"""How soon somebody who comes sees somebody: `python -m tests.load.first_frame`, in Chromium on loopback.

At the relay: one page sends camera (two layers) and microphone. Again and again a second device joins the
call and only receives; time runs from the moment its page asks for the slots until the first picture has been
decoded and shown (`requestVideoFrameCallback`). The steps in between say where the time goes. `--room` does
the same with the whole product: a therapist joins a session in which a patient is, time runs from the
click on "Join" until the patient moves in a tile; browser, server, relay and database share the machine.

Where the host of a virtual machine took time away during a join, its figures are told with all, and again
without: what nobody here can do anything about must neither spoil a figure nor be hidden.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.alone import SCRIPT, Participant
from tests.browser.arguments import ARGUMENTS
from tests.browser.blank import serve_page
from tests.browser.people import Meeting
from tests.browser.stack import Stack
from tests.browser.tone import write_speech
from tests.conftest import CHROMIUM_NAMES
from tests.load.calls.figures import STOLEN_LIMIT_PERCENT
from tests.load.calls.machine import stolen_seconds
from tests.load.figures import machine, percentile, say
from tests.relay.process import Control, RelayProcess

# Pictures as often as from a real camera; the last word wins.
CAMERA = "--use-fake-device-for-media-stream=fps=20"
MOST_SECONDS = 20
STEPS = {
    "offered": "the relay's offer is there",
    "local": "answer set, candidates being gathered",
    "answered": "the relay has the answer",
    "connected": "ICE and DTLS done",
    "packet": "first packet of a picture",
    "shown": "first picture decoded and shown",
}

# `ask` is a question to the relay's control connection, which the command answers.
RECEIVER = r"""
const first = async (name, room) => {
  const at = {}, begun = performance.now(), now = () => performance.now() - begun;
  const offer = await ask('subscribe.offer', {connection: name, generation: 1});
  at.offered = now();
  const connection = new RTCPeerConnection();
  connection.onconnectionstatechange = () => {
    if (connection.connectionState === 'connected') at.connected ??= now();
  };
  const shown = new Promise((resolve) => {
    const show = (track) => {
      const element = document.createElement(track.kind);
      element.autoplay = element.muted = true;
      element.srcObject = new MediaStream([track]);
      document.body.append(element);
      return element;
    };
    // As the room does: each place for a voice has an element, one for a picture only when it is filled.
    connection.ontrack = ({track}) => {
      if (track.kind === 'audio') show(track);
      else track.onunmute = () => show(track).requestVideoFrameCallback((_, frame) => {
        at.packet ??= frame.receiveTime === undefined ? NaN : frame.receiveTime - begun;
        at.shown ??= now();
        resolve();
      });
    };
  });
  await connection.setRemoteDescription({type: 'offer', sdp: offer.sdp});
  await connection.setLocalDescription(await connection.createAnswer());
  at.local = now();
  const sdp = connection.localDescription.sdp;
  await ask('subscribe.answer', {connection: name, generation: 1, sdp});
  at.answered = now();
  const late = new Promise((resolve) => setTimeout(resolve, %d));
  await Promise.race([shown, late]);
  connection.close();
  for (const element of document.querySelectorAll('video, audio')) element.remove();
  return at;
};
""" % (MOST_SECONDS * 1000)  # noqa: UP031 - the script is full of braces

# Notes the click on "Join" and when a tile of somebody else shows its first picture.
WATCH = r"""
(() => {
  window.firstPicture = null;
  addEventListener('click', (event) => {
    if (!event.target.closest?.('[data-action="join"]')) return;
    const begun = performance.now();
    const look = () => {
      for (const tile of document.querySelectorAll('.tile[data-participant]')) {
        const video = tile.querySelector('video');
        if (tile.dataset.participant === window.self_id || !video) continue;
        if (video.getVideoPlaybackQuality().totalVideoFrames > 0) {
          window.firstPicture ??= performance.now() - begun;
          return;
        }
      }
      requestAnimationFrame(look);
    };
    look();
  }, true);
})();
"""


@dataclass(slots=True)
class Join:
    """When each step was done, in milliseconds, and whether the host took time away meanwhile."""

    at: Mapping[str, float] = field(default_factory=dict)
    is_robbed: bool = False

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Look at what the host takes while this is under way."""
        began, stolen = time.monotonic(), stolen_seconds()
        yield
        share = (stolen_seconds() - stolen) / (time.monotonic() - began)
        self.is_robbed = 100 * share > STOLEN_LIMIT_PERCENT


def at_the_relay(browser: Browser, folder: Path, runs: int, chance: random.Random) -> None:
    """Let a second device join again and again, and say how long each step took."""
    with (
        RelayProcess(folder / "alone", log=folder / "relay.log") as relay,
        Control(relay.control) as control,
        serve_page(SCRIPT + RECEIVER) as address,
    ):
        control.start()
        sender, receiver = (_page(browser, address) for _ in range(2))
        receiver.expose_function("ask", lambda op, fields: control.ask(op, **fields))
        receiver.goto(address)
        publisher = Participant(sender, control, "sender")
        publisher.call("how", {"repair": "voice", "simulcast": True, "buffer": 0})
        publisher.publish()
        sender.wait_for_timeout(5000)
        found: list[Join] = []
        for number in range(runs):
            name = f"receiver-{number}"
            control.ask(
                "connection.open",
                room="room-1",
                connection=name,
                participant="second",
                microphone=False,
                camera=False,
            )
            join = Join()
            with join.watched():
                join.at = receiver.evaluate("(name) => first(name)", name)
            found.append(join)
            control.ask("connection.close", connection=name, reason="left")
            control.events.clear()
            receiver.wait_for_timeout(chance.randrange(700, 1900))
        stats = control.ask("stats")
        sender.context.close()
        receiver.context.close()
    _tell("joins at the relay of a second device, milliseconds from asking for the slots", STEPS, found)
    say(f"  dropped by the relay: {stats['dropped']}")


def in_the_room(browser: Browser, folder: Path, runs: int) -> None:
    """Let a therapist join the whole product's room again and again."""
    found: list[Join] = []
    with Stack(folder) as stack:
        meeting = Meeting(stack, browser)
        therapist, _ = meeting.seats("first_light", patients=1)
        therapist.context.add_init_script(WATCH)
        therapist.context.add_init_script(f"window.self_id = {therapist.id!r};")
        for _ in range(runs):
            therapist.open_room("first_light")
            join = Join()
            with join.watched():
                therapist.join()
                therapist.page.wait_for_function(
                    "() => window.firstPicture !== null", timeout=MOST_SECONDS * 1000
                )
            join.at = {"shown": float(therapist.page.evaluate("() => window.firstPicture"))}
            found.append(join)
            therapist.page.wait_for_timeout(700)
        meeting.close()
    steps = {"shown": "the patient moves in a tile"}
    _tell("joins in the room, milliseconds from the click on Join", steps, found)


def _page(browser: Browser, address: str) -> Page:
    page = browser.new_context(permissions=["camera", "microphone"]).new_page()
    page.goto(address)
    return page


def _tell(what: str, steps: Mapping[str, str], found: Sequence[Join]) -> None:
    left_alone = [join for join in found if not join.is_robbed]
    say(f"{len(found)} {what}")
    _lines(steps, found)
    if len(left_alone) < len(found):
        say(f"{len(left_alone)} of them, in which the host left the machine alone")
        _lines(steps, left_alone)


def _lines(steps: Mapping[str, str], joins: Sequence[Join]) -> None:
    for step, words in steps.items():
        values = [join.at[step] for join in joins if join.at.get(step) is not None]
        missing = "" if len(values) == len(joins) else f", {len(joins) - len(values)} without"
        if not values:
            say(f"  {words:40} never")
            continue
        p50, p95 = percentile(values, 0.5), percentile(values, 0.95)
        say(f"  {words:40} p50 {p50:6.0f}  p95 {p95:6.0f}  max {max(values):6.0f}{missing}")


def main(arguments: Sequence[str]) -> None:
    """Measure, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--runs", type=int, default=30)
    parser.add_argument("--room", action="store_true", help="with the whole product, too")
    parser.add_argument("--seed", type=int, default=1, help="of the pauses between joins")
    options = parser.parse_args(arguments)
    say(f"machine: {machine()}")
    program = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUM_NAMES)))
    with tempfile.TemporaryDirectory(prefix="iop-first-") as name, sync_playwright() as playwright:
        folder = Path(name)
        voice = write_speech(folder / "voice.wav")
        options_of_browser: list[Any] = [*ARGUMENTS, CAMERA, f"--use-file-for-fake-audio-capture={voice}"]
        browser = playwright.chromium.launch(executable_path=program, args=options_of_browser)
        at_the_relay(browser, folder, options.runs, random.Random(options.seed))
        if options.room:
            in_the_room(browser, folder, options.runs)
        browser.close()
    say(f"machine: {machine()}")


if __name__ == "__main__":
    main(sys.argv[1:])
