"""How calls sound and look on a bad network: `python -m tests.load.impaired` prints figures.

Two Chromium pages meet at a real relay through a UDP proxy. Each leg (browser to relay) has half the round
trip each way; one leg, the bad one, also loses a share of the datagrams in each direction. So what the good
side receives was lost on the way up, and what the bad side receives on the way down. The same is done on
perfect legs and, with the same faults, without any retransmission, so that each figure has a neighbour.

The microphone plays syllables (tests/browser/tone.py), the camera is Chromium's own invention. Concealment is
concealedSamples over totalSamplesReceived; the share that was concealed while nothing was to be heard stands
apart. A video freeze is what Chromium counts as one. "Held" asks the browser to hold voices back as the
room's page does, with the page's own code; "always held" for two round trips from the beginning.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.alone import SCRIPT, Participant
from tests.browser.arguments import ARGUMENTS
from tests.browser.blank import serve_page
from tests.browser.tone import write_speech
from tests.conftest import CHROMIUM_NAMES
from tests.relay.impairment import Impairment
from tests.relay.process import Control, RelayProcess
from tests.relay.proxy import UdpProxy

ROOT = Path(__file__).resolve().parents[2]
Counters = Mapping[str, float]
GOOD, BAD = "good", "bad"
# The last word on the camera wins: here as many pictures as a real one gives.
CAMERA = "--use-fake-device-for-media-stream=fps=20"
WARM_UP_SECONDS = 8.0  # the bandwidth is found, the jitter buffer has learnt what to expect


@dataclass(frozen=True, slots=True)
class Scenario:
    """One call: what is wrong with the legs, and what the page asks for; `buffer` is in milliseconds."""

    name: str
    loss: float
    round_trip: float
    repair: str
    buffer: int = 0
    is_held: bool = False


@dataclass(frozen=True, slots=True)
class Figures:
    """What one side received during the call, and how."""

    concealed: float
    concealed_silence: float
    concealments: float
    frames_per_second: float
    frozen: float
    frozen_seconds: float
    keyframes: float
    audio_nacks: float
    video_nacks: float
    repaired: float
    jitter_buffer_ms: float
    lost: float

    def line(self) -> str:
        """Give the figures as a row of a table."""
        words = (
            f"{self.concealed:7.2%}",
            f"{self.concealed_silence:7.2%}",
            f"{self.concealments:5.0f}",
            f"{self.frames_per_second:5.1f}",
            f"{self.frozen:4.0f}",
            f"{self.frozen_seconds:5.1f}",
            f"{self.keyframes:4.0f}",
            f"{self.audio_nacks:5.0f}",
            f"{self.video_nacks:5.0f}",
            f"{self.repaired:5.0f}",
            f"{self.jitter_buffer_ms:5.0f}",
            f"{self.lost:6.0f}",
        )
        return " ".join(words)


HEAD = (
    f"{'':34} {'conceal':>7} {'silent':>7} {'times':>5} {'fps':>5} {'frz':>4} {'frz s':>5} {'key':>4}"
    f" {'nackA':>5} {'nackV':>5} {'rtx':>5} {'jb ms':>5} {'lost':>6}"
)


def figures(before: Counters, after: Counters, seconds: float) -> Figures:
    """Say what changed between two answers of the page."""

    def grew(name: str) -> float:
        return after.get(name, 0) - before.get(name, 0)

    samples = grew("inbound audio totalSamplesReceived") or 1
    emitted = grew("inbound audio jitterBufferEmittedCount") or 1
    return Figures(
        concealed=grew("inbound audio concealedSamples") / samples,
        concealed_silence=grew("inbound audio silentConcealedSamples") / samples,
        concealments=grew("inbound audio concealmentEvents"),
        frames_per_second=grew("inbound video framesDecoded") / seconds,
        frozen=grew("inbound video freezeCount"),
        frozen_seconds=grew("inbound video totalFreezesDuration"),
        keyframes=grew("inbound video keyFramesDecoded"),
        audio_nacks=grew("inbound audio nackCount"),
        video_nacks=grew("inbound video nackCount"),
        repaired=grew("inbound video retransmittedPacketsReceived"),
        jitter_buffer_ms=1000 * grew("inbound audio jitterBufferDelay") / emitted,
        lost=grew("inbound audio packetsLost") + grew("inbound video packetsLost"),
    )


@cache
def rule_of_the_page() -> str:
    """Give the room's own module about holding voices back as a script that defines `hold`."""
    program = ROOT / "frontend" / "node_modules" / ".bin" / "rolldown"
    # Set-up may have put Node beside Python.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return subprocess.run(
        [program, "src/room/hold.ts", "--format", "iife", "--name", "hold"],
        cwd=ROOT / "frontend",
        env={**os.environ, "PATH": path},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout


