"""One slot of a subscriber without a network: two cameras feed it, and everything that goes out is kept."""

import struct
from dataclasses import dataclass, field
from typing import Any

from realtime.relay.clock import MILLISECOND, SECOND
from realtime.relay.downlink.consumer import Consumer
from realtime.relay.packets import rtp, vp8
from realtime.relay.uplink.capture import ClockMap
from realtime.relay.uplink.producer import Producer

Step = tuple[Any, ...]  # a word, and what belongs to it


@dataclass
class Camera:
    """Publish two layers of the same moments, each with its own numbers, from just before every wrap."""

    number: int
    is_short: bool = False
    producer: Producer = field(init=False)
    frame: int = 0
    late: list[tuple[int, bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.producer = Producer(source="camera", clock_map=ClockMap(), random_below=lambda top: top - 1)
        self.sequences = [65_530, 65_520]

    def packets(self, rank: int, size: int, is_key: bool) -> list[bytes]:
        """Return the packets of the next frame of one layer."""
        made = []
        picture = 126 + self.frame if self.is_short else 32_760 + self.frame + rank
        for index in range(size):
            number = (
                bytes([picture & 0x7F]) if self.is_short else (0x8000 | picture & 0x7FFF).to_bytes(2, "big")
            )
            tag = b"%d.%d.%d.%d" % (self.number, rank, self.frame, index)
            start = b"\x90" if index == 0 else b"\x80"
            payload = start + b"\xc0" + number + bytes([self.frame & 0xFF, not is_key]) + tag
            self.sequences[rank] += 1
            timestamp = 2**32 - 9000 * (rank + 1) + 3600 * self.frame
            head = struct.pack(
                "!BBHII",
                0x80,
                120 | (0x80 if index == size - 1 else 0),
                self.sequences[rank] & 0xFFFF,
                timestamp & 0xFFFFFFFF,
                100 * self.number + rank,
            )
            made.append(head + payload)
        return made


@dataclass(frozen=True)
class Sent:
    """What one packet said that went out."""

    ssrc: int
    sequence: int
    timestamp: int
    is_end: bool
    picture: int
    index: int
    payload: bytes


class Slot:
    """One slot, two cameras, and everything that went out."""

    def __init__(self, *, is_short: bool = False, rtx: int | None = None) -> None:
        self.now_ns = 10 * SECOND
        self.cameras = [Camera(0), Camera(1, is_short=is_short)]
        self.sent: list[Sent] = []
        self.is_full = False
        self.consumer = Consumer(
            mid="v0", kind="video", ssrc=7, first_sequence=32_767, first_timestamp=2**32 - 5000,
            send=self.keep, rtx_ssrc=8,
        )  # fmt: skip
        self.consumer.negotiated(payload=120, rtx_payload=rtx)

    def keep(self, packet: bytes) -> bool:
        if self.is_full:
            return False
        sequence, timestamp, ssrc, _, _, start, end = rtp.parse_header(packet)
        if ssrc == 8:
            sequence, start = int.from_bytes(packet[start : start + 2], "big"), start + 2
        _, (_, picture, _, index) = vp8.parse_descriptor(packet, start, end)
        tag = packet[start + 6 : end]
        self.sent.append(Sent(ssrc, sequence, timestamp, bool(packet[1] & 0x80), picture, index, tag))
        return True

    def put(self, camera: Camera, rank: int, packet: bytes) -> None:
        camera.producer.receive(
            rank, packet, rtp.parse_header(packet), b"", 1, lambda packets: None, self.now_ns
        )

    def frame(self, number: int, *, is_key: bool = False, fates: tuple[str, ...] = ("comes",)) -> None:
        """Let 40 ms pass and a camera publish a frame in both layers; `fates` befall its packets."""
        self.now_ns += 40 * MILLISECOND
        camera = self.cameras[number]
        late, camera.late = camera.late, []
        for rank in (0, 1):
            for fate, packet in zip(fates, camera.packets(rank, len(fates), is_key), strict=True):
                if fate == "late":
                    camera.late.append((rank, packet))
                elif fate != "lost":
                    for _ in range(2 if fate == "twice" else 1):
                        self.put(camera, rank, packet)
        for rank, packet in late:
            self.put(camera, rank, packet)
        camera.frame += 1
        for each in self.cameras:
            each.producer.ask(self.now_ns)

    def play(self, history: list[Step]) -> None:
        for step in history:
            match step:
                case ("frame", number, is_key, fates):
                    self.frame(number, is_key=is_key, fates=tuple(fates))
                case ("select", rank):
                    if self.consumer.producer is not None:
                        self.consumer.select(self.consumer.producer.encodings[rank], self.now_ns)
                case ("attach", number):
                    self.consumer.attach(self.cameras[number].producer, self.now_ns)
                case ("wait", milliseconds):
                    self.now_ns += milliseconds * MILLISECOND
                case ("mute", number):
                    producer = self.cameras[number].producer
                    producer.allowed = not producer.allowed
                    self.cameras[number].late.clear()
                case _:
                    self.consumer.select(None, self.now_ns)

    def unwrapped(self) -> dict[int, Sent]:
        """Return what went out in the order of its numbers; no number may have gone out twice."""
        found: dict[int, Sent] = {}
        newest = self.sent[0].sequence if self.sent else 0
        for sent in self.sent:
            number = newest + rtp.signed16(sent.sequence - newest)
            assert number not in found, "a number has gone out twice"
            found[number] = sent
            newest = max(newest, number)
        return dict(sorted(found.items()))
