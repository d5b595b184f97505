"""Participants without a browser: a socket to the server and a WebRTC peer to the relay, in a thread each."""

from __future__ import annotations

import contextlib
import json
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

from tests.faults.live_verdict import Sent
from tests.relay.network import Address
from tests.relay.peer import AUDIO, FakePeer, FakeTrack
from tests.relay.socket_peer import SocketWorld

SEND_EVERY = 0.2
BEAT_EVERY = 4.0
ANSWER_WITHIN = 6.0
RETRY_AFTER = 1.0
SOCKET_ERRORS = (OSError, WebSocketException, TimeoutError)


@dataclass
class Stretch:
    """Packets of one peer connection on one life of the relay."""

    boot: str
    connection: str
    packets: list[float] = field(default_factory=list)


class LivePerson:
    """One account in one room; `run` is the thread's whole life."""

    def __init__(
        self,
        *,
        account: dict[str, str],
        url: str,
        origin: str,
        is_leader: bool,
        relay_boot: Callable[[], str | None],
        is_path_cut: Callable[[], bool],
        luck: random.Random,
    ) -> None:
        self.id = account["id"]
        self._cookie = account["cookie"]
        self._url = url
        self._origin = origin
        self._is_leader = is_leader
        self._relay_boot = relay_boot
        self._is_path_cut = is_path_cut
        self._luck = luck
        self._socket: ClientConnection | None = None
        self._number = 0
        self._generation = 0
        self._resume: dict[str, str] | None = None
        self._connection = ""
        self._state = ""
        self._waiting: set[str] = set()
        self._pending: dict[int, str] = {}
        self._retry_at = self._beat_at = self._sent_at = self._offer_at = 0.0
        self._needs_offer = False
        self._phase = "SCHEDULED"
        self._world = SocketWorld()
        self._world.network.send = self._send_datagram  # type: ignore[method-assign]
        self._peer: FakePeer | None = None
        self._track = FakeTrack(AUDIO, luck.randrange(1, 2**31))
        self.stretches: list[Stretch] = []
        self.wants_end = False
        self.is_over = threading.Event()
        self.is_seated = threading.Event()
        self.stops = threading.Event()

    @property
    def phase(self) -> str:
        """Give where the session stands, as far as this page knows."""
        return self._phase

    def run(self) -> None:
        """Take part until told to stop, coming back after whatever breaks."""
        try:
            while not self.stops.is_set():
                try:
                    self._live_a_moment()
                except SOCKET_ERRORS:
                    self._hang_up()
        finally:
            self._hang_up()
            self._world.close()

    def sent(self, killed: dict[str, float]) -> list[Sent]:
        """Say what reached a relay that lived."""
        return [
            Sent(self.id, each.boot, each.connection, tuple(each.packets), killed.get(each.boot))
            for each in self.stretches
            if each.packets
        ]

    # The socket

    def _live_a_moment(self) -> None:
        now = time.monotonic()
        if self._socket is None:
            if self.is_over.is_set() or now < self._retry_at:
                self._media_moment()
                self.stops.wait(0.02)
                return
            self._dial()
        self._read()
        if self._socket is None:
            return  # the server has said goodbye
        if now >= self._beat_at:
            self._beat_at = now + BEAT_EVERY
            self._say("ping")
        if self._is_leader:
            self._lead(now)
        if self._needs_offer and self._state == "IN_ROOM" and now >= self._offer_at:
            self._offer_at = now + ANSWER_WITHIN
            self._make_offer()
        self._media_moment()

    def _dial(self) -> None:
        self._retry_at = time.monotonic() + RETRY_AFTER * (1 + self._luck.random())
        self._socket = connect(
            self._url,
            additional_headers={"Cookie": self._cookie, "Origin": self._origin},
            open_timeout=10,
            close_timeout=1,
            proxy=None,
        )
        self._pending.clear()
        self._join()

    def _join(self, *, take_over: bool = False) -> None:
        fields: dict[str, Any] = {"microphone": True, "camera": False, "take_over": take_over}
        if self._resume is not None:
            fields["resume"] = self._resume
        self._say("join", **fields)

    def _say(self, kind: str, **fields: object) -> None:
        assert self._socket is not None
        self._number += 1
        self._pending[self._number] = kind
        self._socket.send(json.dumps({"type": kind, "id": self._number, **fields}))

    def _hang_up(self) -> None:
        socket, self._socket = self._socket, None
        self._retry_at = max(self._retry_at, time.monotonic() + RETRY_AFTER)
        if socket is not None:
            with contextlib.suppress(*SOCKET_ERRORS):
                socket.close()

    def _read(self) -> None:
        while self._socket is not None:
            try:
                text = self._socket.recv(timeout=0.02)
            except TimeoutError:
                return
            self._take(json.loads(text))

    def _take(self, message: dict[str, Any]) -> None:
        asked = self._pending.pop(message.get("id") or 0, "")
        match message["type"]:
            case "welcome":
                self._welcomed(message)
            case "event":
                self._changed(message["change"])
            case "snapshot":
                self._see(message["snapshot"])
            case "publish.answer":
                self._answered(message)
            case "media.lost":
                self._rebuild()
            case "error" if asked == "join" and message["error"] == "opened_elsewhere":
                self._join(take_over=True)
            case "error" if asked == "publish.offer":
                self._offer_at = time.monotonic() + RETRY_AFTER
                self._needs_offer = True
            case "closing":
                if message["error"] == "ended":
                    self._phase = "ENDED"
                    self.is_over.set()
                self._hang_up()

    def _welcomed(self, message: dict[str, Any]) -> None:
        you = message["you"]
        self._resume = {"connection": you["connection"], "secret": you["secret"]}
        self._connection = you["connection"]
        self._state = you["state"]
        self._see(message["snapshot"])
        if not you["resumed"]:
            self._generation = 0
            self._peer = None
        if self._peer is None:
            self._rebuild()

    def _see(self, room: dict[str, Any]) -> None:
        self._phase = room["session"]["phase"]
        self._waiting = set()
        for person in room["participants"]:
            self._changed({"kind": "participant", **person})

    def _changed(self, change: dict[str, Any]) -> None:
        if change["kind"] == "session":
            self._phase = change["phase"]
            return
        if "state" not in change:
            self._waiting.discard(change["id"])  # out of this person's sight
            return
        if change["id"] == self.id:
            self._state = "IN_ROOM" if change["state"] in ("IN_ROOM", "RECONNECTING") else change["state"]
        if change["state"] == "WAITING":
            self._waiting.add(change["id"])
        else:
            self._waiting.discard(change["id"])

    def _lead(self, now: float) -> None:
        busy = set(self._pending.values())
        if self._state != "IN_ROOM":
            return
        if self._phase == "SCHEDULED" and "session.start" not in busy:
            self._say("session.start")
        elif self._phase == "OPEN" and self.wants_end and "session.end" not in busy:
            self._say("session.end")
        elif self._phase == "OPEN" and "participant.admit" not in busy:
            for who in sorted(self._waiting):
                self._say("participant.admit", participant=who)

    # The media

    def _rebuild(self) -> None:
        self._peer = None
        self._needs_offer = True
        self._offer_at = time.monotonic()

    def _make_offer(self) -> None:
        self._generation += 1
        self._world.tickers.clear()
        for address, each in list(self._world.sockets.items()):
            each.close()
            del self._world.sockets[address]
        self._offered = self._world.peer(ufrag=f"u{self._generation}")
        self._say("publish.offer", generation=self._generation, sdp=self._offered.offer(AUDIO))

    def _answered(self, message: dict[str, Any]) -> None:
        if message["generation"] != self._generation:
            return
        self._needs_offer = False
        self._peer = self._offered
        self.stretches.append(Stretch(self._relay_boot() or "", self._connection))
        self._peer.connect(message["sdp"])
        self.is_seated.set()

    def _media_moment(self) -> None:
        self._world.pump()
        now = time.monotonic()
        if self._peer is not None and self._peer.is_connected and now >= self._sent_at:
            self._sent_at = now + SEND_EVERY
            self._peer.send_rtp(self._track.packet(b"sound"))

    def _send_datagram(self, source: Address, data: bytes, destination: Address) -> None:
        self._world.sockets[source].sendto(data, destination)
        # STUN with integrity and SRTP are authentic; the handshake between them is not.
        is_authentic = data[0] < 4 or data[0] >= 128
        if not is_authentic or not self.stretches or self._is_path_cut() or self._phase == "ENDED":
            return
        stretch = self.stretches[-1]
        if stretch.boot and stretch.boot == self._relay_boot():
            stretch.packets.append(time.time())
