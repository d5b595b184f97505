"""A browser's receiving half: it notes what is missing, asks for it, takes it from RTX, and reports."""

import re
from dataclasses import dataclass, field

from realtime.relay.clock import MILLISECOND, SECOND
from realtime.relay.packets import rtcp, rtp
from tests.relay.device import Device
from tests.relay.network import Address
from tests.relay.peer import PAYLOADS, VIDEO, FakePeer

RTX_PAYLOAD = 124
_GIVES_UP_AFTER = 10


def with_rtx(answer: str) -> str:
    """Accept RTX in each video line of an answer, under a number of the browser's own."""
    video, rtx = PAYLOADS[VIDEO], RTX_PAYLOAD
    answer = answer.replace(f"SAVPF {video}\r\n", f"SAVPF {video} {rtx}\r\n")
    more = f"a=rtpmap:{rtx} rtx/90000\r\na=fmtp:{rtx} apt={video}\r\n"
    return answer.replace(f"a=rtpmap:{video} VP8/90000\r\n", f"a=rtpmap:{video} VP8/90000\r\n{more}")


@dataclass
class Stream:
    """Follow one SSRC: when each number came, and which are asked for since when and how often."""

    highest: int
    came: dict[int, int] = field(default_factory=dict)
    payloads: dict[int, bytes] = field(default_factory=dict)
    timestamps: dict[int, int] = field(default_factory=dict)
    missing: dict[int, tuple[int, int]] = field(default_factory=dict)
    twice: int = 0
    repaired: int = 0
    first: int = 0
    told: tuple[int, int] = (0, 0)
    report: tuple[int, int] = (0, 0)

    def take(self, low: int, timestamp: int, payload: bytes, now_ns: int) -> list[int]:
        """Note a packet; return the numbers that are missing since it came."""
        sequence = self.highest + rtp.signed16(low - self.highest)
        fresh = range(self.highest + 1, sequence)
        self.twice += sequence in self.came
        self.came.setdefault(sequence, now_ns)
        self.payloads[sequence], self.timestamps[sequence] = payload, timestamp
        self.missing.pop(sequence, None)
        self.missing.update((each, (now_ns, 1)) for each in fresh)
        self.highest = max(self.highest, sequence)
        return list(fresh)

    def block(self, ssrc: int, now_ns: int) -> rtcp.ReportBlock:
        """Write the reception report of the time since the last one."""
        expected, came = self.highest - self.first + 1, len(self.came) - self.repaired
        more, lost = expected - self.told[0], expected - came - (self.told[0] - self.told[1])
        self.told = expected, came
        middle, at_ns = self.report
        delay = (now_ns - at_ns) * 65536 // SECOND if middle else 0
        fraction = max(0, min(255, lost * 256 // more)) if more else 0
        return rtcp.ReportBlock(ssrc, fraction, expected - came, self.highest & 0xFFFFFFFF, 0, middle, delay)


@dataclass
class Receiver:
    """Subscribe for a device, and behave as a browser does when packets are lost."""

    device: Device
    has_rtx: bool = True
    is_asking: bool = True
    patience_ns: int = 100 * MILLISECOND
    streams: dict[int, Stream] = field(default_factory=dict)
    plain: int = 0
    replayed: int = 0
    repaired: int = 0
    rtx_numbers: list[int] = field(default_factory=list)
    reports: list[tuple[int, rtcp.SenderReport]] = field(default_factory=list)

    def __post_init__(self) -> None:
        device, world = self.device, self.device.world
        device.subscribe_generation += 1
        generation = device.subscribe_generation
        peer = self.peer = FakePeer(world, ("192.0.2.7", 1000 + len(world.network.nodes)), ufrag="receiver")
        names = {"connection": device.connection, "generation": generation}
        device.subscriber = peer
        device.offered = offer = str(world.ask("subscribe.offer", **names)["sdp"])
        answer = peer.answer(offer)
        world.ask("subscribe.answer", **names, sdp=with_rtx(answer) if self.has_rtx else answer)
        self.originals = {int(rtx): int(ssrc) for ssrc, rtx in re.findall(r"FID (\d+) (\d+)", offer)}
        self.slots = {
            int(ssrc): mid
            for mid, ssrc in re.findall(r"a=mid:(\S+)(?:(?!a=mid).)*?a=ssrc:(\d+)", offer, re.S)
        }
        peer.connect(offer)
        world.network.nodes[peer.address] = self.datagram
        world.tickers.append(self.tick)
        self._report_ns = world.clock()

    def stream(self, mid: str) -> Stream:
        """Return what came through one slot."""
        return next(stream for ssrc, stream in self.streams.items() if self.slots[ssrc] == mid)

    def datagram(self, data: bytes, source: Address) -> None:
        """Take what the network brings."""
        now_ns = self.device.world.clock()
        try:
            self.peer.receive(data, source)
        except ValueError:
            self.replayed += 1
            return
        for packet in self.peer.rtp:
            self._rtp(packet, now_ns)
        self.peer.rtp.clear()
        for packet in self.peer.rtcp:
            for report in rtcp.parse(packet):
                if isinstance(report, rtcp.SenderReport) and report.ssrc in self.streams:
                    self.streams[report.ssrc].report = (report.ntp >> 16) & 0xFFFFFFFF, now_ns
                    self.reports.append((now_ns, report))
        self.peer.rtcp.clear()

    def _rtp(self, packet: bytes, now_ns: int) -> None:
        sequence, timestamp, ssrc, _, _, start, end = rtp.parse_header(packet)
        payload = packet[start:end]
        is_repair = ssrc in self.originals
        if is_repair:
            assert packet[1] & 0x7F == RTX_PAYLOAD
            self.rtx_numbers.append(sequence)
            self.repaired += 1
            sequence, ssrc, payload = int.from_bytes(payload[:2], "big"), self.originals[ssrc], payload[2:]
        else:
            self.plain += 1
        stream = self.streams.setdefault(ssrc, Stream(sequence - 1, first=sequence))
        stream.repaired += is_repair
        fresh = stream.take(sequence, timestamp, payload, now_ns)
        if fresh and self.is_asking:
            self._ask(ssrc, fresh)

    def _ask(self, ssrc: int, wanted: list[int]) -> None:
        low = [each & 0xFFFF for each in wanted]
        compound = rtcp.build_receiver_report(rtcp.RELAY_SSRC) + rtcp.build_nack(rtcp.RELAY_SSRC, ssrc, low)
        assert self.peer.dtls is not None
        assert self.peer.dtls.srtp is not None
        self.peer.send(self.peer.dtls.srtp.protect_rtcp(compound))

    def tick(self) -> None:
        """Ask again for what was asked for a round trip ago, and report once a second."""
        now_ns = self.device.world.clock()
        for ssrc, stream in self.streams.items():
            again = [
                sequence
                for sequence, (asked_ns, times) in stream.missing.items()
                if now_ns - asked_ns >= self.patience_ns and times < _GIVES_UP_AFTER
            ]
            for sequence in again:
                stream.missing[sequence] = now_ns, stream.missing[sequence][1] + 1
            if again and self.is_asking:
                self._ask(ssrc, again)
        if now_ns - self._report_ns >= SECOND and self.streams:
            self._report_ns = now_ns
            blocks = [stream.block(ssrc, now_ns) for ssrc, stream in self.streams.items()]
            assert self.peer.dtls is not None
            assert self.peer.dtls.srtp is not None
            report = rtcp.build_receiver_report(rtcp.RELAY_SSRC, blocks)
            self.peer.send(self.peer.dtls.srtp.protect_rtcp(report))
