"""Private PostgreSQL and Redis for a test run, on free loopback ports, gone when the run ends."""

from __future__ import annotations

import contextlib
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import redis

READY_WITHIN_SECONDS = 60.0
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FIREFOX_NAMES = ("firefox-esr", "firefox")


class MissingPartError(Exception):
    """Says in one sentence what to install."""


# What the machine has


def postgres_bin() -> Path | None:
    """Find the server's programs: on PATH, or where Debian keeps every version."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    versions = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3])
    )
    return versions[-1].parent if versions else None


def chromium() -> str | None:
    named = os.environ.get("CHROMIUM")
    return named or next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)


def firefox() -> str | None:
    named = os.environ.get("FIREFOX")
    return named or next(filter(None, map(shutil.which, FIREFOX_NAMES)), None)


def missing_packages() -> list[str]:
    c_compiler = next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)
    have = {
        "gcc": c_compiler,
        "libc6-dev": c_compiler,
        "chromium": chromium(),
        "firefox-esr": firefox(),
        "redis-server": shutil.which("redis-server"),
        "postgresql": postgres_bin(),
        "coturn": shutil.which("turnserver"),
    }
    return [package for package, where in have.items() if where is None]


def ensure_parts() -> None:
    """Install what is missing where we may (root on Debian); elsewhere say what to install."""
    missing = missing_packages()
    if not missing:
        return
    may_install = os.geteuid() == 0 and Path("/etc/debian_version").exists() and shutil.which("apt-get")
    if may_install:
        sys.stdout.write(f"test: installing {', '.join(missing)}\n")
        sys.stdout.flush()
        # The run level keeps the packages from starting servers of their own.
        env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
        for command in (
            ["apt-get", "update", "-qq"],
            ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing],
        ):
            subprocess.run(command, env=env, stdout=subprocess.DEVNULL, check=False)
        missing = missing_packages()
    if missing:
        raise MissingPartError(f"the tests need {', '.join(missing)}: install them and run bin/test again")


# Running them


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def as_user(user: str | None) -> list[str]:
    """Prefix a command so that it runs as that user and ends when this process dies."""
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        return ["runuser", "-u", user, "--"] if user else []
    command = [setpriv, "--pdeathsig", "INT"]
    if user:
        entry = pwd.getpwnam(user)
        command += ["--reuid", str(entry.pw_uid), "--regid", str(entry.pw_gid), "--clear-groups"]
    return command


def wait_until(
    ready: Callable[[], object], process: subprocess.Popen[bytes], log: Path, *errors: type[Exception]
) -> None:
    deadline = time.monotonic() + READY_WITHIN_SECONDS
    while True:
        try:
            ready()
        except errors as error:
            if process.poll() is not None or time.monotonic() > deadline:
                raise MissingPartError(
                    f"{process.args!r} did not start: {log.read_text(errors='replace')[-600:]}"
                ) from error
            time.sleep(0.1)
        else:
            return


@contextlib.contextmanager
def running(command: list[str], folder: Path, name: str) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    log = folder / f"{name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=folder, stdout=output, stderr=subprocess.STDOUT)
    try:
        yield process, log
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextlib.contextmanager
def postgres(folder: Path, *, is_durable: bool = False) -> Iterator[str]:
    """Run a server of our own and give the URL of its database; `is_durable`: commits wait for the disk."""
    programs = postgres_bin()
    assert programs is not None  # noqa: S101 - ensure_parts has looked
    data, port, password = folder / "data", free_port(), secrets.token_hex(16)
    owner = "postgres" if os.geteuid() == 0 else None  # the server refuses to run as root
    password_file = folder / "password"
    password_file.write_text(password)
    if owner:
        entry = pwd.getpwnam(owner)
        for path in (folder, password_file):
            os.chown(path, entry.pw_uid, entry.pw_gid)
    made = subprocess.run(
        [
            *as_user(owner),
            programs / "initdb",
            f"--pgdata={data}",
            "--username=iop",
            "--auth=scram-sha-256",
            f"--pwfile={password_file}",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode != 0:
        raise MissingPartError(f"initdb failed: {made.stderr[-600:]}")
    options = {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": "",
    }
    if not is_durable:
        # Tables live for a test: tidying them up would take its time, and mix the order of their rows.
        options |= {
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
            "autovacuum": "off",
        }
    command = [*as_user(owner), str(programs / "postgres"), "-D", str(data)]
    command += [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
    url = f"postgres://iop:{password}@127.0.0.1:{port}/postgres"
    with running(command, folder, "postgres") as (process, log):
        wait_until(
            lambda: psycopg.connect(url, connect_timeout=2).close(), process, log, psycopg.OperationalError
        )
        try:
            yield url
        finally:
            # "Fast": end sessions that a failed test left behind instead of waiting for them.
            process.send_signal(2)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=10)


@contextlib.contextmanager
def redis_server(folder: Path) -> Iterator[str]:
    """Run a Redis of our own that keeps nothing and give its URL."""
    port = free_port()
    command = [*as_user(None), "redis-server", "--bind", "127.0.0.1", "--port", str(port)]
    command += ["--save", "", "--appendonly", "no", "--dir", str(folder)]
    url = f"redis://127.0.0.1:{port}/0"
    with running(command, folder, "redis") as (process, log):
        client = redis.Redis.from_url(url)
        wait_until(client.ping, process, log, redis.ConnectionError)
        client.close()
        yield url


@contextlib.contextmanager
def private_services(*, is_durable: bool = False) -> Iterator[dict[str, str]]:
    """Run both and give the environment that points the settings at them."""
    with contextlib.ExitStack() as stack:
        folders = [Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="iop-"))) for _ in range(2)]
        database_url = stack.enter_context(postgres(folders[0], is_durable=is_durable))
        redis_url = stack.enter_context(redis_server(folders[1]))
        yield {"DATABASE_URL": database_url, "REDIS_URL": redis_url}
