"""Run every test in stages: Python embedded beside browser code and Python on services; a real browser."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from bootstrap import FRONTEND, ROOT, VENV, build_data_plane, tool_environment
from services import MissingPartError, chromium, ensure_parts, private_services

BROWSER_TESTS = "tests/browser"
# Stages of their own beside the other browser tests, for both lanes to take about as long.
PROOF = [f"{BROWSER_TESTS}/test_{name}.py" for name in ("first_light", "seat")]
PATHS = [f"{BROWSER_TESTS}/test_{name}.py" for name in ("turn", "relay_alone", "firefox")]
# Not in a whole run, which has to end within 20 minutes: `bin/test tests/browser/test_network.py`.
BY_COMMAND = [f"{BROWSER_TESTS}/test_network.py"]
FAULTS = "tests/faults"
DEMO = "tests/telehealth/demo"
NO_TESTS_COLLECTED = 5
STAGE_LIMIT_SECONDS = 40 * 60  # for what hangs; on an idle machine a sixth of it is enough
LANES = 2  # one for each core
# Settings of the caller's shell must not decide what is tested.
FOREIGN_SETTINGS = (
    "DATABASE_URL",
    "REDIS_URL",
    "DEMO_MODE",
    "DATA_DIR",
    "PUBLIC_ORIGIN",
    "SECRET_KEY",
    "SECRET_KEY_FALLBACKS",
    "DEMO_DATABASE",
    "RELAY_CONTROL_URL",
    "RELAY_CONTROL_SECRET",
    "RELAY_DATA_PLANE",
    "EMBEDDED_WORKER",
    "REQUIRE_STAFF_MFA",
    "EMAIL_HOST",
    "TURN_URLS",
    "TURN_SECRET",
    "TURN_TTL_SECONDS",
    "ICE_TRANSPORT_POLICY",
)


@dataclass(frozen=True, slots=True)
class Stage:
    """A test run in a process of its own."""

    key: str
    name: str
    command: list[str]
    report: Path
    cwd: Path = ROOT
    env: dict[str, str] = field(default_factory=dict)
    may_be_empty: bool = False


@dataclass(frozen=True, slots=True)
class Running:
    """A stage on its way; `ending` stops all it started."""

    stage: Stage
    process: subprocess.Popen[bytes]
    log: Path | None
    ending: ExitStack
    started: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a stage came to. A skipped test counts as failed: a missing part is a failure."""

    name: str
    passed: int
    failed: int
    skipped: int
    seconds: float
    note: str = ""

    @property
    def is_good(self) -> bool:
        return not (self.failed or self.skipped or self.note)

    def line(self) -> str:
        skipped = f", {self.skipped} skipped (counts as failed)" if self.skipped else ""
        note = f": {self.note}" if self.note else ""
        word = "ok  " if self.is_good else "FAIL"
        counts = f"{self.passed} passed, {self.failed} failed"
        return f"{word} {self.seconds:6.1f} s  {self.name}: {counts}{skipped}{note}"


def read_report(path: Path) -> tuple[int, int, int]:
    """Give passed, failed, skipped from a pytest (xml) or vitest (json) report."""
    if path.suffix == ".json":
        said = json.loads(path.read_text())
        return said["numPassedTests"], said["numFailedTests"], said["numPendingTests"] + said["numTodoTests"]
    total = failed = skipped = 0
    # The file is written by our own pytest a moment ago.
    for suite in ElementTree.parse(path).getroot().iter("testsuite"):  # noqa: S314
        total += int(suite.get("tests", 0))
        failed += int(suite.get("failures", 0)) + int(suite.get("errors", 0))
        skipped += int(suite.get("skipped", 0))
    return max(0, total - failed - skipped), failed, skipped


def run_together(stages: Sequence[Stage], folder: Path) -> list[Outcome]:
    """Run stages side by side, the next as soon as a lane is free; each shows its output when it is done."""
    sys.stdout.write("".join(f"\n=== {stage.name}\n" for stage in stages))
    sys.stdout.flush()
    env = {name: value for name, value in tool_environment().items() if name not in FOREIGN_SETTINGS}
    env["TMPDIR"] = str(folder)  # what tests leave behind goes with it
    outcomes: dict[str, Outcome] = {}
    with ExitStack() as stack:
        waiting = list(stages)
        running: list[Running] = []
        while running or waiting:
            while waiting and len(running) < LANES:
                running.append(begin(waiting.pop(0), env, folder, stack, is_shown=len(stages) == 1))
            for now in list(running):
                code, seconds = now.process.poll(), time.monotonic() - now.started
                if code is None and seconds < STAGE_LIMIT_SECONDS:
                    continue
                now.ending.close()
                running.remove(now)
                outcomes[now.stage.name] = judge(now.stage, code, seconds)
                if now.log is not None:
                    sys.stdout.write(f"\n--- {now.stage.name}\n{now.log.read_text(errors='replace')}")
                    sys.stdout.flush()
            time.sleep(0.1)
    return [outcomes[stage.name] for stage in stages]


def begin(stage: Stage, env: Mapping[str, str], folder: Path, stack: ExitStack, *, is_shown: bool) -> Running:
    """Start a stage; whatever ends the run ends it, too."""
    log = None if is_shown else folder / f"{stage.key}.log"
    ending = stack.enter_context(ExitStack())
    process = ending.enter_context(own_group(stage, {**env, **stage.env}, log))
    return Running(stage, process, log, ending, time.monotonic())


