"""Nine o'clock: whole groups come into the waiting room. `python -m tests.load.joins` prints figures.

Starts what compose starts, on free ports of this machine: PostgreSQL (commits wait for the disk), Redis, the
relay, the worker and the web processes (compose has one), fills the database with groups of 8 to 12 whose
sessions are about to begin, and lets them come: page and all its files with an empty cache (without them by
`--kept-files`: their names hold a hash, so a browser keeps them for good), socket, join as the room page
sends it, a ping every four seconds. Their facilitators have opened the rooms, see each of them
in the lobby and let them in a second later, one by one; who is let in asks for TURN servers and offers media
to the relay. Rounds: over a minute; each group within one second; all within ten seconds; then ever faster,
until the 95th percentile of the join answer passes one second.

The exit status is 0 if nobody met an error, nothing was lost on the way, and the first round's goal holds.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import random
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any

from tests.load.nine.figures import HEADS, Figures, table
from tests.load.nine.people import Facilitator, Patient, Room, Tally, gather
from tests.load.nine.stack import NotReadyError, Stack
from tests.relay.peer import AUDIO, VIDEO
from tests.relay.socket_peer import SocketWorld

SIZES = (8, 9, 10, 11, 12)
GOAL_SECONDS = 1.0
STORM_SECONDS = 10.0
STEP_SECONDS = 10.0
STEP_FACTOR = 1.25
SETTLES = 5.0  # every page has pinged once more: what was lost has shown


@dataclass(frozen=True, slots=True)
class Round:
    """When each patient of each group comes, in seconds."""

    name: str
    joins: int
    seconds: float
    is_together: bool = False

    def moments(self, sizes: Sequence[int], luck: random.Random) -> list[list[float]]:
        """Spread the people over the time; `is_together`: each group within one second of its own."""
        if self.is_together:
            span = max(0.0, self.seconds - 1)
            starts = [span * luck.random() for _ in sizes]
            return [
                [start + luck.random() for _ in range(size)]
                for start, size in zip(starts, sizes, strict=True)
            ]
        return [[self.seconds * luck.random() for _ in range(size)] for size in sizes]


def say(text: str) -> None:
    """Print a line now."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main(arguments: Sequence[str]) -> int:
    """Build, start, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--joins", type=int, default=400, help="people in the first three rounds")
    parser.add_argument("--seconds", type=float, default=60.0, help="length of the first two rounds")
    parser.add_argument("--web", type=int, default=1, help="web processes")
    parser.add_argument("--rounds", default="steady,together,storm,limit", help="which, comma-separated")
    parser.add_argument("--most", type=float, default=60.0, help="joins a second at which the search ends")
    parser.add_argument("--kept-files", action="store_true", help="browsers have the files from last time")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, help="write the figures there, too")
    parser.add_argument("--keep", type=Path, help="folder for logs; otherwise they are thrown away")
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, _stop)
    try:
        with tempfile.TemporaryDirectory(prefix="iop-nine-", ignore_cleanup_errors=True) as scratch:
            folder = options.keep or Path(scratch)
            folder.mkdir(parents=True, exist_ok=True)
            found = measure(options, folder)
    except NotReadyError as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")
    return 0 if found["holds"] else 1


def _stop(number: int, frame: FrameType | None) -> None:
    """End as after Ctrl-C: what was started ends with us."""
    raise SystemExit(128 + number)


def measure(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Run all rounds; give everything that is written as JSON."""
    wanted = options.rounds.split(",")
    rounds = [
        each
        for key, each in {
            "steady": Round(f"over {options.seconds:g} s", options.joins, options.seconds),
            "together": Round("each group in 1 s", options.joins, options.seconds, is_together=True),
            "storm": Round(f"all in {STORM_SECONDS:g} s", options.joins, STORM_SECONDS),
        }.items()
        if key in wanted
    ]
    steps = list(_steps(options)) if "limit" in wanted else []
    sizes = [list(group_sizes(each.joins)) for each in (*rounds, *steps)]
    machine = f"{os.cpu_count()} cores ({platform.machine()}), Python {platform.python_version()}"
    say(f"machine: {machine}, load {os.getloadavg()[0]:.1f}; web processes: {options.web}")
    outcomes: list[Figures] = []
    with Stack(folder, web=options.web) as stack:
        began = time.monotonic()
        groups = iter(stack.build([size for each in sizes for size in each]))
        say(f"built {sum(map(len, sizes))} groups in {time.monotonic() - began:.0f} s")
        stack.serve()
        say(f"processes: {stack.pids()}")
        for each, of_each in zip((*rounds, *steps), sizes, strict=True):
            taken = [next(groups) for _ in of_each]
            luck = random.Random(options.seed)
            outcomes.append(asyncio.run(run_round(stack, each, taken, luck, keeps_files=options.kept_files)))
            say(outcomes[-1].line())
            if each in steps and outcomes[-1].join_p95 > GOAL_SECONDS:
                break
    say("\n" + table(HEADS, [each.row() for each in outcomes]))
    calm = [
        each
        for each in outcomes
        if each.round in [step.name for step in steps] and each.is_good(GOAL_SECONDS)
    ]
    highest = max((each.joins / each.seconds for each in calm), default=0.0)
    if steps:
        say(
            f"highest rate with p95 of the join answer under {GOAL_SECONDS:g} s: {highest:.1f} joins a second"
        )
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine,
        "web": options.web,
        "kept_files": options.kept_files,
        "rounds": [each.as_json() for each in outcomes],
        "highest_joins_per_second": round(highest, 2),
        "holds": all(each.is_whole for each in outcomes)
        and (not outcomes or outcomes[0].is_good(GOAL_SECONDS)),
    }