@contextmanager
def pages(browser: Browser) -> Iterator[dict[str, Page]]:
    """Open a page for each side."""
    with serve_page(rule_of_the_page() + SCRIPT) as address:
        contexts = {name: browser.new_context(permissions=["camera", "microphone"]) for name in (GOOD, BAD)}
        opened = {name: context.new_page() for name, context in contexts.items()}
        for page in opened.values():
            page.goto(address)
        yield opened
        for context in contexts.values():
            context.close()


def call(browser: Browser, folder: Path, scenario: Scenario, seconds: float) -> dict[str, Figures]:
    """Hold one call and give what each side received."""
    with (
        UdpProxy(target=("127.0.0.1", 0)) as proxy,
        RelayProcess(folder / scenario.name, "--candidate", f"127.0.0.1:{proxy.address[1]}") as relay,
        Control(relay.control) as control,
        pages(browser) as opened,
    ):
        proxy.target = relay.udp
        control.start()
        sides = {name: Participant(page, control, name) for name, page in opened.items()}
        for side in sides.values():
            wishes = {"repair": scenario.repair, "simulcast": True}
            side.call("how", {**wishes, "buffer": scenario.buffer, "isHeld": scenario.is_held})
            side.publish()
            side.subscribe()
        for side in sides.values():
            side.wait_for(lambda sums: sums["frames"] > 0 and sums["audio"] > 0)
        way = scenario.round_trip / 2
        for name, loss in ((GOOD, 0.0), (BAD, scenario.loss)):
            direction = Impairment(loss=loss, delay=way)
            proxy.impair(sides[name].call("ports", name), up=direction, down=direction)
        opened[GOOD].wait_for_timeout(WARM_UP_SECONDS * 1000)
        before = {name: side.call("counters", name) for name, side in sides.items()}
        opened[GOOD].wait_for_timeout(seconds * 1000)
        after = {name: side.call("counters", name) for name, side in sides.items()}
        if "-v" in sys.argv:
            for key, value in sorted(after[BAD].items()):
                say(f"    {key}: {value - before[BAD].get(key, 0):g}")
            say(str(control.ask("stats")))
    return {name: figures(before[name], after[name], seconds) for name in sides}


def main(arguments: Sequence[str]) -> None:
    """Hold the calls and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--loss", type=float, default=5, help="percent lost in each direction of the bad leg")
    parser.add_argument("--rtt", type=float, default=100, help="milliseconds there and back, on each leg")
    parser.add_argument("--seconds", type=float, default=60, help="how long each call is measured")
    parser.add_argument("--only", default="", help="only the calls whose names begin so")
    parser.add_argument("-v", action="store_true", help="also print every counter of the bad side")
    options = parser.parse_args(arguments)
    loss, round_trip = options.loss / 100, options.rtt / 1000
    scenarios = (
        Scenario("perfect", 0, 0, "voice"),
        Scenario("delayed", 0, round_trip, "voice"),
        Scenario("delayed, held", 0, round_trip, "voice", is_held=True),
        Scenario("impaired, not held", loss, round_trip, "voice"),
        Scenario("impaired, held", loss, round_trip, "voice", is_held=True),
        Scenario("impaired, always held", loss, round_trip, "voice", buffer=round(options.rtt * 2)),
        Scenario("impaired, voice not repaired", loss, round_trip, "picture"),
        Scenario("impaired, nothing repaired", loss, round_trip, "none"),
    )
    say(f"machine: {platform.machine()}, {os.cpu_count()} cores, load {load()}")
    say(f"each leg {options.rtt:g} ms there and back; bad leg loses {options.loss:g} % each way")
    say(HEAD)
    program = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUM_NAMES)))
    with tempfile.TemporaryDirectory(prefix="iop-call-") as folder, sync_playwright() as playwright:
        voice = write_speech(Path(folder) / "voice.wav")
        browser = playwright.chromium.launch(
            executable_path=program, args=[*ARGUMENTS, CAMERA, f"--use-file-for-fake-audio-capture={voice}"]
        )
        for scenario in (each for each in scenarios if each.name.startswith(options.only)):
            heard = call(browser, Path(folder), scenario, options.seconds)
            for name, way in ((GOOD, "up"), (BAD, "down")):
                say(f"{scenario.name + ', lost ' + way:34} {heard[name].line()}")
        browser.close()
    say(f"load at the end {load()}")


def say(text: str) -> None:
    """Print a line now."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def load() -> str:
    """Say how busy the machine is."""
    return " ".join(f"{each:.2f}" for each in os.getloadavg())


if __name__ == "__main__":
    main(sys.argv[1:])
