"""CPU, delay and loss of calls through relays: `python -m tests.load.calls` prints a table.

Each client speaks real ICE, DTLS and SRTP and sends really encoded VP8 (640x360, 25 frames and some 620 kbit/s)
and Opus (50 packets/s). The relay has core 0, the load core 1; see docs/benchmarks.md for the method.
"""

import argparse
import os
import sys
import time
from collections.abc import Sequence

from tests.load.calls import machine, media, namespace, table
from tests.load.calls.call import Shape
from tests.load.calls.relays import RelayMissingError
from tests.load.calls.relays.known import RELAYS
from tests.load.calls.runs import GENERATOR_CORE, RELAY_CORE, Cell, Plan, Run, eta, run_all

MODULE = "tests.load.calls"


def main(arguments: Sequence[str]) -> int:
    """Run the comparison; return the exit status."""
    options = _options(arguments)
    try:
        address = "127.0.0.1" if options.loopback else namespace.enter(MODULE, arguments)
        return _compare(options, address)
    except (namespace.NamespaceError, RelayMissingError) as error:
        sys.stderr.write(f"{error}\n")
        return 2


def _compare(options: argparse.Namespace, address: str) -> int:
    os.sched_setaffinity(0, {GENERATOR_CORE})
    say("encoding the footage")
    footage = media.encode()
    shape = Shape(f"{options.groups} x {options.people}", options.groups, options.people)
    plan = Plan([Cell(shape, tuple(options.relay))], options.repetitions, options.seconds)
    runs: list[Run] = []
    started = time.monotonic()
    with machine.awake([RELAY_CORE, GENERATOR_CORE]):
        for run in run_all(plan, relays=RELAYS, address=address, footage=footage, core=RELAY_CORE):
            runs.append(run)
            say(f"[{len(runs)}/{len(plan)}, {eta(started, len(runs), len(plan))}] {table.line(run)}")
    say(table.markdown(runs))
    return 0


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog=f"python -m {MODULE}", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--relay", nargs="+", choices=sorted(RELAYS), default=["ours"])
    parser.add_argument("--people", type=int, default=12)
    parser.add_argument("--groups", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=8, help="how long each window is measured")
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--loopback", action="store_true", help="no namespace; our relay only")
    return parser.parse_args(arguments)


def say(text: str) -> None:
    """Print a line now."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
