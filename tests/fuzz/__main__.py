"""`python -m tests.fuzz --cases 1000000 --seed 7`: the storm for as long as one likes, with its figures."""

import argparse
import logging
import sys
import tempfile
import time
from pathlib import Path

from tests.fuzz.storm import Storm

EVERY = 10_000


def main() -> int:
    """Run, tell how far it is, and end with what was dropped and why; 1 means that something broke."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    logging.basicConfig(stream=sys.stderr)
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as directory:
        storm = Storm(Path(directory), options.seed)
        storm.run(min(EVERY, options.cases))
        before = storm.objects()

        def progress(done: int) -> None:
            if done % EVERY == 0:
                rate = (done + EVERY) / (time.monotonic() - begun)
                say(f"{done + EVERY} cases, {rate:.0f} a second, {storm.objects() - before:+d} objects")

        storm.run(max(0, options.cases - EVERY), progress)
        storm.settle()
        say(f"seed {options.seed}: {sum(storm.kinds.values())} cases in {time.monotonic() - begun:.0f} s")
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
