"""A publisher to whom everything happens that a network and a browser may do, told to either data plane."""

import random
import struct
import tempfile
from pathlib import Path
from typing import Any

from realtime.relay.clock import MILLISECOND
from realtime.relay.packets import rtcp
from tests.relay import planes
from tests.relay.device import Device
from tests.relay.network import World, world
from tests.relay.simulcast import LEVEL_ID, MID_ID, RID_ID, Layer, SimulcastDevice, extensions

ENCODING = ("keyframes", "bitrate", "last_ns", "newest", "_newest", "_timestamp", "_timed_ns", "_watched_ns")
STATS = ("received", "_highest", "_jitter")
VOICE_BYTES, PICTURE_BYTES = 60, (60, 700, 700, 700, 1290, 1308, 1312)
TWO_BYTES = struct.pack("!HH", 0x1000, 1) + bytes([LEVEL_ID, 1, 0x8A, 0])


class Story:
    """Let one person speak and be seen by two others, with everything that a network and a browser may do."""

    def __init__(self, stage: World, seed: int) -> None:
        self.rng = random.Random(seed)
        self.world = stage
        self.speaker = SimulcastDevice(stage, "a")
        self.speaker.join()
        self.listeners = [Device(stage, name) for name in ("b", "c")]
        for each in self.listeners:
            each.join()
        self.late: dict[int, list[bytes]] = {}
        self.picture = 100
        self.gone: list[Device] = []
        for rank in (0, 1):
            self.send(self._packet(self.speaker.layers[rank], key(0)))

    def step(self) -> None:
        """Send packets mostly; now and then change something."""
        rng, stage = self.rng, self.world
        stage.clock.ns += rng.choice((0, 1, 5, 20, 200)) * MILLISECOND
        steps = ("burst", "time", "allow", "rejoin", "report", "negotiate", "restart", "view")
        match rng.choices(steps, (70, 12, 2, 1, 4, 1, 1, 2))[0]:
            case "burst":
                # When somebody is switched to the other layer within a burst is each plane's own affair.
                layers = self.speaker.voice_layer, rng.choice(self.speaker.layers)
                self.send(*[self._one(rng.choice(layers)) for _ in range(rng.choice((1, 2, 3, 5, 8, 13)))])
            case "time":
                stage.advance(rng.choice((0.02, 0.1, 0.4)))
            case "allow":
                may = {"microphone": rng.random() < 0.8, "camera": rng.random() < 0.8, "screen": True}
                stage.ask("connection.allow", connection="a", **may)
            case "rejoin":
                self.gone.append(self.listeners.pop(0))
                stage.ask("connection.close", connection=self.gone[-1].connection, reason="left")
                self.listeners.append(Device(stage, f"d{len(self.gone)}").join())
            case "report":
                self.speaker.publisher.send_rtcp(_sender_report(rng.choice(self._layers()), stage.clock.ns))
            case "negotiate":
                self.speaker.negotiate()
            case "restart":
                self.speaker.restart_publish()
            case _:
                speed = rng.choice((150_000, 600_000, 4_000_000))
                remb = rtcp.build_remb(1, speed, [1])
                rng.choice(self.listeners).subscriber.send_rtcp(rtcp.build_receiver_report(1) + remb)

    def send(self, *packets: bytes) -> None:
        """Let packets come together; a forged one has a bit of its payload turned."""
        peer = self.speaker.publisher
        assert peer.dtls is not None
        assert peer.dtls.srtp is not None
        for packet in packets:
            data = peer.dtls.srtp.protect_rtp(packet)
            if self.rng.random() < 0.01:
                data = data[:-20] + bytes([data[-20] ^ 1]) + data[-19:]
            peer.send(data)
        self.world.network.deliver()

    def _layers(self) -> list[Layer]:
        return [self.speaker.voice_layer, *self.speaker.layers]

    def _one(self, layer: Layer) -> bytes:
        """Make the next packet of a stream, or another that comes instead of it."""
        rng = self.rng
        payload = bytes(VOICE_BYTES) if layer is self.speaker.voice_layer else self._picture()
        fates = ("next", "lost", "late", "again", "padding", "jump", "back", "type", "repair", "nothing")
        match rng.choices(fates, (90, 2, 2, 2, 1, 1, 1, 1, 2, 1))[0]:
            case "lost":
                self._packet(layer, payload)
            case "late":
                self.late.setdefault(layer.ssrc, []).append(self._packet(layer, payload))
            case "again" if layer.sent:
                return layer.sent[rng.choice(list(layer.sent)[-20:])][0]
            case "padding":
                return self._packet(layer, b"", padding=30)
            case "jump":
                layer.timestamp = (layer.timestamp + rng.choice((9, 40)) * layer.rate) & 0xFFFFFFFF
            case "back":
                layer.timestamp = (layer.timestamp - layer.rate) & 0xFFFFFFFF
            case "type":
                made = self._packet(layer, payload)
                return made[:1] + bytes([made[1] ^ 1]) + made[2:]
            case "repair" if layer.repair_ssrc and layer.sent:
                return layer.again(rng.choice(list(layer.sent)[-20:]))
            case "nothing":
                return self._packet(layer, b"")
        if self.late.get(layer.ssrc) and rng.random() < 0.5:
            return self.late[layer.ssrc].pop()
        return self._packet(layer, payload)

    def _packet(self, layer: Layer, payload: bytes, *, padding: int = 0) -> bytes:
        """Write one as `Layer` does, with an audio level and sometimes with other extensions."""
        made = layer.packet(payload, advance=0.02, padding=padding)
        if padding:
            return made
        rng, names = self.rng, {MID_ID: layer.mid.encode()}
        if layer.rid:
            names[RID_ID] = layer.rid.encode()
        if layer is self.speaker.voice_layer and rng.random() < 0.9:
            names[LEVEL_ID] = bytes([rng.choice((0x80, 0)) | rng.randrange(128)])
        block = rng.choices((extensions(names), TWO_BYTES, b""), (90, 3, 3))[0]
        head = bytes([0x90 if block else 0x80, made[1] & 0x7F | rng.choice((0, 0x80))])
        whole = head + made[2:12] + block + payload
        layer.sent[layer.sequence] = whole, payload
        return whole

    def _picture(self) -> bytes:
        """Write a picture's packet, mostly as libvpx does; sometimes another picture than the last."""
        rng = self.rng
        self.picture += rng.choice((0, 0, 1))
        size = rng.choice(PICTURE_BYTES)
        is_key = rng.random() < 0.05
        if is_key:
            return key(self.picture, size)
        wide, index = struct.pack("!H", 0x8000 | self.picture & 0x7FFF), bytes([self.picture & 0xFF])
        heads = (
            b"\x80\xe0" + wide + index + b"\x20", b"\x80\xc0" + wide + index, b"\x80\x80" + wide, b"\x00",
            b"\x90\x80" + bytes([self.picture & 0x7F]), b"\x80\x40" + index, b"\x90\xff\xff",
        )  # fmt: skip
        return rng.choices(heads, (60, 10, 10, 4, 1, 2, 1))[0] + b"\x01" + bytes(size)

    def outcome(self) -> dict[str, Any]:  # of many kinds, to be compared only
        """Return everything by which one could tell how a packet was taken in."""
        counters, relay = self.world.counters, self.world.relay
        producers = relay.connections["a"].producers.values()
        encodings = [each for producer in producers for each in producer.encodings]
        for each in encodings:
            each.stop_flow()
        return {
            "got": [_by_stream(each.subscriber.rtp) for each in (*self.gone, *self.listeners)],
            "asked": self.speaker.publisher.rtcp,
            "counted": (counters.packets_in, +counters.dropped, +counters.happened),
            "producers": [
                (each.packets, each.octets, each.last_ns, each.speech.spoke_ns) for each in producers
            ],
            "encodings": [{name: getattr(each, name) for name in ENCODING} for each in encodings],
            "stats": [
                each.stats and ({name: getattr(each.stats, name) for name in STATS}, each.stats.variation)
                for each in encodings
            ],
            "facts": self.world.facts(),
        }


