"""A participant with valid keys who sends whatever it likes."""

import random
import re
from pathlib import Path
from typing import Any

from realtime.relay.packets import rtcp
from tests.fuzz import packets, texts
from tests.relay.device import Device
from tests.relay.network import Address, World
from tests.relay.peer import FakePeer

_RECORDED = sorted(Path(__file__).parents[1].glob("fixtures/offers/*.sdp"))
OFFERS = [path.read_text() for path in _RECORDED if not path.name.endswith(".answer.sdp")]
_PORTS = 250


class Hostile:
    """Join again and again with the offers of real browsers, since its connections do not last."""

    def __init__(self, world: World, rng: random.Random) -> None:
        self.world = world
        self.rng = rng
        self.number = 0
        self.publisher: FakePeer
        self.subscriber: FakePeer
        self.offer = self.offered = self.connection = ""
        self.generation = 1
        self.join()

    def join(self) -> None:
        """Take a new seat and forget the old one."""
        self.leave()
        self.number += 1
        self.generation = 1
        self.connection = f"hostile-{self.number}"
        names = {"connection": self.connection, "generation": 1}
        self.world.ask("drain", seconds=None)
        self.world.ask(
            "connection.open",
            room="room-1",
            connection=self.connection,
            participant="hostile",
            microphone=True,
            camera=True,
            screen=True,
        )
        self.publisher, self.subscriber = self._peer("p"), self._peer("s")
        self.offer = self._like_a_browser(self.rng.choice(OFFERS), self.publisher)
        answer = self.world.ask("publish.offer", **names, sdp=self.offer)["sdp"]
        self.publisher.connect(answer)
        self.offered = self.world.ask("subscribe.offer", **names)["sdp"]
        self.world.ask("subscribe.answer", **names, sdp=self.subscriber.answer(self.offered))
        self.subscriber.connect(self.offered)
        self.payloads = [int(each) for each in re.findall(r"^a=rtpmap:(\d+)", answer, re.M)] + [0, 63, 127]
        self.extensions = _extensions(answer)
        self.slots = [int(each) for each in re.findall(r"^a=ssrc:(\d+) cname", self.offered, re.M)]
        announced = [int(each) for each in re.findall(r"^a=ssrc:(\d+) cname", self.offer, re.M)]
        self.ssrcs = [*announced, *(self.rng.randrange(2**32) for _ in range(6))]
        self.sequences = dict.fromkeys(self.ssrcs, 1)

    def leave(self) -> None:
        """Take everything of the last seat out of the world, so that what grows is not the test.

        Seats that broken messages have opened go too: enough of them would rightly take others' slots.
        """
        for connection in [each for each in self.world.relay.connections if not each.startswith("victim")]:
            self.world.ask("connection.close", connection=connection, reason="left")
        if self.connection:
            for peer in (self.publisher, self.subscriber):
                self.world.network.nodes.pop(peer.address, None)
                self.world.tickers.remove(peer.tick)

    @property
    def is_well(self) -> bool:
        """Say whether its keys still lead anywhere."""
        held = self.world.relay.connections.get(self.connection)
        if held is None or not held.publishers or not held.subscribers:
            return False
        return held.publishers[-1].peer.is_connected and held.subscribers[-1].peer.is_connected

    def act(self) -> str:
        """Do one thing, and say what kind of thing it was."""
        rng = self.rng
        kind = rng.choices(("rtp", "rtcp", "check", "dtls", "srtp", "sdp", "control"), (9, 9, 4, 2, 4, 3, 4))[
            0
        ]
        peer = rng.choice((self.publisher, self.subscriber))
        match kind:
            case "rtp":
                self._rtp(self.publisher if rng.random() < 0.9 else self.subscriber)
            case "rtcp" if rng.random() < 0.1 and self.subscriber.rtp:
                packet = rng.choice(self.subscriber.rtp[-200:])
                ssrc, sequence = int.from_bytes(packet[8:12], "big"), int.from_bytes(packet[2:4], "big")
                self._protected(self.subscriber, rtcp.build_nack(1, ssrc, [sequence] * 3), is_rtcp=True)
            case "rtcp":
                ssrcs = self.slots if peer is self.subscriber else self.ssrcs
                self._protected(peer, packets.rtcp(rng, [*ssrcs, 0, 1]), is_rtcp=True)
            case "check":
                ufrag, password = peer._credentials
                source = (
                    (f"203.0.113.{rng.randrange(9)}", rng.randrange(1, 9)) if rng.random() < 0.2 else None
                )
                self._send(packets.check(rng, ufrag, peer.ufrag, password), peer, source)
            case "dtls":
                self._send(packets.dtls(rng), peer)
            case "srtp":
                self._send(packets.garble(rng, b"\x80\x6f" + rng.randbytes(rng.randrange(10, 200))), peer)
            case "sdp":
                self._describe()
            case _:
                self._control()
        return kind

    def _rtp(self, peer: FakePeer) -> None:
        rng = self.rng
        ssrc = rng.choice(self.ssrcs)
        self.sequences[ssrc] += rng.choice((1,) * 12 + (0, 2, 5, 40, 300, 3000))
        packet = packets.rtp(rng, ssrc, rng.choice(self.payloads), self.sequences[ssrc], self.extensions)
        self._protected(peer, packet, is_rtcp=False)

    def _protected(self, peer: FakePeer, packet: bytes, *, is_rtcp: bool) -> None:
        if peer.dtls is None or peer.dtls.srtp is None:
            return
        protect = peer.dtls.srtp.protect_rtcp if is_rtcp else peer.dtls.srtp.protect_rtp
        try:
            data = protect(packet)
        except ValueError:
            data = packet  # libsrtp itself refuses it; the bare bytes may try their luck
        self._send(data, peer)

    def _send(self, data: bytes, peer: FakePeer, source: Address | None = None) -> None:
        assert peer.remote is not None
        self.world.network.send(source or peer.address, data, peer.remote)
        self.world.network.deliver()

    def _describe(self) -> None:
        op, text = self.rng.choice(
            (("publish.offer", self.offer), ("subscribe.answer", self.subscriber.answer(self.offered)))
        )
        names = {"connection": self.connection, "generation": self.rng.choice((1, 1, 1, 2))}
        sdp = texts.description(self.rng, text)
        self._ask({"id": 1, "op": op, **names, "sdp": sdp})

    def _control(self) -> None:
        self._ask_text(texts.message(self.rng, self.rng.choice(self._requests())))

    def _ask(self, request: dict[str, Any]) -> None:  # JSON
        self._ask_text(texts.json.dumps(request))

    def _ask_text(self, text: str) -> None:
        answers = [texts.json.loads(each) for each in self.world.dispatch.answer(text)]
        assert "ok" in answers[0] or "error" in answers[0]

    def _requests(self) -> list[dict[str, Any]]:  # JSON
        own = {"id": 1, "connection": self.connection}
        tile = {"participant": "victim-1", "source": "camera", "width": 640, "height": 360, "pinned": False}
        opened = {"microphone": True, "camera": True, "screen": True, "side_room": ""}
        return [
            {"id": 1, "op": "hello", "version": 1},
            {"id": 1, "op": "clock.probe"},
            {"op": "connection.open", **own, "room": "room-1", "participant": "hostile", **opened},
            {"op": "connection.allow", **own, **opened, "side_room": self.rng.choice(("", "victim-1", "x"))},
            {"op": "connection.view", **own, "tiles": [tile], "sound_only": False},
            {"op": "publish.offer", **own, "generation": 1, "sdp": self.offer},
            {"op": "subscribe.offer", **own, "generation": self.rng.choice((1, 2)), "restart": True},
            {"op": "subscribe.answer", **own, "generation": 1, "sdp": "v=0"},
            {"op": "room.lock", "id": 1, "room": "room-m", "participants": ["hostile"]},
            {"op": "room.close", "id": 1, "room": "room-m", "reason": "ended"},
            {"op": "facts.boots", "id": 1},
            {"op": "facts.read", "id": 1, "boot": "boot-1", "after": 0, "limit": 5},
            {"op": "facts.ack", "id": 1, "boot": "boot-1", "upto": 0},
            {"op": "stats", "id": 1},
        ]

    def _peer(self, kind: str) -> FakePeer:
        port = _PORTS + 2 * self.number % 60_000 + (kind == "s")
        return FakePeer(self.world, ("192.0.2.66", port), ufrag=f"{kind}{self.number}")

    def _like_a_browser(self, text: str, peer: FakePeer) -> str:
        digest = next(
            each for each in peer.certificate.getFingerprints() if each.algorithm == "sha-256"
        ).value
        lines = "\r\n".join(text.splitlines()) + "\r\n"
        lines = re.sub(r"a=ice-ufrag:\S+", f"a=ice-ufrag:{peer.ufrag}", lines)
        return re.sub(r"a=fingerprint:\S+ \S+", f"a=fingerprint:sha-256 {digest}", lines)


def _extensions(answer: str) -> list[packets.Extension]:
    """Return what a browser would say in the extensions that were agreed on."""
    values = {
        "sdes:mid": re.findall(r"^a=mid:(\S+)", answer, re.M),
        "rtp-stream-id": re.findall(r"^a=rid:(\S+)", answer, re.M) or ["q"],
        "audio-level": ["\x14", "\x7f"],
    }
    found: list[packets.Extension] = []
    for number, uri in re.findall(r"^a=extmap:(\d+)\S* (\S+)", answer, re.M):
        for end in (end for end in values if uri.endswith(end)):
            found += [(int(number), value.encode()) for value in values[end]]
    return found


def bystander(world: World, name: str) -> Device:
    """Seat somebody who only wants to talk."""
    return Device(world, name, participant=name).join()
