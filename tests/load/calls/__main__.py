"""CPU, delay and loss of calls through relays: `python -m tests.load.calls` prints a table."""

import argparse
import os
import shlex
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests.load.calls import floor, machine, media, namespace, options, report, table
from tests.load.calls.plans import Plan
from tests.load.calls.relays import RelayFailedError, RelayMissingError
from tests.load.calls.relays.known import RELAYS
from tests.load.calls.runs import Bench, Run, nearest

RELAY_CORE, GENERATOR_CORE = 0, 1
_DOCUMENT = Path(__file__).parents[3] / "docs" / "benchmarks.md"
_FLOOR_PACKETS = 110_000


def main(arguments: Sequence[str]) -> int:
    """Run the comparison; return the exit status."""
    given = options.parse(arguments)
    if (os.cpu_count() or 1) <= max(RELAY_CORE, GENERATOR_CORE):
        sys.stderr.write("This needs two cores: one for the relay, one for the load.\n")
        return 2
    try:
        address = "127.0.0.1" if given.loopback else namespace.enter(options.MODULE, arguments)
        made = _compare(options.plan(given), address, _command(arguments))
        _leave(made, given)
    except (namespace.NamespaceError, RelayMissingError, RelayFailedError, report.NoPlaceError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


def _command(arguments: Sequence[str]) -> str:
    """Return what was typed, without the folders of this machine."""
    shown = [Path(each).name if "/" in each else each for each in arguments]
    return shlex.join(["python", "-m", options.MODULE, *shown])


def _compare(plan: Plan, address: str, command: str) -> report.Report:
    os.sched_setaffinity(0, {GENERATOR_CORE})
    at, load_before = report.now(), machine.load()
    say("encoding what is sent")
    footage = media.encode()
    with machine.awake([RELAY_CORE, GENERATOR_CORE]) as spinners:
        bench = Bench(RELAYS, address, footage, RELAY_CORE, spinners)
        bench.preflight(list(dict.fromkeys(name for cell in plan.cells for name in cell.relays)))
        least = floor.measure(footage, address, _FLOOR_PACKETS)
        say(table.floor_line(least))
        runs = _runs(bench, plan)
        filled = _filled(bench, plan)
    return report.Report(at, command, plan.seconds, load_before, machine.load(), least, runs, filled)


def _runs(bench: Bench, plan: Plan) -> list[Run]:
    runs: list[Run] = []
    started = time.monotonic()
    for run in bench.run_all(plan):
        runs.append(run)
        minutes = (time.monotonic() - started) / len(runs) * (len(plan) - len(runs)) / 60
        say(f"[{len(runs)}/{len(plan)}, {minutes:.0f} min left] {table.line(run)}")
    return runs


def _filled(bench: Bench, plan: Plan) -> list[Run]:
    """Return the run nearest to 70 % of a core for each relay that is asked for."""
    chosen = []
    for name in plan.filled:
        tried = []
        for run in bench.fill(name, plan.seconds):
            tried.append(run)
            say(f"[70 % of a core] {table.line(run)}")
        chosen.append(nearest(tried))
    return chosen


def _leave(made: report.Report, given: argparse.Namespace) -> None:
    say(made.markdown())
    if given.json is not None:
        given.json.write_text(made.json(), encoding="utf-8")
    if given.write:
        report.write_into(_DOCUMENT, made.markdown())


def say(text: str) -> None:
    """Print a line now."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