def key(picture: int, size: int = 700) -> bytes:
    """Write a packet that begins a key frame, as libvpx does."""
    return (
        b"\x90\xe0"
        + struct.pack("!HB", 0x8000 | picture & 0x7FFF, picture & 0xFF)
        + b"\x20\x00"
        + bytes(size)
    )


def _by_stream(packets: list[bytes]) -> dict[bytes, list[bytes]]:
    found: dict[bytes, list[bytes]] = {}
    for packet in packets:
        found.setdefault(packet[8:12], []).append(packet)
    # What comes late goes by Python, behind what simply goes on.
    return {ssrc: sorted(each) for ssrc, each in found.items()}


def _sender_report(layer: Layer, now_ns: int) -> bytes:
    ntp = (now_ns << 32) // 1_000_000_000
    return struct.pack(
        "!BBHIQIII", 0x80, 200, 6, layer.ssrc, ntp & (2**64 - 1), layer.timestamp & 0xFFFFFFFF, 1, 1
    )


def tell(plane: str, seed: int, steps: int) -> dict[str, Any]:
    """Tell a story of so many steps to a relay with this plane; return what became of it."""
    with tempfile.TemporaryDirectory() as folder, planes.forwarding(plane), world(Path(folder)) as stage:
        story = Story(stage, seed)
        for _ in range(steps):
            story.step()
        return story.outcome()
