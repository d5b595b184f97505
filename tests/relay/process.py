"""The real relay as a child process, and a control connection to it, for tests that need both."""

import contextlib
import http.client
import itertools
import json
import ssl
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from websockets.sync.client import ClientConnection, connect

from tests.patience import PATIENCE_SECONDS

SECRET = "a-secret-of-the-tests"
REPOSITORY = Path(__file__).parents[2]


class RelayProcess:
    """Start `python -m realtime.relay` on free loopback ports; it ends with this object or the tests."""

    def __init__(
        self,
        facts: Path,
        *arguments: str,
        udp: str = "127.0.0.1:0",
        log: Path | None = None,
        module: str = "realtime.relay",
    ) -> None:
        secret = facts.with_name(facts.name + ".secret")
        secret.write_text(SECRET + "\n")
        command = [sys.executable, "-m", module, "--udp", udp, "--control", "127.0.0.1:0"]
        command += ["--secret-file", str(secret), "--facts", str(facts), "--exit-with-stdin", *arguments]
        with log.open("wb") if log is not None else contextlib.nullcontext() as errors:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                cwd=REPOSITORY,
                text=True,
            )
        assert self.process.stdout is not None
        ready = json.loads(self.process.stdout.readline() or "{}")
        self.boot: str = ready["boot"]
        self.control: str = ready["control"]
        host, _, port = str(ready["udp"]).rpartition(":")
        self.udp = (host, int(port))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def page(self, path: str, *, secret: str | None = None) -> tuple[int, str]:
        """Ask the control port for a page by plain HTTP; give status and text."""
        host, _, port = self.control.rpartition(":")
        connection = http.client.HTTPConnection(host, int(port), timeout=PATIENCE_SECONDS)
        headers = {} if secret is None else {"Authorization": f"Bearer {secret}"}
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, text

    def stop(self) -> int:
        """Close its standard input and return its exit status."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        status = self.process.wait(10)
        self.process.stdout.close()
        return status


class Control:
    """Speak the control protocol; events that come meanwhile are kept."""

    def __init__(self, address: str, *, secret: str = SECRET, tls: ssl.SSLContext | None = None) -> None:
        scheme = "ws" if tls is None else "wss"
        self.socket: ClientConnection = connect(
            f"{scheme}://{address}",
            ssl=tls,
            additional_headers={"Authorization": f"Bearer {secret}"},
            legacy=True,
        )
        self.events: list[dict[str, Any]] = []  # JSON
        self._numbers = itertools.count(1)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.socket.close()

    def raw(self, op: str, **fields: object) -> dict[str, Any]:  # JSON
        """Send a request and return the whole reply."""
        number = next(self._numbers)
        self.socket.send(json.dumps({"id": number, "op": op, **fields}))
        while True:
            message = json.loads(self.socket.recv(PATIENCE_SECONDS))
            if "event" not in message:
                assert message["id"] == number
                return dict(message)
            self.events.append(message)

    def ask(self, op: str, **fields: object) -> dict[str, Any]:  # JSON
        """Send a request that must succeed; return what it brought."""
        reply = self.raw(op, **fields)
        assert "ok" in reply, reply
        return dict(reply["ok"])

    def wait_for(self, kind: str, **fields: object) -> dict[str, Any]:  # JSON
        """Return the next event of a kind with these fields, waiting for it if need be."""
        while True:
            for index, event in enumerate(self.events):
                if event["event"] == kind and all(event[name] == value for name, value in fields.items()):
                    return self.events.pop(index)
            self.events.append(json.loads(self.socket.recv(PATIENCE_SECONDS)))

    def start(self) -> "Control":
        """Say hello and set the clock, as a web process does."""
        hello = self.ask("hello", version=1)
        self.ask("clock.set", offset_ns=time.time_ns() - hello["mono_ns"])
        return self
