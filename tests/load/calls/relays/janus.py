"""Debian's `janus` with its videoroom plugin: what most people would take instead of our relay.

The configuration is Debian's, which is Janus' own, except for what a process of this kind has to be told
(which address, which port) and for plugins and transports that nobody uses here, which are not loaded: that
can only make Janus cheaper. So Janus is a full ICE agent (its `ice_lite` is off), keeps its NACK queue of
200 ms for pictures, writes SR and RR, reads the voice level, and has a thread per handle unless `event_loops`
says how many threads share all handles. The room has no bitrate cap and no periodic key frames, both as the
API creates it; Debian's demonstration room has 128 kbit/s and a FIR every ten seconds.

Everybody has one session with two handles, publisher and (multistream) subscriber, as janus.js has. The HTTP
transport was taken because it leaves no thread in the generator; sessions are kept alive as by janus.js.
"""

from __future__ import annotations

import http.client
import itertools
import json
import shutil
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.load.calls.relays import Place, RelayFailedError, RelayMissingError

_PLUGIN = "janus.plugin.videoroom"
_OTHER_PLUGINS = (
    *("audiobridge", "duktape", "echotest", "lua", "nosip", "recordplay", "sip", "streaming", "textroom"),
    *("videocall", "voicemail"),
)
_OTHER_TRANSPORTS = ("mqtt", "nanomsg", "pfunix", "rabbitmq", "websockets")
# Janus does not end with its standard input, and nobody should find it running after a killed benchmark.
_DIES_WITH_US = ("/usr/bin/setpriv", "--pdeathsig", "TERM")
_START_SECONDS = _ANSWER_SECONDS = 10.0
_LOOK_AGAIN_SECONDS = 0.02
_KEEPALIVE_SECONDS = 25.0  # as janus.js; Janus forgets a session after 60
_KEEPALIVES_AT_ONCE = 4
_NO_LIMIT = 1000


def configuration(address: str, port: int, event_loops: int | None) -> dict[str, str]:
    """Return the text of each configuration file; what is not in them is as Janus ships it."""
    plugins = ",".join(f"libjanus_{each}.so" for each in _OTHER_PLUGINS)
    transports = ",".join(f"libjanus_{each}.so" for each in _OTHER_TRANSPORTS)
    loops = "" if event_loops is None else f"\n\tevent_loops = {event_loops}"
    return {
        "janus.jcfg": (
            f'general: {{\n\tinterface = "{address}"{loops}\n}}\n'
            f'nat: {{\n\tice_enforce_list = "{address}"\n}}\n'
            f'plugins: {{\n\tdisable = "{plugins}"\n}}\n'
            f'transports: {{\n\tdisable = "{transports}"\n}}\n'
        ),
        "janus.transport.http.jcfg": (
            f'general: {{\n\thttp = true\n\tip = "{address}"\n\tport = {port}\n\tjson = "compact"\n}}\n'
        ),
        "janus.plugin.videoroom.jcfg": "general: {\n}\n",
    }


@dataclass(slots=True)
class _Seat:
    """Hold one participant's session: a room and a number in it, two handles, and when it was last heard."""

    room: int
    number: int
    session: int
    publisher: int
    subscriber: int | None = None
    heard: float = field(default_factory=time.monotonic)


