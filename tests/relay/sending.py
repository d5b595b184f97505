"""Somebody in front of a camera: a voice, a picture in two sizes, key frames when asked."""

import struct
from dataclasses import dataclass, field

from realtime.relay.clock import MILLISECOND
from realtime.relay.packets import rtcp
from tests.relay.simulcast import SimulcastDevice

VOICE_BYTES = 60
# Packets and bytes of a frame, ten frames a second: some 120 and 450 kbit/s.
FRAMES = {"q": (2, 740), "f": (5, 1100)}
_FRAME_NS, _VOICE_NS = 100 * MILLISECOND, 20 * MILLISECOND


@dataclass
class Sending:
    """Send for a device as the clock goes; a voice carries its own time of departure."""

    device: SimulcastDevice
    is_speaking: bool = True
    is_on: bool = True
    keyframes: int = 0
    _frame_ns: int = 0
    _voice_ns: int = 0
    _wanted: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._wanted = {layer.ssrc for layer in self.device.layers}
        self.device.world.tickers.append(self.tick)

    def tick(self) -> None:
        now_ns = self.device.world.clock()
        for data in self.device.publisher.rtcp:
            for packet in rtcp.parse(data):
                if isinstance(packet, rtcp.KeyframeRequest):
                    self._wanted.add(packet.ssrc)
        self.device.publisher.rtcp.clear()
        if self.is_speaking and now_ns >= self._voice_ns:
            self._voice_ns = now_ns + _VOICE_NS
            voice = struct.pack("!Q", now_ns) + bytes(VOICE_BYTES - 8)
            self.device.put(self.device.voice_layer.packet(voice, advance=0.02))
        if self.is_on and now_ns >= self._frame_ns:
            self._frame_ns = now_ns + _FRAME_NS
            for layer in self.device.layers:
                self._frame(layer.rid or "f")

    def _frame(self, rid: str) -> None:
        layer = next(each for each in self.device.layers if each.rid in (rid, ""))
        packets, size = FRAMES[rid]
        is_key = layer.ssrc in self._wanted
        self._wanted.discard(layer.ssrc)
        self.keyframes += is_key
        head = b"\x10\x00" if is_key else b"\x10\x01"
        self.device.put(layer.packet(head + bytes(size), advance=0.1))
        for _ in range(packets * (3 if is_key else 1) - 1):
            self.device.put(layer.packet(b"\x00\x01" + bytes(size), advance=0))
