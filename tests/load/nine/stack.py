"""The product as compose runs it, on free ports of this machine, and what each part costs."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Event
from types import ModuleType
from typing import Any, Self

import psycopg
import redis

ROOT = Path(__file__).resolve().parents[3]
HOST = "127.0.0.1"
SECRET = "a-secret-of-this-measurement-alone"
STARTS_WITHIN_SECONDS = 180.0
ENDS_WITHIN_SECONDS = 10.0
PAUSE = Event()  # never set: waiting for it is a pause between two looks
TICKS = os.sysconf("SC_CLK_TCK")
NEEDED = ("postgresql", "redis-server")  # Debian's names


class NotReadyError(Exception):
    """Says in one sentence what is missing or did not start."""


class Stack:
    """PostgreSQL, Redis, relay, worker and web processes; leaving it ends everything it started."""

    def __init__(self, folder: Path, *, web: int) -> None:
        self.folder = folder
        self._ports = [free_port() for _ in range(web)]
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._open = contextlib.ExitStack()
        self._env: dict[str, str] = {}

    def __enter__(self) -> Self:
        with self._open:
            services = load_services()
            urls = self._open.enter_context(services.private_services(is_durable=True))
            self._database_url, self._redis_url = urls["DATABASE_URL"], urls["REDIS_URL"]
            control = free_port()
            self._env = {
                "PATH": os.environ["PATH"],
                "HOME": str(self.folder),
                "SECRET_KEY": "of this very folder, and of nothing that would outlive it",
                "PUBLIC_ORIGIN": self.origins[0],
                "DATA_DIR": str(self.folder / "data"),
                **urls,
                "RELAY_CONTROL_URL": f"ws://{HOST}:{control}",
                "RELAY_CONTROL_SECRET": SECRET,
                "EMAIL_HOST": HOST,
                "PYTHONUNBUFFERED": "1",
            }
            self._open.callback(self._end)
            self._start("relay", "-m", "realtime.relay", *self._relay_words(control))
            self._open = self._open.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def _relay_words(self, control: int) -> list[str]:
        udp = free_port(socket.SOCK_DGRAM)
        return [
            f"--udp={HOST}:{udp}",
            f"--candidate={HOST}:{udp}",
            f"--control={HOST}:{control}",
            f"--facts={self.folder / 'facts'}",
        ]

    @property
    def origins(self) -> list[str]:
        """Give where the web processes are."""
        return [f"http://{HOST}:{port}" for port in self._ports]

    def build(self, sizes: Sequence[int]) -> list[dict[str, Any]]:
        """Fill the database; give the groups with everybody's cookies."""
        words = [sys.executable, "-m", "tests.load.nine.stage", *map(str, sizes)]
        done = subprocess.run(words, cwd=ROOT, env=self._env, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise NotReadyError(done.stderr[-2000:])
        groups: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
        return groups

    def serve(self) -> None:
        """Start the worker and the web processes, and wait until each answers."""
        self._start("worker", "manage.py", "worker")
        for number, port in enumerate(self._ports):
            self._start(
                f"web {number + 1}",
                *("-m", "daphne", "-v", "0", "--bind", HOST, "--port", str(port)),
                "telehealth.asgi:application",
            )
        deadline = time.monotonic() + STARTS_WITHIN_SECONDS
        for name, origin in zip(self._webs(), self.origins, strict=True):
            while True:
                try:
                    urllib.request.urlopen(f"{origin}/readyz", timeout=5).close()  # noqa: S310 - ours
                except (urllib.error.URLError, ConnectionError, TimeoutError) as error:
                    if time.monotonic() > deadline or self._processes[name].poll() is not None:
                        raise NotReadyError(f"{name} did not start: {self.log(name)[-600:]}") from error
                    PAUSE.wait(0.2)
                else:
                    break

    def log(self, name: str) -> str:
        """Give what a process wrote."""
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def count(self, words: str) -> int:
        """Count the lines of the web processes' logs that hold some words."""
        return sum(words in line for name in self._webs() for line in self.log(name).splitlines())

    def cpu(self) -> dict[str, float]:
        """Give the CPU seconds each part has used by now; PostgreSQL's with all its processes."""
        spent = {name: _cpu_of(process.pid) for name, process in self._processes.items()}
        web = sum(spent.pop(name) for name in self._webs())
        with contextlib.closing(redis.Redis.from_url(self._redis_url)) as client:
            redis_pid = int(client.info("server")["process_id"])
        return {"web": web, "PostgreSQL": self._postgres_cpu(), "Redis": _cpu_of(redis_pid), **spent}

    def counters(self) -> dict[str, int]:
        """Give what the servers counted: transactions, connections made, Redis commands."""
        with psycopg.connect(self._database_url) as database:
            row = database.execute(
                "SELECT xact_commit, sessions FROM pg_stat_database WHERE datname = current_database()"
            ).fetchone()
        assert row is not None
        with contextlib.closing(redis.Redis.from_url(self._redis_url)) as client:
            commands = int(client.info("stats")["total_commands_processed"])
        return {"transactions": int(row[0]), "connections": int(row[1]), "Redis commands": commands}

    def pids(self) -> dict[str, int]:
        """Give the processes by name, for a profiler."""
        return {name: process.pid for name, process in self._processes.items()}

    def _webs(self) -> list[str]:
        return [f"web {number + 1}" for number in range(len(self._ports))]

    def _postgres_cpu(self) -> float:
        with psycopg.connect(self._database_url) as database:
            row = database.execute("SELECT pg_backend_pid()").fetchone()
            assert row is not None
            postmaster = int(_stat(row[0])[1])  # while it is there: it ends with the connection
        return _cpu_of(postmaster, with_ended=True) + sum(_cpu_of(pid) for pid in _children(postmaster))

    def _start(self, name: str, *words: str) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self._processes[name] = subprocess.Popen(
                [sys.executable, *words], cwd=ROOT, env=self._env, stdout=log, stderr=log
            )

    def _end(self) -> None:
        for process in self._processes.values():
            process.terminate()
        for process in self._processes.values():
            try:
                process.wait(ENDS_WITHIN_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """Find a port that nobody uses now."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def load_services() -> ModuleType:
    """Load what `bin/test` starts servers with; says which Debian packages are missing."""
    spec = importlib.util.spec_from_file_location("services", ROOT / "bin" / "tasks" / "services.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["services"] = module
    spec.loader.exec_module(module)
    missing = [each for each in module.missing_packages() if each in NEEDED]
    if missing:
        raise NotReadyError(
            f"This measurement needs {' and '.join(missing)}: apt-get install {' '.join(missing)}"
        )
    return module


def _stat(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _cpu_of(pid: int, *, with_ended: bool = False) -> float:
    try:
        fields = _stat(pid)
    except OSError:
        return 0.0  # it has just ended; its parent counts it
    return sum(int(each) for each in fields[11 : 15 if with_ended else 13]) / TICKS


def _children(pid: int) -> Iterator[int]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                if int(_stat(int(entry.name))[1]) == pid:
                    yield int(entry.name)
