"""The whole installation as processes, every path between them through a proxy, and the ways to break it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import psycopg
import redis

from tests.browser.tcp_proxy import TcpProxy
from tests.relay.impairment import Impairment
from tests.relay.process import SECRET, RelayProcess
from tests.relay.proxy import UdpProxy

ROOT = Path(__file__).resolve().parents[2]
HOST = "127.0.0.1"
STARTS_WITHIN_SECONDS = 120.0
BAD_PATH = Impairment(loss=0.2, delay=0.2)  # each way
PATIENCE = Event()  # never set: waiting for it is a pause between two looks


class LiveStack:
    """Web, worker and relay over servers that are given by URL; `close` ends everything it started."""

    def __init__(self, folder: Path, *, database_url: str, redis_url: str) -> None:
        self.folder = folder
        self._database_url, self._redis_url = database_url, redis_url
        self._web_port = free_port()
        self._control_port = free_port()
        self._relay_udp = (HOST, free_port(socket.SOCK_DGRAM))
        self.origin = f"http://{HOST}:{self._web_port}"
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._relay: RelayProcess | None = None
        self._open = contextlib.ExitStack()
        self.killed: dict[str, float] = {}
        self.is_path_cut = False

    def __enter__(self) -> Self:
        with self._open:
            enter = self._open.enter_context
            self.database = enter(TcpProxy((HOST, free_port()), _address(self._database_url)))
            self.redis = enter(TcpProxy((HOST, free_port()), _address(self._redis_url)))
            self.control = enter(TcpProxy((HOST, free_port()), (HOST, self._control_port)))
            self.media = enter(UdpProxy(target=self._relay_udp))
            self.env = {
                "PATH": os.environ["PATH"],
                "HOME": str(self.folder),
                "SECRET_KEY": "only for the schedules in this very folder, and long enough",
                "PUBLIC_ORIGIN": self.origin,
                "DATA_DIR": str(self.folder / "data"),
                "DATABASE_URL": _by_way_of(self._database_url, self.database),
                "REDIS_URL": _by_way_of(self._redis_url, self.redis),
                "RELAY_CONTROL_URL": f"ws://{HOST}:{self.control._address[1]}",
                "RELAY_CONTROL_SECRET": SECRET,
                "EMBEDDED_WORKER": "0",
                "EMAIL_HOST": HOST,
                "LOG_LEVEL": "INFO",
            }
            self._open.callback(self._end_processes)
            self._open = self._open.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    @property
    def boot(self) -> str | None:
        """Give the boot id of the relay that lives."""
        return None if self._relay is None else self._relay.boot

    def run(self, *arguments: str) -> Any:
        """Run Python in the installation's environment; give the JSON it printed."""
        done = subprocess.run(
            [sys.executable, *arguments], cwd=ROOT, env=self.env, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise RuntimeError(done.stderr[-2000:])
        return json.loads(done.stdout.splitlines()[-1])

    def start(self) -> None:
        """Start relay, web and worker, and wait until pages are answered."""
        self.start_relay()
        self.start_worker()
        self.start_web()
        deadline = time.monotonic() + STARTS_WITHIN_SECONDS
        while True:
            try:
                urllib.request.urlopen(f"{self.origin}/livez", timeout=5).close()  # noqa: S310 - ours
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                if time.monotonic() > deadline:
                    raise
                PATIENCE.wait(0.2)
            else:
                return

    def start_web(self) -> None:
        """Start the server."""
        self._start(
            "web",
            *("-m", "daphne", "-v", "0", "--bind", HOST, "--port", str(self._web_port)),
            "telehealth.asgi:application",
        )

    def start_worker(self) -> None:
        """Start the worker."""
        self._start("worker", "manage.py", "worker")

    def start_relay(self) -> None:
        """Start the relay at the addresses it always has."""
        host, port = self.media.address
        self._relay = RelayProcess(
            self.folder / "facts",
            *("--control", f"{HOST}:{self._control_port}", "--candidate", f"{host}:{port}"),
            udp=f"{HOST}:{self._relay_udp[1]}",
        )

    def kill(self, name: str) -> None:
        """End a process at once, as a power cut would."""
        if name == "relay":
            relay, self._relay = self._relay, None
            assert relay is not None
            relay.process.kill()
            self.killed[relay.boot] = time.time()
            relay.stop()
        else:
            process = self._processes.pop(name)
            process.kill()
            process.wait()

    def revive(self, name: str) -> None:
        """Start it again."""
        {"relay": self.start_relay, "web": self.start_web, "worker": self.start_worker}[name]()

    def break_it(self, kind: str) -> Callable[[], None]:
        """Let a fault begin; gives what puts it right."""
        name, _, how = kind.partition(" ")
        if how == "killed":
            self.kill(name)
            return lambda: self.revive(name)
        if how == "hangs":
            pids = self._database_pids() if name == "database" else self._redis_pids()
            _signal(pids, signal.SIGSTOP)
            return lambda: _signal(pids, signal.SIGCONT)
        if kind == "media bad":
            self.media.impair(up=BAD_PATH, down=BAD_PATH)
            return self.media.clear
        if kind == "media cut":
            self.is_path_cut = True
            self.media.cut(None)
            return self._heal_media
        proxy = {"database": self.database, "redis": self.redis, "link": self.control}[name]
        proxy.cut()
        return proxy.heal

    def _heal_media(self) -> None:
        self.media.heal()
        self.is_path_cut = False

    def _database_pids(self) -> list[int]:
        with psycopg.connect(self._database_url) as database:
            (row,) = database.execute("SELECT pg_backend_pid()").fetchall()
            postmaster = _parent(row[0])
        return [postmaster, *_children(postmaster)]

    def _redis_pids(self) -> list[int]:
        with contextlib.closing(redis.Redis.from_url(self._redis_url)) as client:
            return [int(client.info("server")["process_id"])]

    def _start(self, name: str, *arguments: str) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self._processes[name] = subprocess.Popen(
                [sys.executable, *arguments], cwd=ROOT, env=self.env, stdout=log, stderr=log
            )

    def _end_processes(self) -> None:
        for process in self._processes.values():
            process.kill()
            process.wait()
        if self._relay is not None:
            self._relay.stop()


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """Find a port that nobody uses now."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _address(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    assert parts.hostname is not None
    assert parts.port is not None
    return parts.hostname, parts.port


def _by_way_of(url: str, proxy: TcpProxy) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.replace(str(parts.port), str(proxy._address[1]))).geturl()


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def _children(pid: int) -> Iterator[int]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                if _parent(int(entry.name)) == pid:
                    yield int(entry.name)


def _signal(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
