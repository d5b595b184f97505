"""One peer connection of a load client: real ICE, DTLS and SRTP on one socket that nobody waits for.

It publishes (`offer`) or subscribes (`answer`), never both. It counts from the clear RTP header what it
receives; every twentieth voice packet is really unprotected, and its delay taken from the time in it.
"""

import socket
import struct
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from aiortc import RTCCertificate

from realtime.relay.clock import MILLISECOND
from realtime.relay.packets import rtcp
from realtime.relay.transport.dtls import Dtls, DtlsState, Fingerprint
from tests.load.calls import sdp
from tests.load.calls.batch import DATAGRAMS, SLOT, Batch, ask_for_stamps
from tests.load.calls.ice import IceAgent
from tests.load.calls.sdp import Address, Line

VOICE_SAMPLE = 20
DEPARTURE = struct.Struct("!8sQ")
MAGIC = b"LOADTIME"
_SOCKET_BUFFER_BYTES = 4 * 1024 * 1024
_HEADER = struct.Struct("!xBHII")
# As Chromium: a flight that came before the relay was ready for it is soon repeated.
_FIRST_REPEAT_NS = 50 * MILLISECOND
_REMB_BITS = 50_000_000
_CERTIFICATE = RTCCertificate.generateCertificate()
_DIGEST = next(each.value for each in _CERTIFICATE.getFingerprints() if each.algorithm == "sha-256")


@dataclass(slots=True)
class Stream:
    """Count one stream as it arrives; `span` is how many numbers it has gone through since the first."""

    ssrc: int
    is_voice: bool
    highest: int
    received: int = 0
    span: int = 0


