"""Our relay as a child process, told what to do over its control connection as the web process does it."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from websockets.exceptions import ConnectionClosed

from tests.load.calls.relays import Place, RelayFailedError
from tests.relay.process import REPOSITORY, SECRET, Control

# So that everybody gets everything in the largest group that is measured.
_EVERYTHING = ("--slots-audio", "16", "--slots-video", "16", "--last-n", "16")
_STOP_SECONDS = 10


class OurRelay:
    """Run `python -m realtime.relay`; `options` are added to its command line."""

    def __init__(self, place: Place, *, name: str = "ours", options: Sequence[str] = ()) -> None:
        self.name = name
        self._place = place
        self._options = options
        self._process: subprocess.Popen[str] | None = None
        self._control: Control | None = None
        self.udp = ("", 0)

    @property
    def pid(self) -> int:
        """Return the process of the relay."""
        assert self._process is not None
        return self._process.pid

    @property
    def log(self) -> Path:
        """Return the file that holds what the relay said."""
        return self._place.folder / f"{self.name}.log"

    def start(self) -> None:
        """Start the process on free ports of the place, and say hello."""
        folder = self._place.folder
        secret = folder / "control-secret"
        secret.write_text(SECRET + "\n")
        host = self._place.address
        command = [sys.executable, "-m", "realtime.relay", "--udp", f"{host}:0", "--control", f"{host}:0"]
        command += ["--secret-file", str(secret), "--facts", str(folder / f"{self.name}-facts")]
        command += ["--exit-with-stdin", *_EVERYTHING, *self._options]
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                self._place.pinned(*command),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=REPOSITORY,
                text=True,
            )
        assert self._process.stdout is not None
        ready = self._process.stdout.readline()
        if not ready:
            raise RelayFailedError(f"our relay did not start: {self.log.read_text()[-2000:]}")
        told = json.loads(ready)
        host, _, port = str(told["udp"]).rpartition(":")
        self.udp = (host, int(port))
        self._control = Control(told["control"]).start()

    def stop(self) -> None:
        """Close its standard input, which ends it; idempotent."""
        if self._control is not None:
            self._control.socket.close()
            self._control = None
        if self._process is not None:
            assert self._process.stdin is not None
            assert self._process.stdout is not None
            self._process.stdin.close()
            try:
                self._process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process.stdout.close()
            self._process = None

    def join(self, room: str, participant: str) -> None:
        """Open the connection of a participant who may publish everything."""
        self._ask(
            "connection.open",
            room=room,
            connection=_connection(room, participant),
            participant=participant,
            microphone=True,
            camera=True,
        )

    def publish(self, room: str, participant: str, offer_sdp: str) -> str:
        """Answer the offer of a participant's microphone and camera."""
        return self._ask("publish.offer", sdp=offer_sdp, **_names(room, participant))

    def subscribe(self, room: str, participant: str, publishers: int) -> str:
        """Offer the pool of slots; the relay fills them by itself."""
        return self._ask("subscribe.offer", **_names(room, participant))

    def subscribed(self, room: str, participant: str, answer_sdp: str) -> None:
        """Take the answer to the slots."""
        self._ask("subscribe.answer", sdp=answer_sdp, **_names(room, participant))

    def keepalive(self) -> None:
        """Read away the events that nobody asked for; the connection itself needs nothing."""
        assert self._control is not None
        self._control.events.clear()
        while True:
            try:
                self._control.socket.recv(timeout=0)
            except TimeoutError:
                return
            except ConnectionClosed as error:
                raise self._gone() from error

    def _ask(self, op: str, **fields: object) -> str:
        assert self._control is not None
        try:
            reply = self._control.raw(op, **fields)
        except ConnectionClosed as error:
            raise self._gone() from error
        if "ok" not in reply:
            raise RelayFailedError(f"{op}: {reply['error']}")
        return str(reply["ok"].get("sdp", ""))

    def _gone(self) -> RelayFailedError:
        return RelayFailedError(f"our relay has gone: {self.log.read_text()[-2000:]}")


def _connection(room: str, participant: str) -> str:
    return f"{room}-{participant}"


def _names(room: str, participant: str) -> dict[str, object]:
    return {"connection": _connection(room, participant), "generation": 1}
