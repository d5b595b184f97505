"""What a browser does with what arrives: count losses, estimate the path as Chromium does, and report."""

from collections import deque
from dataclasses import dataclass, field

from realtime.relay.clock import MILLISECOND, SECOND
from realtime.relay.packets import rtcp, rtp
from realtime.relay.uplink.encoding import ABS_SEND_TIME_ID
from tests.relay.device import Device
from tests.relay.peer import AUDIO, PAYLOADS

_TICK_SECONDS = 0.02
_OVERUSED_NS, _NORMAL_NS = 60 * MILLISECOND, 25 * MILLISECOND
# A key frame makes a queue for a moment; a browser takes only a lasting one for a sign.
_LASTING_NS = 200 * MILLISECOND
_LEAST = 5_000.0
_BEGINS_NS = 5 * SECOND
_STALE_NS = 2 * SECOND


@dataclass
class Received:
    """Count one stream as a receiver report does."""

    first: int
    highest: int
    packets: int = 0
    expected_told: int = 0
    packets_told: int = 0

    def count(self, sequence: int) -> None:
        self.highest = max(self.highest, self.highest + rtp.signed16(sequence - self.highest))
        self.packets += 1

    @property
    def expected(self) -> int:
        return self.highest - self.first + 1

    def report(self, ssrc: int) -> rtcp.ReportBlock:
        expected = self.expected - self.expected_told
        lost = max(expected - (self.packets - self.packets_told), 0)
        self.expected_told, self.packets_told = self.expected, self.packets
        fraction = min(lost * 256 // expected, 255) if expected else 0
        return rtcp.ReportBlock(ssrc, fraction, 0, self.highest & 0xFFFFFFFF, 0, 0, 0)


@dataclass
class Receiving:
    """Sit at a device's subscribe connection; `voice` holds arrival and delay of each packet of a voice."""

    device: Device
    voice: list[tuple[int, int]] = field(default_factory=list)
    pictures: dict[int, int] = field(default_factory=dict)
    estimate: float | None = None
    streams: dict[int, Received] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._bits: deque[tuple[int, int]] = deque()
        self._shortest: int | None = None
        self._delay = 0
        self._began_ns: int | None = None
        self._is_capped = False
        self._cut_ns = 0
        self._over_ns = 0
        self._tick_ns = self.device.world.clock()
        self._report_ns = self._tick_ns
        self.device.world.tickers.append(self.tick)

    @property
    def voice_lost(self) -> int:
        audio = [each for ssrc, each in self.streams.items() if ssrc not in self.pictures]
        return sum(each.expected - each.packets for each in audio)

    def rate(self, now_ns: int) -> int:
        """Return the bits of pictures in the last second."""
        while self._bits and now_ns - self._bits[0][0] > SECOND:
            self._bits.popleft()
        return sum(bits for _, bits in self._bits)

    def tick(self) -> None:
        now_ns = self.device.world.clock()
        subscriber = self.device.subscriber
        before = len(self._bits)
        for packet in subscriber.rtp:
            self._take(packet, now_ns)
        has_come = len(self._bits) > before
        subscriber.rtp.clear()
        subscriber.rtcp.clear()
        has_pictures = bool(self._bits) and now_ns - self._bits[-1][0] < _STALE_NS
        is_urgent = has_come and self._estimated(now_ns)
        if not has_come:
            self.rate(now_ns)
        if has_come:
            self._tick_ns = now_ns
        if is_urgent or now_ns - self._report_ns >= SECOND:
            self._report_ns = now_ns
            self._report(has_pictures)

    def _take(self, packet: bytes, now_ns: int) -> None:
        sequence, _, ssrc, at, extended, start, _ = rtp.parse_header(packet)
        stream = self.streams.setdefault(ssrc, Received(sequence, sequence))
        stream.count(sequence)
        if packet[1] & 0x7F == PAYLOADS[AUDIO]:
            self.voice.append((now_ns, now_ns - int.from_bytes(packet[start : start + 8], "big")))
            return
        self.pictures[ssrc] = now_ns
        self._bits.append((now_ns, len(packet) * 8))
        if self._began_ns is None:
            self._began_ns = now_ns
        sent = int.from_bytes(rtp.find_extension(packet, at, extended, ABS_SEND_TIME_ID), "big")
        arrived = int.from_bytes(rtp.abs_send_time(now_ns), "big")
        self._delay = ((arrived - sent) & 0xFFFFFF) * SECOND >> 18
        self._shortest = self._delay if self._shortest is None else min(self._shortest, self._delay)

    def _estimated(self, now_ns: int) -> bool:
        """Follow the estimate; True when it has been cut, which a browser reports at once."""
        rate, queued = self.rate(now_ns), self._delay - (self._shortest or 0)
        if queued <= _OVERUSED_NS:
            self._over_ns = now_ns
        elif now_ns - self._over_ns >= _LASTING_NS:
            if now_ns - self._cut_ns < 300 * MILLISECOND:
                return False
            before = self.estimate if self.estimate is not None else float(rate)
            self.estimate = max(min(before, 0.85 * rate), _LEAST)
            self._is_capped, self._cut_ns = True, now_ns
            return True
        if self.estimate is None:
            if self._began_ns is not None and now_ns - self._began_ns >= _BEGINS_NS:
                self.estimate = float(rate)
        elif queued < _NORMAL_NS:
            elapsed = (now_ns - self._tick_ns) / SECOND
            self._is_capped = self._is_capped and rate < self.estimate
            grown = self.estimate + 60_000 * elapsed if self._is_capped else self.estimate * 1.08**elapsed
            self.estimate = max(self.estimate, min(grown, 1.5 * rate + 10_000))
        return False

    def _report(self, has_pictures: bool) -> None:
        blocks = [stream.report(ssrc) for ssrc, stream in self.streams.items()]
        compound = rtcp.build_receiver_report(rtcp.RELAY_SSRC, blocks)
        if has_pictures and self.estimate is not None:
            compound += rtcp.build_remb(rtcp.RELAY_SSRC, int(self.estimate), list(self.pictures))
        self.device.subscriber.send_rtcp(compound)
