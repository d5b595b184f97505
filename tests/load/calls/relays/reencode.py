"""The relay that aiortc gives without further work: decode what comes, encode it again for each receiver.

`MediaRelay` is used as its documentation shows it (buffered), with aiortc's own encoders as they are set
there. Receivers are not offered REMB, which would raise VP8 from 500 to 1500 kbit/s whatever is published; as
it is, about as many packets arrive as were published, though none is one that was sent, and none carries when
it left. A core is full at about four receivers of one publisher; beyond that pictures wait in queues without
bound: the cost per packet that arrives is then right, and a delay would mean nothing.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.load.calls.relays import Place, RelayFailedError

_REPOSITORY = Path(__file__).parents[4]
_STOP_SECONDS = 10.0


class ReencodingRelay:
    """Drive the child process that relays with aiortc's MediaRelay."""

    name = "decode and encode again"

    def __init__(self, place: Place) -> None:
        self._place = place
        self._process: subprocess.Popen[str] | None = None

    @property
    def pid(self) -> int:
        """Return the process id of the child."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start the child and wait until it has loaded what it needs."""
        module = f"{__package__}.reencode_process"
        with (self._place.folder / "reencode.log").open("wb") as log:
            self._process = subprocess.Popen(
                self._place.pinned(sys.executable, "-m", module),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=_REPOSITORY,
                text=True,
            )
        self._ask("hello")

    def stop(self) -> None:
        """Close the child's standard input and wait for its end."""
        if self._process is None:
            return
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
        """Do nothing: a room is who publishes in it."""

    def publish(self, room: str, participant: str, offer_sdp: str) -> str:
        """Hand the offer over and return the answer."""
        return self._ask("publish", room=room, participant=participant, sdp=offer_sdp)

    def subscribe(self, room: str, participant: str, publishers: int) -> str:
        """Return an offer with the tracks of the others; without REMB, see above."""
        offer = self._ask("subscribe", room=room, participant=participant, publishers=publishers)
        return without_remb(offer)

    def subscribed(self, room: str, participant: str, answer_sdp: str) -> None:
        """Hand the answer over."""
        self._ask("subscribed", room=room, participant=participant, sdp=answer_sdp)

    def keepalive(self) -> None:
        """Do nothing: the child lives as long as its standard input."""

    def _ask(self, op: str, **fields: object) -> str:
        process = self._process
        assert process is not None
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps({"op": op, **fields}) + "\n")
        process.stdin.flush()
        answer: dict[str, Any] = json.loads(process.stdout.readline() or '{"error": "it ended"}')  # JSON
        if "error" in answer:
            raise RelayFailedError(f"the decoding relay refused a {op} request: {answer['error']}")
        return str(answer["ok"])


def without_remb(description: str) -> str:
    """Return a description that does not ask for receivers' estimates."""
    return re.sub(r"a=rtcp-fb:\S+ goog-remb\r\n", "", description)
