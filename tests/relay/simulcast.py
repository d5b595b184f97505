"""A camera in two layers with RTX, a voice that can be asked for again, and a record of what comes."""

import struct
from dataclasses import dataclass, field

from realtime.relay.packets import rtcp, vp8
from realtime.relay.uplink.encoding import VIDEO_PAYLOAD_AT, Encoding
from tests.relay.device import Device
from tests.relay.peer import KEY_FRAME, FakePeer

MID_ID, RID_ID, REPAIRED_ID, LEVEL_ID = 4, 10, 11, 1
OPUS, VP8, RTX = 111, 96, 97


def extensions(values: dict[int, bytes]) -> bytes:
    """Write a block of one-byte header extensions."""
    block = b"".join(bytes([number << 4 | len(value) - 1]) + value for number, value in values.items())
    block += bytes(-len(block) % 4)
    return struct.pack("!HH", 0xBEDE, len(block) // 4) + block if block else b""


@dataclass
class Layer:
    """Make the packets of one stream as a browser does, keep them, and send them again when asked."""

    ssrc: int
    payload: int = VP8
    mid: str = "1"
    rid: str = ""
    rate: int = 90_000
    sequence: int = 65_520
    timestamp: int = 4_294_900_000
    repair_ssrc: int = 0
    repair_sequence: int = 100
    is_named: bool = True
    sent: dict[int, tuple[bytes, bytes]] = field(default_factory=dict)

    def packet(self, payload: bytes, *, advance: float = 0.04, padding: int = 0) -> bytes:
        """Return the next packet; `padding` bytes follow the payload."""
        self.sequence = (self.sequence + 1) & 0xFFFF
        self.timestamp = (self.timestamp + round(advance * self.rate)) & 0xFFFFFFFF
        names = {MID_ID: self.mid.encode(), RID_ID: self.rid.encode()} if self.is_named else {}
        block = extensions({number: value for number, value in names.items() if value})
        if padding:
            payload += bytes(padding - 1) + bytes([padding])
        made = self._head(block, self.payload, self.sequence, self.ssrc, bool(padding)) + block + payload
        self.sent[self.sequence] = made, payload
        return made

    def again(self, sequence: int) -> bytes:
        """Return a packet once more: in the stream of its repairs if there is one."""
        made, payload = self.sent[sequence]
        if not self.repair_ssrc:
            return made
        return self.repair(struct.pack("!H", sequence) + payload, timestamp=made[4:8])

    def repair(self, payload: bytes, *, timestamp: bytes = bytes(4), padding: int = 0) -> bytes:
        """Return the next packet of the stream of repairs."""
        self.repair_sequence = (self.repair_sequence + 1) & 0xFFFF
        names = {MID_ID: self.mid.encode(), REPAIRED_ID: self.rid.encode()} if self.is_named else {}
        block = extensions({number: value for number, value in names.items() if value})
        head = self._head(block, RTX, self.repair_sequence, self.repair_ssrc, bool(padding))
        if padding:
            payload += bytes(padding - 1) + bytes([padding])
        return head[:4] + timestamp + head[8:] + block + payload

    def _head(self, block: bytes, payload: int, sequence: int, ssrc: int, is_padded: bool) -> bytes:
        first = 0x80 | (0x10 if block else 0) | (0x20 if is_padded else 0)
        return struct.pack("!BBHII", first, 0x80 | payload, sequence, self.timestamp, ssrc)


@dataclass
class Recorder:
    """Subscribe to an encoding and keep what it sends: number, timestamp, payload."""

    packets: list[tuple[int, int, bytes]] = field(default_factory=list)

    def lane(self, encoding: Encoding, sequence: int) -> None:
        """Take every packet by itself."""

    def crowded_out(self, *packet: object) -> None:
        """Always have room."""

    def forward(
        self,
        encoding: Encoding,
        sequence: int,
        timestamp: int,
        head: int,
        body: bytes,
        descriptor: vp8.Descriptor,
        is_start: bool,
        now_ns: int,
    ) -> None:
        self.packets.append((sequence, timestamp, body[VIDEO_PAYLOAD_AT:] if encoding.is_video else body))

    @property
    def sequences(self) -> list[int]:
        return [sequence for sequence, _, _ in self.packets]

    def payloads(self) -> list[bytes]:
        """Return what came, in the order of its numbers."""
        return [payload for _, _, payload in sorted(self.packets)]


@dataclass
class SimulcastDevice(Device):
    """Publish a voice, a camera in a quarter and in full, and a screen, in a browser's manner."""

    rids: tuple[str, ...] = ("q", "f")
    has_rtx: bool = True
    groups: tuple[tuple[int, int], ...] = ()
    screen: bool = False
    camera_direction: str = "sendonly"
    lines: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        may = {"microphone": True, "camera": True, "screen": True}
        self.world.ask("connection.allow", connection=self.connection, **may)
        self.voice_layer = Layer(0x100, payload=OPUS, mid="0", rate=48_000)
        self.layers = [
            Layer(0x200 + 16 * rank, rid=rid, repair_ssrc=0x201 + 16 * rank if self.has_rtx else 0)
            for rank, rid in enumerate(self.rids or ("",))
        ]
        self.screen_layer = Layer(0x300, mid="2", repair_ssrc=0x301 if self.has_rtx else 0)

    def negotiate(self, *kinds: str) -> str:
        answer = self.world.ask(
            "publish.offer",
            connection=self.connection,
            generation=self.publish_generation,
            sdp=self.text(self.publisher),
        )
        return str(answer["sdp"])

    def text(self, peer: FakePeer) -> str:
        """Write the offer."""
        digest = next(each for each in peer.certificate.getFingerprints() if each.algorithm == "sha-256")
        transport = [
            "c=IN IP4 0.0.0.0", f"a=ice-ufrag:{peer.ufrag}", "a=ice-pwd:0123456789012345678901",
            f"a=fingerprint:sha-256 {digest.value}", "a=setup:actpass", "a=rtcp-mux", "a=rtcp-rsize",
            f"a=extmap:{MID_ID} urn:ietf:params:rtp-hdrext:sdes:mid",
        ]  # fmt: skip
        video = [
            *transport,
            f"a=extmap:{RID_ID} urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
            f"a=extmap:{REPAIRED_ID} urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id",
            f"a=rtpmap:{VP8} VP8/90000",
            *(f"a=rtcp-fb:{VP8} {each}" for each in ("nack", "nack pli", "ccm fir", "goog-remb")),
            *([f"a=rtpmap:{RTX} rtx/90000", f"a=fmtp:{RTX} apt={VP8}"] if self.has_rtx else []),
        ]
        text = ["v=0", "o=- 1 2 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0 1 2"]
        text += [f"m=audio 9 UDP/TLS/RTP/SAVPF {OPUS}", *transport, "a=mid:0", "a=sendonly"]
        text += [f"a=extmap:{LEVEL_ID} urn:ietf:params:rtp-hdrext:ssrc-audio-level"]
        text += [f"a=rtpmap:{OPUS} opus/48000/2", f"a=rtcp-fb:{OPUS} nack"]
        text += [f"m=video 9 UDP/TLS/RTP/SAVPF {VP8} {RTX}", *video, "a=mid:1", f"a={self.camera_direction}"]
        if self.rids:
            text += [f"a=rid:{rid} send" for rid in self.rids] + ["a=simulcast:send " + ";".join(self.rids)]
        text += [f"a=ssrc-group:FID {primary} {repair}" for primary, repair in self.groups]
        text += [self.lines] if self.lines else []
        if self.screen:
            text += [f"m=video 9 UDP/TLS/RTP/SAVPF {VP8} {RTX}", *video, "a=mid:2", "a=sendonly"]
        return "\r\n".join(text) + "\r\n"

    def watch(self, rank: int = 0, source: str = "camera") -> Recorder:
        """Write down what an encoding sends on."""
        recorder = Recorder()
        self.encoding(rank, source).subscribers.append(recorder)
        return recorder

    def encoding(self, rank: int = 0, source: str = "camera") -> Encoding:
        producers = self.world.relay.connections[self.connection].producers
        return next(each for name, each in producers.items() if name == source).encodings[rank]

    def put(self, *packets: bytes) -> None:
        """Send packets as they are."""
        for packet in packets:
            self.publisher.send_rtp(packet)

    def start(self, *ranks: int) -> None:
        """Begin each layer with a key frame."""
        for rank in ranks:
            self.put(self.layers[rank].packet(KEY_FRAME))

    def asked(self, kind: type) -> list[object]:
        """Return the feedback of one kind that has come for the publisher."""
        return [
            packet for data in self.publisher.rtcp for packet in rtcp.parse(data) if isinstance(packet, kind)
        ]

    def answer_nacks(self, *layers: Layer) -> int:
        """Send again what has been asked for since the last call; return how many packets."""
        by_ssrc = {layer.ssrc: layer for layer in layers}
        again = []
        for data in self.publisher.rtcp:
            for packet in rtcp.parse(data):
                if isinstance(packet, rtcp.Nack) and packet.ssrc in by_ssrc:
                    layer = by_ssrc[packet.ssrc]
                    again += [layer.again(each) for each in packet.sequences if each in layer.sent]
        self.publisher.rtcp.clear()
        self.put(*again)
        return len(again)
