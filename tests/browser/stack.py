"""The real thing as a new user's machine would run it: SQLite, relay and server as processes, two proxies.

The browser reaches the server through a TCP proxy and the relay through a UDP proxy, so a test can cut either
path. Everything listens on free ports of the machine itself and ends with the stack.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from types import TracebackType
from typing import Any, Self

from tests.browser.ledger import Ledger
from tests.browser.scenes import FAMILY_NAME, MAIL_HOST, SCENES
from tests.browser.tcp_proxy import TcpProxy
from tests.relay.process import SECRET, RelayProcess
from tests.relay.proxy import UdpProxy

ROOT = Path(__file__).resolve().parents[2]
STARTS_WITHIN_SECONDS = 180
HOST = "127.0.0.1"
ELSEWHERE = "192.0.2.1"  # an address for documents, which is nobody's
PATIENCE = Event()  # never set: waiting for it is a pause between two questions


class Stack:
    """One installation with its data; `web` and `relay` may be killed and started again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        web_port, self.public_port = _free_port(), _free_port()
        self._web_address, self._control = (HOST, web_port), (HOST, _free_port())
        self._relay_udp = (HOST, _free_port(socket.SOCK_DGRAM))
        self.origin = f"http://{HOST}:{self.public_port}"
        self.env = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "SECRET_KEY": "only for the tests in this very folder, and long enough",
            "PUBLIC_ORIGIN": self.origin,
            "DATA_DIR": str(folder / "data"),
            "RELAY_CONTROL_URL": f"ws://{HOST}:{self._control[1]}",
            "RELAY_CONTROL_SECRET": SECRET,
            "EMAIL_HOST": HOST,
            "EMBEDDED_WORKER": "1",
            "LOG_LEVEL": "INFO",
        }
        self.ledger = Ledger(folder / "data" / "db.sqlite3")
        self._open = ExitStack()
        self._web: subprocess.Popen[bytes] | None = None
        self._relay: RelayProcess | None = None
        self.cast: dict[str, Any] = {}  # JSON
        self.used_codes: set[tuple[str, str]] = set()
        self.logins: dict[str, Any] = {}  # cookies, as the browser keeps them

    def __enter__(self) -> Self:
        with self._open:
            self.cast = json.loads(self.run("-m", "tests.browser.stage"))
            self.tcp = self._open.enter_context(TcpProxy((HOST, self.public_port), self._web_address))
            self.udp = self._open.enter_context(UdpProxy(target=self._relay_udp, host=own_address()))
            self._open.callback(self.stop_relay)
            self._open.callback(self.kill_web)
            self.start_relay()
            self.start_web()
            self._open = self._open.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def run(self, *arguments: str) -> str:
        """Run Python in the installation's environment; give what it printed."""
        done = subprocess.run(
            [sys.executable, *arguments], cwd=ROOT, env=self.env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start_web(self) -> None:
        """Start the server and wait until it answers."""
        # Its log is kept beside the data: a failed test can be understood from it.
        log = (self.folder / "web.log").open("ab")
        with log:
            self._web = subprocess.Popen(
                [
                    *(sys.executable, "-m", "daphne", "-v", "0", "--bind", HOST),
                    *("--port", str(self._web_address[1]), "telehealth.asgi:application"),
                ],
                cwd=ROOT,
                env=self.env,
                stdout=log,
                stderr=log,
            )
        for _ in range(STARTS_WITHIN_SECONDS * 10):
            assert self._web.poll() is None, self.log()
            try:
                urllib.request.urlopen(f"{self.origin}/livez", timeout=5).close()  # noqa: S310 - ours
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                PATIENCE.wait(0.1)
            else:
                return
        raise AssertionError(f"the server did not answer: {self.log()}")

    def kill_web(self) -> None:
        """End the server at once, as a power cut would."""
        if self._web is not None:
            self._web.kill()
            self._web.wait()
            self._web = None

    def start_relay(self) -> None:
        """Start the relay on the addresses it always has."""
        host, port = self.udp.address
        self._relay = RelayProcess(
            self.folder / "facts",
            *("--control", f"{HOST}:{self._control[1]}", "--candidate", f"{host}:{port}"),
            udp=f"{HOST}:{self._relay_udp[1]}",
        )

    def kill_relay(self) -> None:
        """End the relay at once; its journal stays."""
        assert self._relay is not None
        self._relay.process.kill()
        self.stop_relay()

    def stop_relay(self) -> None:
        """End the relay in good order."""
        if self._relay is not None:
            self._relay.stop()
            self._relay = None

    def log(self) -> str:
        """Give what the server logged so far."""
        return (self.folder / "web.log").read_text()

    def complaints(self) -> list[str]:
        """Give the lines of the log that report a fault, or that name a person."""
        return [
            line
            for line in self.log().splitlines()
            if '"level": "error"' in line or FAMILY_NAME in line or MAIL_HOST in line
        ]

    def session(self, scene: str) -> str:
        """Give the id of a scene's session."""
        return str(self.cast["sessions"][scene])

    def account(self, name: str) -> dict[str, Any]:  # JSON
        """Give what the stage said about a person."""
        return dict(self.cast["accounts"][name])

    def people_of(self, scene: str) -> tuple[str, ...]:
        """Name the therapist and the patients of a scene."""
        (found,) = (each for each in SCENES if each.key == scene)
        return (found.therapist, *found.patients)


def now() -> datetime:
    """Give the test's own clock, which is the server's: both are on one machine."""
    return datetime.now(UTC)


def own_address() -> str:
    """Give the machine's address on its network: Firefox has no way from there to 127.0.0.1."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((ELSEWHERE, 9))  # sends nothing; the kernel says from where it would
        except OSError:
            return HOST
        return str(probe.getsockname()[0])


def _free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