def judge(stage: Stage, code: int | None, seconds: float) -> Outcome:
    """Say what a stage came to from its report and its exit status (None: it was stopped)."""
    note = f"stopped after {STAGE_LIMIT_SECONDS} s" if code is None else ""
    passed, failed, skipped = read_report(stage.report) if stage.report.exists() else (0, 0, 0)
    if not (passed or failed or note) and not (stage.may_be_empty and code == NO_TESTS_COLLECTED):
        note = "no test ran"
    if code not in (0, NO_TESTS_COLLECTED) and not failed and not note:
        note = f"ended with {code}"
    return Outcome(stage.name, passed, failed, skipped, seconds, note)


@contextmanager
def own_group(stage: Stage, env: dict[str, str], log: Path | None) -> Iterator[subprocess.Popen[bytes]]:
    """Run the stage as the leader of a group, so that nothing it started outlives it."""
    with ExitStack() as stack:
        output = stack.enter_context(log.open("wb")) if log is not None else None
        process = subprocess.Popen(
            stage.command,
            cwd=stage.cwd,
            env=env,
            stdout=output,
            stderr=subprocess.STDOUT if output else None,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            for number in (signal.SIGTERM, signal.SIGKILL):
                try:
                    os.killpg(process.pid, number)
                except ProcessLookupError:
                    break
                try:
                    process.wait(timeout=10)
                except subprocess.TimeoutExpired:
                    continue


def plan(arguments: list[str], folder: Path, services: dict[str, str]) -> list[list[Stage]]:
    """List what runs one after the other, each as stages side by side: everything, or what was asked for.

    In a whole run a test that has a database runs once: on PostgreSQL and Redis, as programs do; those of
    pages, permissions, faults and the demo on SQLite and the embedded channel layer, as all browser tests.
    `tests/services_real`, and what is asked for by name, runs on both.
    """
    browser = {"CHROMIUM": str(chromium())}

    def pytest(
        key: str, name: str, *words: str, env: dict[str, str] | None = None, may_be_empty: bool = False
    ) -> Stage:
        report = folder / f"{key}.xml"
        command = [str(VENV / "bin" / "python"), "-m", "pytest", f"--junitxml={report}", *words]
        return Stage(key, name, command, report, env=env or {}, may_be_empty=may_be_empty)

    def is_browser(word: str) -> bool:
        return word.removeprefix("./").startswith(BROWSER_TESTS)

    def embedded(*words: str, may_be_empty: bool = False) -> Stage:
        return pytest(
            "embedded", "python, embedded", *words, f"--ignore={BROWSER_TESTS}", may_be_empty=may_be_empty
        )

    def on_services(*words: str, may_be_empty: bool = False) -> Stage:
        return pytest(
            "services",
            "python, PostgreSQL and Redis",
            "--on-services",
            *words,
            f"--ignore={BROWSER_TESTS}",
            env=services,
            may_be_empty=may_be_empty,
        )

    if arguments:
        if any(map(is_browser, arguments)):
            return [[pytest("browser", "browser", *arguments, env=browser)]]
        return [[embedded(*arguments, may_be_empty=True)], [on_services(*arguments, may_be_empty=True)]]
    ignored = [f"--ignore={path}" for path in [*PROOF, *PATHS, *BY_COMMAND]]
    report = folder / "vitest.json"
    vitest = ["npm", "test", "--silent", "--", "--reporter=default", "--reporter=json"]
    vitest += [f"--outputFile.json={report}"]
    return [
        # The longest first, so that both lanes end at about the same time.
        [
            on_services("-q"),
            embedded("-q", "--off-services", f"--ignore={FAULTS}", f"--ignore={DEMO}"),
            pytest("faults", "python, faults", "-q", FAULTS),
            pytest("demo", "python, the demo", "-q", DEMO),
            Stage("vitest", "browser code (vitest)", vitest, report, cwd=FRONTEND),
        ],
        # The browser tests, whose clocks are real, do not share the machine with those above.
        [
            pytest("browser", "browser", "-v", BROWSER_TESTS, *ignored, env=browser),
            pytest("proof", "browser, the proof", "-v", *PROOF, env=browser),
            pytest("paths", "browser, ways of the media", "-v", *PATHS, env=browser),
        ],
    ]


def stop(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


def main(arguments: list[str]) -> int:
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGHUP, stop)
    outcomes: list[Outcome] = []
    try:
        ensure_parts()
        build_data_plane()
        scratch = tempfile.TemporaryDirectory(prefix="iop-", ignore_cleanup_errors=True)
        with scratch as folder, private_services() as services:
            for together in plan(arguments, Path(folder), services):
                outcomes += run_together(together, Path(folder))
    except MissingPartError as problem:
        sys.stderr.write(f"bin/test: {problem}.\n")
        return 1
    sys.stdout.write("\n" + "".join(f"{outcome.line()}\n" for outcome in outcomes))
    passed = sum(outcome.passed for outcome in outcomes)
    failed = sum(outcome.failed + outcome.skipped + bool(outcome.note) for outcome in outcomes)
    sys.stdout.write(f"{passed} passed, {failed} failed\n")
    return 0 if failed == 0 and passed else 1


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
