"""Run the demo's two processes, the relay and the server, until told to stop; start again what dies."""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from .ports import free_port, own_addresses

STOP_SECONDS = 10.0
POLL_SECONDS = 0.25
# A process that dies this often at its start has a fault that starting again does not mend.
MAX_DEATHS = 5

Say = Callable[[str], None]


class AlreadyRunningError(Exception):
    """Another demo holds the folder."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Where everything of one demo is."""

    data_dir: Path
    web_port: int
    control_port: int
    udp_port: int
    addresses: tuple[str, ...]
    secret: str

    @classmethod
    def make(cls, data_dir: Path, *, wanted_port: int) -> Plan:
        """Choose free ports; those of the relay stay the same for as long as the demo runs."""
        return cls(
            data_dir=data_dir,
            web_port=free_port(wanted_port),
            control_port=free_port(wanted_port + 1000),
            udp_port=free_port(wanted_port + 2000, kind="udp"),
            addresses=tuple(own_addresses()),
            secret=secrets.token_urlsafe(32),
        )

    @property
    def origin(self) -> str:
        """Give the address to open."""
        return f"http://127.0.0.1:{self.web_port}"

    def relay_command(self) -> list[str]:
        """Give the relay's command line; it tells browsers every address of this machine."""
        candidates = [each for host in self.addresses for each in ("--candidate", f"{host}:{self.udp_port}")]
        return [
            *(sys.executable, "-m", "realtime.relay", "--udp", f"0.0.0.0:{self.udp_port}", *candidates),
            *("--control", f"127.0.0.1:{self.control_port}", "--facts", str(self.data_dir / "facts")),
            "--exit-with-stdin",
        ]

    def server_command(self, manage: Path) -> list[str]:
        """Give the server's command line."""
        return [sys.executable, str(manage), "demo_server", "--port", str(self.web_port)]

    def environment(self, inherited: Mapping[str, str]) -> dict[str, str]:
        """Give what both processes find in their environment."""
        return {
            "LOG_LEVEL": "WARNING",
            **inherited,
            "DEMO_MODE": "1",
            "DATA_DIR": str(self.data_dir),
            "PUBLIC_ORIGIN": self.origin,
            "RELAY_CONTROL_URL": f"ws://127.0.0.1:{self.control_port}",
            "RELAY_CONTROL_SECRET": self.secret,
            "EMBEDDED_WORKER": "1",
        }


class Child:
    """One process that is started again when it dies."""

    def __init__(
        self, name: str, command: Sequence[str], env: Mapping[str, str], output: IO[bytes] | None
    ) -> None:
        self.name = name
        self.deaths = 0
        self._command = list(command)
        self._env = dict(env)
        self._output = output
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        # A session of its own, so that Ctrl-C reaches the supervisor only; the pipe tells of its death.
        return subprocess.Popen(  # noqa: S603 - our own command line
            self._command,
            env=self._env,
            stdin=subprocess.PIPE,
            stdout=self._output,
            stderr=None,
            start_new_session=True,
        )

    def revive(self) -> int | None:
        """Start a dead process again and give its exit status; None while it lives."""
        status = self.process.poll()
        if status is None:
            return None
        self.deaths += 1
        _close(self.process)
        if self.deaths < MAX_DEATHS:
            self.process = self._start()
        return status

    def stop(self) -> None:
        """Ask the process to end, and make it end after a while."""
        if self.process.poll() is None:
            self.process.terminate()
        _close(self.process)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def _close(process: subprocess.Popen[bytes]) -> None:
    """Close our end of the pipe by which a child learns that the supervisor is gone."""
    if process.stdin is not None:
        process.stdin.close()


@contextlib.contextmanager
def alone_in(data_dir: Path) -> Iterator[None]:
    """Hold the demo's folder, so that two demos never share a database and a journal."""
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (data_dir / "lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise AlreadyRunningError from error
        yield


def run(plan: Plan, *, manage: Path, say: Say) -> int:
    """Run until SIGINT or SIGTERM; gives the exit status."""
    stopped = threading.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda *_: stopped.set())
    env = plan.environment(os.environ)
    with (plan.data_dir / "relay.log").open("ab") as log:
        children = [
            Child("relay", plan.relay_command(), env, log),
            Child("server", plan.server_command(manage), env, None),
        ]
        try:
            return _watch(children, stopped, say)
        finally:
            for child in reversed(children):
                child.stop()


def _watch(children: Sequence[Child], stopped: threading.Event, say: Say) -> int:
    while not stopped.wait(POLL_SECONDS):
        for child in children:
            status = child.revive()
            if status is None:
                continue
            # The server refuses with 3 what no second try can mend, and has said why.
            if status == REFUSED or child.deaths >= MAX_DEATHS:
                say(f"The {child.name} ended with status {status}; the demo stops.")
                return 1
            say(f"The {child.name} ended with status {status} and was started again.")
    return 0


REFUSED = 3
