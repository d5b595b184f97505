"""Run every static check, two at a time, and report each by name, duration and result."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path

from bootstrap import CACHE, FRONTEND, ROOT, VENV, tool_environment

BIN = VENV / "bin"
PYTHON = str(BIN / "python")
# Templates of packages are compiled too: ours extend them.
COMPILE_TEMPLATES = """
import sys, django
django.setup()
from pathlib import Path
from django.conf import settings
from django.template import TemplateSyntaxError, engines
broken = 0
folder = Path(settings.BASE_DIR) / "frontend" / "templates"
names = sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.suffix in {".html", ".txt"})
for name in names:
    try:
        engines["django"].get_template(name)
    except TemplateSyntaxError as error:
        broken += 1
        sys.stdout.write(f"{name}: {error}\\n")
sys.stdout.write(f"{len(names)} templates, {broken} broken\\n")
sys.exit(1 if broken or not names else 0)
"""


@dataclass(frozen=True, slots=True)
class Step:
    """One check: a name, a command, and where it runs."""

    name: str
    command: list[str]
    cwd: Path = ROOT
    env: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Result:
    """What a check said."""

    step: Step
    passed: bool
    seconds: float
    output: str


def steps() -> list[Step]:
    django = {"DJANGO_SETTINGS_MODULE": "telehealth.settings", "DEMO_MODE": "1"}
    listed = [
        Step("types (mypy)", [str(BIN / "mypy")]),
        Step(
            "types of the commands (mypy)",
            [str(BIN / "mypy"), "--config-file=", "--strict", "--cache-dir", str(CACHE / "mypy"), "."],
            cwd=ROOT / "bin" / "tasks",
        ),
        Step("style (ruff check)", [str(BIN / "ruff"), "check", "."]),
        Step("format (ruff format)", [str(BIN / "ruff"), "format", "--check", "."]),
        Step("import directions (import-linter)", [str(BIN / "lint-imports"), "--no-cache"]),
        Step("TypeScript (npm run check)", ["npm", "run", "--silent", "check"], cwd=FRONTEND),
        Step(
            "migrations match the models",
            [PYTHON, "manage.py", "makemigrations", "--check", "--dry-run"],
            env=django,
        ),
        Step("Django system checks", [PYTHON, "manage.py", "check"], env=django),
        Step("templates compile", [PYTHON, "-c", COMPILE_TEMPLATES], env=django),
    ]
    compose = compose_command()
    if compose is not None:
        listed.append(Step("docker-compose.yml", [*compose, "config", "--quiet"], env=compose_variables()))
    return listed


def compose_command() -> list[str] | None:
    """Find compose, as its own program or as a plug-in of docker; it is not required."""
    if shutil.which("docker-compose"):
        return ["docker-compose"]
    if shutil.which("docker"):
        probe = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False)
        if probe.returncode == 0:
            return ["docker", "compose"]
    return None


def compose_variables() -> dict[str, str]:
    """Fill what an operator writes into .env, so that the file can be judged without one."""
    example = (ROOT / "deploy" / "env.example").read_text()
    return dict.fromkeys(re.findall(r"^([A-Z_]+)=", example, re.MULTILINE), "example")


def run_step(step: Step) -> Result:
    started = time.monotonic()
    done = subprocess.run(
        step.command,
        cwd=step.cwd,
        env={**tool_environment(), **step.env},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    return Result(step, done.returncode == 0, time.monotonic() - started, done.stdout)


def main() -> int:
    failed: list[Result] = []
    with ThreadPoolExecutor(max_workers=max(2, os.cpu_count() or 2)) as pool:
        for future in as_completed([pool.submit(run_step, step) for step in steps()]):
            result = future.result()
            word = "ok  " if result.passed else "FAIL"
            sys.stdout.write(f"{word} {result.seconds:6.1f} s  {result.step.name}\n")
            sys.stdout.flush()
            if not result.passed:
                failed.append(result)
    for result in failed:
        sys.stdout.write(f"\n--- {result.step.name}\n{result.output.rstrip()}\n")
    if failed:
        sys.stdout.write(f"\ncheck: {len(failed)} failed: {', '.join(r.step.name for r in failed)}\n")
        return 1
    sys.stdout.write("check: all passed\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
