"""Break the real processes on purpose and count what the ledger loses; no browser is needed.

    python -m tests.faults.live --schedules 6 --seed 1
    python -m tests.faults.live --schedules 3 --calm       # nothing breaks: what a quiet session comes to

Starts a private PostgreSQL and Redis, the server, the worker and the relay, lets four participants meet over
real sockets and WebRTC for each schedule, kills, stops and cuts meanwhile, and prints a table. The exit
status is 0 if nobody lost more than ten seconds, nothing was invented and nothing was counted twice.
"""

from __future__ import annotations

import argparse
import importlib.util
import random
import sys
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.faults.counting import table
from tests.faults.live_people import LivePerson
from tests.faults.live_plan import LENGTH_SECONDS, LivePlan, make_live_plan
from tests.faults.live_stack import PATIENCE, ROOT, LiveStack
from tests.faults.live_verdict import HEADS, Outcome, exit_code, judge_live

SEATED_WITHIN = 60.0
FINAL_WITHIN = 150.0


def main(arguments: list[str]) -> int:
    """Run the schedules that were asked for and print what they came to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--schedules", type=int, default=3, help="how many")
    parser.add_argument("--seed", type=int, default=1, help="which ones")
    parser.add_argument("--first", type=int, default=0, help="number of the first one")
    parser.add_argument("--calm", action="store_true", help="break nothing")
    parser.add_argument("--keep", type=Path, help="folder for data and logs; otherwise they are thrown away")
    options = parser.parse_args(arguments)
    numbers = range(options.first, options.first + options.schedules)
    plans = [make_live_plan(options.seed, number) for number in numbers]
    if options.calm:
        plans = [replace(plan, faults=()) for plan in plans]
    services = _services()
    outcomes: list[Outcome] = []
    with tempfile.TemporaryDirectory(prefix="iop-live-", ignore_cleanup_errors=True) as scratch:
        folder = options.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        with (
            services.private_services() as urls,
            LiveStack(folder, database_url=urls["DATABASE_URL"], redis_url=urls["REDIS_URL"]) as stack,
        ):
            scenes = stack.run("-m", "tests.faults.live_stage", str(len(plans)))
            stack.start()
            for plan, scene in zip(plans, scenes, strict=True):
                outcomes.append(run_schedule(stack, plan, scene))
                _tell(table([outcomes[-1].row], HEADS).splitlines()[1])
    _tell("\n" + table([each.row for each in outcomes], HEADS))
    return exit_code(outcomes)


def run_schedule(stack: LiveStack, plan: LivePlan, scene: dict[str, Any]) -> Outcome:
    """Let people meet, break things as planned, end the session, wait for the result, judge it."""
    people = [
        LivePerson(
            account=account,
            url=f"{stack.origin.replace('http', 'ws')}/ws/rooms/{scene['session']}/",
            origin=stack.origin,
            is_leader=number == 0,
            relay_boot=lambda: stack.boot,
            is_path_cut=lambda: stack.is_path_cut,
            luck=random.Random(f"{plan.name}/{number}"),
        )
        for number, account in enumerate(scene["people"])
    ]
    threads = [threading.Thread(target=person.run, daemon=True) for person in people]
    for thread in threads:
        thread.start()
    try:
        deadline = time.monotonic() + SEATED_WITHIN
        for person in people:
            person.is_seated.wait(max(0.0, deadline - time.monotonic()))
        _break_as_planned(stack, plan)
        people[0].wants_end = True
        people[0].is_over.wait(FINAL_WITHIN)
        ledger = _final(stack, scene["session"])
    finally:
        for person in people:
            person.stops.set()
        for thread in threads:
            thread.join(15)
    return judge_live(
        name=plan.name,
        faults=str(plan),
        sent=[stretch for person in people for stretch in person.sent(stack.killed)],
        ledger=ledger,
        patients=[person.id for person in people[1:]],
    )


def _break_as_planned(stack: LiveStack, plan: LivePlan) -> None:
    began = time.monotonic()
    moments = [(fault.at_seconds, fault.lasts_seconds, fault.kind) for fault in plan.faults]
    heals: list[tuple[float, Any]] = []
    while moments or heals or time.monotonic() - began < LENGTH_SECONDS:
        now = time.monotonic() - began
        for due in [each for each in heals if each[0] <= now]:
            heals.remove(due)
            due[1]()
        if moments and moments[0][0] <= now:
            _, lasts, kind = moments.pop(0)
            heals.append((time.monotonic() - began + lasts, stack.break_it(kind)))
        PATIENCE.wait(0.1)


def _final(stack: LiveStack, session: str) -> dict[str, Any]:
    deadline = time.monotonic() + FINAL_WITHIN
    while True:
        ledger: dict[str, Any] = stack.run("-m", "tests.faults.live_stage", "--read", session)
        if ledger["is_final"] or time.monotonic() > deadline:
            return ledger
        PATIENCE.wait(1)


def _services() -> ModuleType:
    """Load the run's own PostgreSQL and Redis, which `bin/test` uses."""
    spec = importlib.util.spec_from_file_location("services", ROOT / "bin" / "tasks" / "services.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["services"] = module
    spec.loader.exec_module(module)
    module.ensure_parts()
    return module


def _tell(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