def _steps(options: argparse.Namespace) -> Iterator[Round]:
    rate = max(1.0, options.joins / options.seconds)
    while rate <= options.most:
        yield Round(f"{rate:.1f} a second", max(8, round(rate * STEP_SECONDS)), STEP_SECONDS)
        rate *= STEP_FACTOR


def group_sizes(joins: int) -> Iterator[int]:
    """Split people into groups of 8 to 12; the last may be smaller."""
    number = 0
    while joins > 0:
        size = min(joins, SIZES[number % len(SIZES)])
        yield size
        joins, number = joins - size, number + 1


async def run_round(
    stack: Stack,
    what: Round,
    groups: Sequence[dict[str, Any]],
    luck: random.Random,
    *,
    keeps_files: bool,
) -> Figures:
    """Let everybody of one round come and go; give what it came to."""
    tally, origins, offer = Tally(), stack.origins, media_offer()
    leaders, patients, work = [], [], []
    moments = what.moments([len(each["patients"]) for each in groups], luck)
    for number, group in enumerate(groups):
        common = {"session": group["session"], "room": Room(), "tally": Tally()}
        leaders.append(Facilitator(group["facilitator"], origin=origins[number % len(origins)], **common))
        leaders[-1].tally = common["tally"] = tally
        for each, account in enumerate(group["patients"]):
            origin = origins[(number + each) % len(origins)]
            patients.append(Patient(account, origin=origin, offer=offer, keeps_files=keeps_files, **common))
            work.append(_come_at(patients[-1], moments[number][each]))
    for leader in leaders:
        await leader.begin()
    for kind in (tally.join, tally.socket_open):
        kind.clear()
    before, counted, dropped = stack.cpu(), stack.counters(), stack.count("over capacity")
    began, own = time.perf_counter(), time.process_time()
    await gather(work, lambda note: tally.errors.update([note]))
    lasted, own = time.perf_counter() - began, time.process_time() - own
    await asyncio.sleep(SETTLES)
    spent = {name: used - before.get(name, 0.0) for name, used in stack.cpu().items()}
    counts = {name: number - counted[name] for name, number in stack.counters().items()}
    figures = Figures.of(
        what.name,
        joins=what.joins,
        seconds=what.seconds,
        tally=tally,
        cpu=spent,
        counts=counts,
        generator=own / lasted,
        dropped=stack.count("over capacity") - dropped,
    )
    await asyncio.gather(*(each.go() for each in (*patients, *leaders)))
    return figures


async def _come_at(patient: Patient, moment: float) -> None:
    await asyncio.sleep(moment)
    await patient.come()


def media_offer() -> str:
    """Give what a page with camera and microphone offers; everybody says the same, nobody sends."""
    world = SocketWorld()
    try:
        return str(world.peer().offer(AUDIO, VIDEO))
    finally:
        world.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
