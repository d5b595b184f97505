"""One published track: a microphone, a camera or a screen, with its encodings from small to large."""

from collections.abc import Callable

from realtime.relay.packets import rtp
from realtime.relay.plane import ALONE, DataPlane
from realtime.relay.uplink.capture import ClockMap
from realtime.relay.uplink.encoding import Encoding
from realtime.relay.uplink.requests import Feedback
from realtime.relay.uplink.speech import SpeechMeter
from realtime.wire.relay import Source

# Simulcast layers of a camera: a quarter for the gallery, and the full picture.
CAMERA_ENCODINGS = 2


class Producer:
    """Count what comes of a track, hold the gate of what may be forwarded, and know who speaks."""

    def __init__(
        self,
        *,
        source: Source,
        clock_map: ClockMap,
        random_below: Callable[[int], int],
        plane: DataPlane = ALONE,
    ) -> None:
        self.source: Source = source
        self.is_video = source != "microphone"
        self.packets = 0
        self.octets = 0
        self.last_ns: int | None = None
        self.is_simulcast = False
        self.speech = SpeechMeter()
        self.encodings = tuple(
            Encoding(
                source=source,
                rank=rank,
                first_sequence=random_below(2**15),
                first_timestamp=random_below(2**31),
                clock_map=clock_map,
                subscribers=plane.fan_out(),
            )
            for rank in range(CAMERA_ENCODINGS if source == "camera" else 1)
        )
        self._keyframes_told = 0

    @property
    def allowed(self) -> bool:
        """Say whether the track may be forwarded; what may not still counts as presence."""
        return self.encodings[0].allowed

    @allowed.setter
    def allowed(self, is_allowed: bool) -> None:
        for encoding in self.encodings:
            encoding.allowed = is_allowed

    def negotiated(self, *, is_simulcast: bool, is_nackable: bool) -> None:
        """Take in what the newest offer says of the track."""
        self.is_simulcast = is_simulcast
        for encoding in self.encodings:
            encoding.requests.is_nackable = is_nackable

    def receive(
        self,
        rank: int,
        data: bytes,
        header: rtp.Header,
        level: bytes,
        peer: int,
        feedback: Feedback,
        now_ns: int,
    ) -> str | None:
        """Count one packet and pass it to its encoding; return the reason when it goes no further."""
        self.packets += 1
        self.octets += len(data)
        self.last_ns = now_ns
        reason = self.encodings[rank].receive(data, header, level, peer, feedback, now_ns)
        if level and self.allowed and not self.is_video:
            self.speech.level(level[0], now_ns)
        return reason

    def repair(
        self, rank: int, data: bytes, header: rtp.Header, peer: int, feedback: Feedback, now_ns: int
    ) -> str | None:
        """Take a packet that was sent again, under its first number; what was not missing counts nowhere."""
        encoding = self.encodings[rank]
        if encoding.peer_number != peer:
            return "repair_without_stream"
        reason = encoding.receive(data, header, b"", peer, feedback, now_ns, is_repair=True)
        if reason is None:
            self.packets += 1
            self.octets += len(data)
            self.last_ns = now_ns
        return reason

    def keyframes_since(self) -> int:
        """Return how many key frames have come since this was last asked."""
        keyframes = sum(encoding.keyframes for encoding in self.encodings)
        told, self._keyframes_told = self._keyframes_told, keyframes
        return keyframes - told

    def ask(self, now_ns: int) -> None:
        """Send what is due: repeated key frame requests and NACKs."""
        for encoding in self.encodings:
            if encoding.requests.is_asking:
                encoding.ask(now_ns)

    def measure(self, now_ns: int) -> None:
        """Follow the bit rates."""
        for encoding in self.encodings:
            encoding.measure(now_ns)

    def forget_peer(self, peer: int) -> None:
        """Stop sending feedback into a peer connection that is gone; the counters and numbers go on."""
        for encoding in self.encodings:
            encoding.forget_peer(peer)
