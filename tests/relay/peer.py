"""A browser's half of a peer connection, as far as the relay can see it: STUN, DTLS, SRTP and SDP."""

import re
import struct
from dataclasses import dataclass, field

from aioice import stun
from aiortc import RTCCertificate

from realtime.relay.clock import SECOND
from realtime.relay.packets import rtp
from realtime.relay.transport.dtls import Dtls, DtlsState, Fingerprint
from tests.relay.network import Address, World

# As Chromium: often until the relay answers, then now and then.
CHECK_EVERY_NS = 2 * SECOND
FIRST_CHECKS_EVERY_NS = SECOND // 20
_CERTIFICATE = RTCCertificate.generateCertificate()

KEY_FRAME = b"\x10\x00key"
DELTA_FRAME = b"\x10\x01delta"
AUDIO, VIDEO = "audio", "video"
PAYLOADS = {AUDIO: 109, VIDEO: 120}
RATES = {AUDIO: 48_000, VIDEO: 90_000}


@dataclass
class FakeTrack:
    """Make the RTP packets of one SSRC."""

    kind: str
    ssrc: int
    sequence: int = 65_530
    timestamp: int = 4_294_967_000
    mid: str = ""
    level: int | None = None

    def packet(self, payload: bytes, *, marker: bool = True, advance: float = 0.02, skip: int = 0) -> bytes:
        """Return the next packet; `skip` numbers are lost before it ever leaves."""
        self.sequence = (self.sequence + 1 + skip) & 0xFFFF
        self.timestamp = (self.timestamp + round(advance * RATES[self.kind])) & 0xFFFFFFFF
        block = b""
        if self.mid:
            block += bytes([4 << 4 | len(self.mid) - 1]) + self.mid.encode()
        if self.level is not None:
            block += bytes([1 << 4, self.level])
        first = 0x90 if block else 0x80
        head = struct.pack(
            "!BBHII", first, marker << 7 | PAYLOADS[self.kind], self.sequence, self.timestamp, self.ssrc
        )
        if block:
            block += bytes(-len(block) % 4)
            head += struct.pack("!HH", 0xBEDE, len(block) // 4) + block
        return head + payload


@dataclass
class FakePeer:
    """Hold one peer connection; everything it gets is kept in `rtp` and `rtcp`, decrypted."""

    world: World
    address: Address
    certificate: RTCCertificate = _CERTIFICATE
    ufrag: str = "fake"
    rtp: list[bytes] = field(default_factory=list)
    rtcp: list[bytes] = field(default_factory=list)
    dtls: Dtls | None = None
    refused: int = 0
    is_muted: bool = False
    remote: Address | None = None
    mapped: Address | None = None
    _credentials: tuple[str, str] = ("", "")
    _passwords: list[bytes] = field(default_factory=list)
    _answered: bool = False
    _is_reached: bool = False
    _next_check_ns: int = 0

    def __post_init__(self) -> None:
        self.world.network.nodes[self.address] = self.receive
        self.world.tickers.append(self.tick)

    def send(self, data: bytes) -> None:
        assert self.remote is not None
        self.world.network.send(self.address, data, self.remote)

    def rebind(self, address: Address) -> None:
        """Go on from another address, as behind a new NAT; what is under way to the old one is lost."""
        del self.world.network.nodes[self.address]
        self.address = address
        self.world.network.nodes[address] = self.receive

    def tick(self) -> None:
        if self.remote is not None and not self.is_muted and self.world.clock() >= self._next_check_ns:
            self.check()
        if self.dtls is not None:
            self.dtls.tick(self.world.clock())

    def connect(self, sdp: str) -> None:
        """Start ICE and DTLS with the relay described by its offer or answer, and let them finish."""
        self.adopt(sdp)
        host, port = _value(sdp, "candidate").split()[4:6]
        self.remote = (host, int(port))
        algorithm, digest = _value(sdp, "fingerprint").split()
        self.dtls = Dtls(
            certificate=self.certificate,
            is_server=False,
            fingerprints=[Fingerprint(algorithm, digest)],
            send=self.send,
        )
        self.check()
        self.world.network.deliver()

    def adopt(self, sdp: str) -> None:
        """Use the ICE credentials of the relay's description from now on."""
        self._credentials = _value(sdp, "ice-ufrag"), _value(sdp, "ice-pwd")
        self._passwords.append(self._credentials[1].encode())
        self._is_reached = False
        self._next_check_ns = 0

    def check(self, *, nominate: bool = True, password: str | None = None) -> None:
        """Send one connectivity check."""
        wait_ns = CHECK_EVERY_NS if self._is_reached else FIRST_CHECKS_EVERY_NS
        self._next_check_ns = self.world.clock() + wait_ns
        ufrag, right = self._credentials
        attributes: dict[str, object] = {
            "USERNAME": f"{ufrag}:{self.ufrag}",
            "PRIORITY": 1,
            "ICE-CONTROLLING": 1,
        }
        if nominate:
            attributes["USE-CANDIDATE"] = None
        message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST, attributes=attributes)
        message.add_message_integrity((right if password is None else password).encode())
        self.send(bytes(message))

    def receive(self, data: bytes, source: Address) -> None:
        assert self.dtls is not None
        if data[0] < 4:
            answer = stun.parse_message(data)
            assert any(answer.check_message_integrity(each) for each in self._passwords)
            if answer.message_class == stun.Class.RESPONSE:
                self.mapped = answer.attributes["XOR-MAPPED-ADDRESS"]
                if not self._is_reached:
                    self._is_reached = True
                    self._next_check_ns = self.world.clock() + CHECK_EVERY_NS
                if not self._answered:
                    self._answered = True
                    self.dtls.start()
        elif data[0] < 64:
            self.dtls.datagram(data)
        elif self.dtls.srtp is not None:
            try:
                if rtp.is_rtcp(data):
                    self.rtcp.append(self.dtls.srtp.unprotect_rtcp(data))
                else:
                    self.rtp.append(self.dtls.srtp.unprotect_rtp(data))
            except ValueError:
                self.refused += 1  # what the network has doubled, or what is not for us

    @property
    def is_connected(self) -> bool:
        return self.dtls is not None and self.dtls.state is DtlsState.CONNECTED

    def send_rtp(self, packet: bytes) -> None:
        assert self.dtls is not None
        assert self.dtls.srtp is not None
        self.send(self.dtls.srtp.protect_rtp(packet))
        self.world.network.deliver()

    def send_rtcp(self, packet: bytes) -> None:
        assert self.dtls is not None
        assert self.dtls.srtp is not None
        self.send(self.dtls.srtp.protect_rtcp(packet))
        self.world.network.deliver()

    def offer(self, *kinds: str, direction: str = "sendonly") -> str:
        """Write a publish offer in a browser's manner."""
        return description(self, [(kind, str(mid), direction) for mid, kind in enumerate(kinds)])

    def answer(self, offer: str) -> str:
        """Write the answer to the relay's offer of slots."""
        lines = re.findall(r"m=(\w+) .*?a=mid:(\S+)", offer, re.S)
        return description(self, [(kind, mid, "recvonly") for kind, mid in lines], setup="active")