class JanusRelay:
    """Drive one Janus process by its HTTP interface."""

    def __init__(self, place: Place, *, event_loops: int | None = None) -> None:
        self.name = "janus" if event_loops is None else f"janus event_loops={event_loops}"
        self._place = place
        self._event_loops = event_loops
        self._process: subprocess.Popen[bytes] | None = None
        self._api: _Api | None = None
        self._rooms: dict[str, int] = {}
        self._seats: dict[tuple[str, str], _Seat] = {}
        self._numbers = itertools.count(1)

    @property
    def pid(self) -> int:
        """Return the process id of Janus."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start Janus with a private configuration and wait until it answers."""
        program = shutil.which("janus")
        if program is None:
            raise RelayMissingError("Janus is not there. On Debian: apt-get install janus")
        folder = Path(tempfile.mkdtemp(prefix="janus-", dir=self._place.folder))
        port = _free_port(self._place.address)
        for name, text in configuration(self._place.address, port, self._event_loops).items():
            (folder / name).write_text(text)
        command = [*_DIES_WITH_US, program, "--configs-folder", str(folder), "--disable-colors"]
        with (folder / "log").open("wb") as log:
            # In a folder of its own: under more load than it can carry it may leave a core file as it ends.
            self._process = subprocess.Popen(
                self._place.pinned(*command), cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        self._api = _Api(self._place.address, port)
        deadline = time.monotonic() + _START_SECONDS
        while not self._api.is_there():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RelayFailedError("Janus did not start:\n" + (folder / "log").read_text()[-2000:])
            time.sleep(_LOOK_AGAIN_SECONDS)

    def stop(self) -> None:
        """End Janus and forget everybody."""
        if self._api is not None:
            self._api.close()
            self._api = None
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(_ANSWER_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
        self._rooms.clear()
        self._seats.clear()

    def join(self, room: str, participant: str) -> None:
        """Open a session and join as a publisher."""
        session = int(self._ask("/janus", "create")["data"]["id"])
        publisher = self._attach(session)
        if room not in self._rooms:
            self._rooms[room] = number = next(self._numbers)
            body = {"request": "create", "room": number, "publishers": _NO_LIMIT, "bitrate": 0}
            self._data(self._ask(f"/janus/{session}/{publisher}", "message", body=body))
        seat = _Seat(room=self._rooms[room], number=next(self._numbers), session=session, publisher=publisher)
        body = {"request": "join", "ptype": "publisher", "room": seat.room, "id": seat.number}
        self._message(seat, publisher, body)
        self._seats[room, participant] = seat

    def publish(self, room: str, participant: str, offer_sdp: str) -> str:
        """Publish; Janus shakes hands as the other side of what the offer asks for."""
        seat = self._seats[room, participant]
        body = {"request": "publish"}
        answer = self._message(seat, seat.publisher, body, {"type": "offer", "sdp": offer_sdp})
        return str(answer["jsep"]["sdp"])

    def subscribe(self, room: str, participant: str, publishers: int) -> str:
        """Subscribe to everybody else on a second handle, once as many are connected."""
        seat = self._seats[room, participant]
        feeds = self._others(seat, publishers)
        seat.subscriber = self._attach(seat.session)
        body = {
            "request": "join",
            "ptype": "subscriber",
            "room": seat.room,
            "streams": [{"feed": feed} for feed in feeds],
        }
        return str(self._message(seat, seat.subscriber, body)["jsep"]["sdp"])

    def subscribed(self, room: str, participant: str, answer_sdp: str) -> None:
        """Start what was subscribed to."""
        seat = self._seats[room, participant]
        assert seat.subscriber is not None
        self._message(seat, seat.subscriber, {"request": "start"}, {"type": "answer", "sdp": answer_sdp})

    def keepalive(self) -> None:
        """Keep some of the sessions alive whose time has come."""
        now = time.monotonic()
        due = (seat for seat in self._seats.values() if now - seat.heard >= _KEEPALIVE_SECONDS)
        for seat in itertools.islice(due, _KEEPALIVES_AT_ONCE):
            self._ask(f"/janus/{seat.session}", "keepalive")
            seat.heard = now

    def _others(self, seat: _Seat, publishers: int) -> list[int]:
        """Wait until as many others as were asked for are connected, which is when Janus tells of them."""
        deadline = time.monotonic() + _ANSWER_SECONDS
        body = {"request": "listparticipants", "room": seat.room}
        while True:
            answer = self._ask(f"/janus/{seat.session}/{seat.publisher}", "message", body=body)
            people = self._data(answer)["participants"]
            feeds = [each["id"] for each in people if each["publisher"] and each["id"] != seat.number]
            if len(feeds) >= publishers:
                return feeds[:publishers]
            if time.monotonic() > deadline:
                raise RelayFailedError(f"Janus has {len(feeds)} publishers, not {publishers}")
            time.sleep(_LOOK_AGAIN_SECONDS)

    def _attach(self, session: int) -> int:
        return int(self._ask(f"/janus/{session}", "attach", plugin=_PLUGIN)["data"]["id"])

    def _message(
        self, seat: _Seat, handle: int, body: dict[str, Any], jsep: dict[str, str] | None = None
    ) -> dict[str, Any]:  # JSON
        """Send a message that Janus answers by an event, and return that event."""
        fields: dict[str, Any] = {"body": body}
        if jsep is not None:
            fields["jsep"] = {**jsep, "trickle": False}
        ack = self._ask(f"/janus/{seat.session}/{handle}", "message", **fields)
        seat.heard = time.monotonic()
        deadline = seat.heard + _ANSWER_SECONDS
        assert self._api is not None
        while time.monotonic() < deadline:
            for event in self._api.events(seat.session):
                if event.get("transaction") == ack["transaction"]:
                    self._data(event)
                    return event
        raise RelayFailedError(f"Janus did not answer a {body['request']} request")

    def _ask(self, path: str, verb: str, **fields: Any) -> dict[str, Any]:  # JSON
        assert self._api is not None
        answer = self._api.post(path, verb, fields)
        if answer["janus"] == "error":
            raise RelayFailedError(f"Janus refused a {verb} request: {answer['error']}")
        return answer

    @staticmethod
    def _data(answer: dict[str, Any]) -> dict[str, Any]:  # JSON
        """Return what the plugin says, if it is not an error."""
        data: dict[str, Any] = answer.get("plugindata", {}).get("data", {})
        if "error" in data:
            raise RelayFailedError(f"Janus' videoroom refused a request: {data['error']}")
        return data


class _Api:
    """Speak Janus' HTTP interface over one connection."""

    def __init__(self, address: str, port: int) -> None:
        self._connection = http.client.HTTPConnection(address, port, timeout=_ANSWER_SECONDS)
        self._transactions = itertools.count(1)

    def is_there(self) -> bool:
        """Say whether the server can be reached."""
        try:
            self._connection.connect()
        except OSError:
            return False
        return True

    def post(self, path: str, verb: str, fields: dict[str, Any]) -> dict[str, Any]:  # JSON
        """Make a request and return the immediate answer."""
        request = {"janus": verb, "transaction": str(next(self._transactions)), **fields}
        self._connection.request("POST", path, json.dumps(request), {"Content-Type": "application/json"})
        return dict(json.loads(self._connection.getresponse().read()))

    def events(self, session: int) -> list[dict[str, Any]]:  # JSON
        """Wait for something that Janus has to say in a session."""
        self._connection.request("GET", f"/janus/{session}?maxev=10")
        return list(json.loads(self._connection.getresponse().read()))

    def close(self) -> None:
        self._connection.close()


def _free_port(address: str) -> int:
    with socket.create_server((address, 0)) as listener:
        return int(listener.getsockname()[1])
