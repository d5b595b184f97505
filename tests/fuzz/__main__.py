"""`python -m tests.fuzz --cases 1000000 --seed 7`: the storm for as long as one likes, with its figures.

`--data-plane compiled` has C forward; `--sanitize` does too, with every access of its memory checked, and
calls each C function by itself as often again.
"""

import argparse
import logging
import sys
import tempfile
import time
from pathlib import Path

from realtime.relay.compiled.library import Library, load
from tests.fuzz import sanitized
from tests.fuzz.intake import Intake
from tests.fuzz.lanes import Lanes
from tests.fuzz.storm import Storm
from tests.relay import planes

EVERY = 10_000


def main() -> int:
    """Run, tell how far it is, and end with what was dropped and why; 1 means that something broke."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--data-plane", choices=planes.NAMES, default="python")
    parser.add_argument("--sanitize", action="store_true", help="the compiled plane under gcc's sanitizers")
    options = parser.parse_args()
    if options.sanitize:
        sanitized.again()
        hammer(load(sanitized.library()), options.cases, options.seed)
    plane = sanitized.library() if options.sanitize else options.data_plane
    with planes.forwarding(plane):
        return blow(options.cases, options.seed)


def hammer(library: Library, cases: int, seed: int) -> None:
    """Call the C functions by themselves, and say what they told."""
    for name, kind in (("fan_out", Lanes), ("take_in", Intake)):
        begun = time.monotonic()
        calls = kind(library, seed)
        calls.run(cases)
        calls.close()
        say(f"seed {seed}: {cases} calls of {name} in {time.monotonic() - begun:.0f} s")
        say("told: " + ", ".join(f"{what} {number}" for what, number in calls.told.most_common()))


def blow(cases: int, seed: int) -> int:
    """Let the storm blow; 1 means that something broke."""
    logging.basicConfig(stream=sys.stderr)
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as directory:
        storm = Storm(Path(directory), seed)
        storm.run(min(EVERY, cases))
        before = storm.objects()

        def progress(done: int) -> None:
            if done % EVERY == 0:
                rate = (done + EVERY) / (time.monotonic() - begun)
                say(f"{done + EVERY} cases, {rate:.0f} a second, {storm.objects() - before:+d} objects")

        storm.run(max(0, cases - EVERY), progress)
        storm.settle()
        say(f"seed {seed}: {sum(storm.kinds.values())} cases in {time.monotonic() - begun:.0f} s")
        say("sent: " + ", ".join(f"{name} {number}" for name, number in storm.kinds.most_common()))
        dropped = storm.world.counters.dropped.most_common()
        say("dropped: " + ", ".join(f"{name} {number}" for name, number in dropped))
        say(f"left over: {storm.sizes()}, before: {storm.quiet}, objects {storm.objects() - before:+d}")
        return int(storm.sizes() != storm.quiet or not storm.alive() <= storm.alive_before)


def say(text: str) -> None:
    """Tell the person at the terminal."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
