"""Debian's coturn on free loopback ports, as private as a test needs it; it relays to one address only."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from pathlib import Path
from threading import Event
from types import TracebackType
from typing import Self

from tests.patience import PATIENCE_SECONDS

SECRET = "a secret that coturn and the tests share"
HOST = "127.0.0.1"


class Coturn:
    """One TURN server that takes TCP alone, as if the network of its clients let no UDP through."""

    def __init__(self, folder: Path, *, peer: str) -> None:
        self.folder = folder
        self._peer = peer
        self._process: subprocess.Popen[bytes] | None = None
        self._pause = Event()  # never set
        with socket.socket() as probe:
            probe.bind((HOST, 0))
            self.port = int(probe.getsockname()[1])
        self.url = f"turn:{HOST}:{self.port}?transport=tcp"

    def __enter__(self) -> Self:
        program = shutil.which("turnserver")
        assert program is not None, "the tests need coturn: install it and run bin/test again"
        self.folder.mkdir(exist_ok=True)
        options = {
            "listening-ip": HOST,
            "listening-port": str(self.port),
            "relay-ip": HOST,
            "realm": "turn",
            "static-auth-secret": SECRET,
            "allowed-peer-ip": self._peer,
            "denied-peer-ip": "0.0.0.0-255.255.255.255",
            "userdb": str(self.folder / "users"),
            "pidfile": str(self.folder / "pid"),
        }
        # An empty file, so that the machine's own configuration has no say.
        configuration = self.folder / "turnserver.conf"
        configuration.write_text("".join(f"{name}={value}\n" for name, value in options.items()))
        flags = ["--use-auth-secret", "--allow-loopback-peers", "--no-udp", "--no-tls", "--no-dtls"]
        flags += ["--no-cli", "--fingerprint", "--log-file=stdout", "--simple-log", "--verbose"]
        with (self.folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [program, "-c", str(configuration), *flags], cwd=self.folder, stdout=log, stderr=log
            )
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self._answers():
            assert self._process.poll() is None, self.log()
            assert time.monotonic() < deadline, self.log()
            self._pause.wait(0.05)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def log(self) -> str:
        """Give what it said."""
        return (self.folder / "log").read_text(errors="replace")

    def _answers(self) -> bool:
        try:
            socket.create_connection((HOST, self.port), timeout=0.2).close()
        except OSError:
            return False
        return True