class ClientPeer:
    """Hold one peer connection; the owner calls `tick` and `receive` often, and `send_rtp` when due."""

    def __init__(
        self, address: str, *, is_offerer: bool, on_keyframe: Callable[[int], None] | None = None
    ) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            self._socket.setsockopt(socket.SOL_SOCKET, option, _SOCKET_BUFFER_BYTES)
        ask_for_stamps(self._socket)
        self._socket.bind((address, 0))
        self.address: Address = self._socket.getsockname()
        self._descriptor = self._socket.fileno()
        self._ice = IceAgent(is_offerer=is_offerer, send=self._send_to)
        self._dtls: Dtls | None = None
        self._is_server = False
        self._on_keyframe = on_keyframe
        self._payloads: dict[int, bool] = {}
        self._is_reached = self._takes_remb = False
        self.streams: dict[int, Stream] = {}
        self.delays_ns: list[int] = []
        self.first_packet_ns: int | None = None
        self.sent = self.unsent = self.refused = self.strange = self.keyframe_requests = 0

    def offer(self, lines: Sequence[Line]) -> str:
        """Describe what is published; see `sdp.publishing`."""
        return sdp.write(self._local(), lines, setup="actpass")

    def answer(self, offer: str) -> str:
        """Answer an offer: everything is received, and this side starts DTLS."""
        lines = sdp.read(offer).lines
        self._payloads = {line.payload: line.kind == sdp.AUDIO for line in lines}
        return sdp.write(self._local(), lines, setup="active")

    def connect(self, remote: str) -> None:
        """Start ICE and DTLS with the relay that wrote this offer or answer."""
        described = sdp.read(remote)
        self._is_server = described.setup == "active"
        self._takes_remb = described.takes_remb
        self._dtls = Dtls(
            certificate=_CERTIFICATE,
            is_server=self._is_server,
            fingerprints=[Fingerprint(*described.fingerprint)],
            send=self._send,
            first_repeat_ns=_FIRST_REPEAT_NS,
        )
        self._ice.start(described)

    @property
    def is_connected(self) -> bool:
        """Say whether media can be sent; RuntimeError when it never will."""
        if self._dtls is None:
            return False
        if self._dtls.state is DtlsState.FAILED:
            raise RuntimeError("the DTLS handshake with the relay failed")
        return self._dtls.state is DtlsState.CONNECTED and self._is_reached

    def tick(self, now_ns: int) -> None:
        """Check and repeat what is due, by the monotonic clock."""
        self._ice.tick(now_ns)
        if self._dtls is not None and self._is_reached:
            self._dtls.tick(now_ns)

    def send_rtp(self, packet: bytes) -> None:
        """Protect and send one packet."""
        assert self._dtls is not None
        assert self._dtls.srtp is not None
        self._send(self._dtls.srtp.protect_rtp(packet))
        self.sent += 1

    def send_rtcp(self, packet: bytes) -> None:
        """Protect and send one compound packet."""
        assert self._dtls is not None
        assert self._dtls.srtp is not None
        self._send(self._dtls.srtp.protect_rtcp(packet))

    def report(self) -> None:
        """Say how everything arrives, as a browser does once a second, on a path that carries anything."""
        blocks = [rtcp.ReportBlock(each.ssrc, 0, 0, each.highest, 0, 0, 0) for each in self.streams.values()]
        pictures = [each.ssrc for each in self.streams.values() if not each.is_voice]
        remb = rtcp.build_remb(1, _REMB_BITS, pictures) if pictures and self._takes_remb else b""
        for start in range(0, max(len(blocks), 1), 31):
            self.send_rtcp(rtcp.build_receiver_report(1, blocks[start : start + 31]) + remb)
            remb = b""

    def receive(self, batch: Batch) -> None:
        """Take everything that waits at the socket."""
        count = DATAGRAMS
        while count == DATAGRAMS:
            count = batch.read(self._descriptor)
            self._take(batch, count)

    def close(self) -> None:
        """End the connection."""
        if self._dtls is not None:
            self._dtls.close()
        self._socket.close()

    def _take(self, batch: Batch, count: int) -> None:
        data, streams = batch.data, self.streams
        for index in range(count):
            start = index * SLOT
            second, sequence, _, ssrc = _HEADER.unpack_from(data, start)
            if data[start] < 128 or 192 <= second <= 223:
                self._control(batch.datagram(index), batch.source(index))
                continue
            stream = streams.get(ssrc)
            if stream is None:
                stream = self._new_stream(second & 0x7F, ssrc, sequence, batch.stamp_ns(index))
                if stream is None:
                    continue
            ahead = (sequence - stream.highest) & 0xFFFF
            if ahead < 0x8000:
                stream.highest = sequence
                stream.span += ahead
            stream.received += 1
            if stream.is_voice and not stream.received % VOICE_SAMPLE:
                self._sample(batch.datagram(index), batch.stamp_ns(index))

    def _new_stream(self, payload: int, ssrc: int, sequence: int, stamp_ns: int) -> Stream | None:
        is_voice = self._payloads.get(payload)
        if is_voice is None:
            self.strange += 1  # a repetition or a probe: not media that was forwarded
            return None
        if self.first_packet_ns is None:
            self.first_packet_ns = stamp_ns
        stream = self.streams[ssrc] = Stream(ssrc, is_voice, (sequence - 1) & 0xFFFF)
        return stream

    def _sample(self, data: bytes, stamp_ns: int) -> None:
        """Unprotect a voice packet for real, and take its delay if it still carries its departure."""
        if self._dtls is None or self._dtls.srtp is None:
            return
        try:
            plain = self._dtls.srtp.unprotect_rtp(data)
        except ValueError:
            self.refused += 1
            return
        magic, departed_ns = DEPARTURE.unpack_from(plain, len(plain) - DEPARTURE.size)
        if magic == MAGIC:
            self.delays_ns.append(stamp_ns - departed_ns)

    def _control(self, data: bytes, source: Address) -> None:
        if data[0] < 4:
            self._ice.datagram(data, source)
            if not self._is_reached and self._ice.selected is not None:
                self._reach(self._ice.selected)
        elif data[0] < 64 and self._dtls is not None and self._is_reached:
            self._dtls.datagram(data)
        elif data[0] >= 128 and self._dtls is not None and self._dtls.srtp is not None:
            self._feedback(data)

    def _reach(self, relay: Address) -> None:
        self._socket.connect(relay)
        self._is_reached = True
        if self._dtls is not None and not self._is_server:
            self._dtls.start()

    def _feedback(self, data: bytes) -> None:
        assert self._dtls is not None
        assert self._dtls.srtp is not None
        try:
            packets = rtcp.parse(self._dtls.srtp.unprotect_rtcp(data))
        except ValueError:
            self.refused += 1
            return
        for packet in packets:
            if isinstance(packet, rtcp.KeyframeRequest):
                self.keyframe_requests += 1
                if self._on_keyframe is not None:
                    self._on_keyframe(packet.ssrc)

    def _local(self) -> sdp.Local:
        return sdp.Local(self._ice.ufrag, self._ice.password, _DIGEST, self.address)

    def _send(self, data: bytes) -> None:
        try:
            self._socket.send(data)
        except (BlockingIOError, ConnectionRefusedError):
            self.unsent += 1

    def _send_to(self, data: bytes, target: Address) -> None:
        try:
            if self._is_reached:
                self._socket.send(data)
            else:
                self._socket.sendto(data, target)
        except (BlockingIOError, ConnectionRefusedError):
            self.unsent += 1


def departure() -> bytes:
    """Return what the end of a voice packet says about when it left."""
    return DEPARTURE.pack(MAGIC, time.time_ns())