def description(peer: FakePeer, lines: list[tuple[str, str, str]], *, setup: str = "actpass") -> str:
    """Write a session description with the payload types of Firefox, which are not the relay's."""
    digest = next(each for each in peer.certificate.getFingerprints() if each.algorithm == "sha-256")
    text = ["v=0", "o=- 1 2 IN IP4 127.0.0.1", "s=-", "t=0 0"]
    text.append("a=group:BUNDLE " + " ".join(mid for _, mid, _ in lines))
    for kind, mid, direction in lines:
        payload = PAYLOADS[kind]
        text += [
            f"m={kind} 9 UDP/TLS/RTP/SAVPF {payload}",
            "c=IN IP4 0.0.0.0",
            f"a=mid:{mid}",
            f"a={direction}",
        ]
        text += ["a=rtcp-mux", f"a=ice-ufrag:{peer.ufrag}", "a=ice-pwd:0123456789012345678901"]
        text += [f"a=fingerprint:sha-256 {digest.value}", f"a=setup:{setup}"]
        text += ["a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid"]
        if kind == AUDIO:
            text += ["a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level"]
            text += [f"a=rtpmap:{payload} opus/48000/2"]
        else:
            text += [f"a=rtpmap:{payload} VP8/90000", f"a=rtcp-fb:{payload} nack pli"]
            text += [f"a=rtcp-fb:{payload} nack"]
    return "\r\n".join(text) + "\r\n"


def _value(sdp: str, name: str) -> str:
    found = re.search(rf"a={name}:(.*)", sdp)
    assert found is not None, name
    return found.group(1).strip()
