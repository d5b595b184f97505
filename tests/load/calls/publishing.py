"""One person's microphone and camera: the footage as RTP of its own, each packet when it is due."""

import struct
import time

from realtime.relay.packets import rtcp
from tests.load.calls import sdp
from tests.load.calls.client import ClientPeer, departure
from tests.load.calls.media import FRAME_RATE, VOICE_SAMPLES, Footage, loop_length, with_picture_id
from tests.load.calls.sdp import Line

VOICE_NS, FRAME_NS = 20_000_000, 1_000_000_000 // FRAME_RATE
_PICTURE_STEP = 90_000 // FRAME_RATE
_HEADER = struct.Struct("!BBHII")
_EXTENSIONS = struct.Struct("!HH")
_NTP_EPOCH_SECONDS = 2_208_988_800
_DEPARTURE_BYTES = len(departure())


class Track:
    """Number the packets of one SSRC."""

    def __init__(self, line: Line, *, start: int) -> None:
        self.line = line
        self.sequence = start & 0x7FFF
        self.timestamp = start * 1000 & 0xFFFFFFFF
        self.packets = self.octets = 0

    def packet(self, payload: bytes, *, is_last: bool, level: int | None = None) -> bytes:
        """Return the next packet, with the header extensions a browser sends."""
        self.sequence = (self.sequence + 1) & 0xFFFF
        self.packets += 1
        self.octets += len(payload)
        line = self.line
        block = bytes([line.mid_id << 4 | len(line.mid) - 1]) + line.mid.encode()
        if level is not None:
            block += bytes([line.level_id << 4, level])
        block += bytes(-len(block) % 4)
        second = is_last << 7 | line.payload
        head = _HEADER.pack(0x90, second, self.sequence, self.timestamp, line.ssrc)
        return head + _EXTENSIONS.pack(0xBEDE, len(block) // 4) + block + payload

    def report(self, wall_ns: int) -> bytes:
        """Return a sender report with the name of the sender."""
        seconds, rest = divmod(wall_ns, 1_000_000_000)
        ntp = (seconds + _NTP_EPOCH_SECONDS) << 32 | (rest << 32) // 1_000_000_000
        said = rtcp.SenderReport(self.line.ssrc, ntp, self.timestamp, self.packets, self.octets)
        return rtcp.build_sender_report(said) + rtcp.build_sdes([(self.line.ssrc, "load")])


class Publishing:
    """Send the footage over one peer connection; the owner knows when."""

    def __init__(self, address: str, footage: Footage, *, number: int) -> None:
        self.peer = ClientPeer(address, is_offerer=True, on_keyframe=self._keyframe_wanted)
        first = 0x10000 + 16 * number
        self._lines = sdp.publishing([(sdp.AUDIO, first), (sdp.VIDEO, first + 1)])
        self.voice = Track(self._lines[0], start=101 * number + 7)
        self.picture = Track(self._lines[1], start=211 * number + 11)
        self._footage = footage
        self._loop = loop_length(number, len(footage.frames))
        self._number = number
        self._frame = self._voice = self._picture_id = 0
        self._is_key_wanted = False

    def offer(self) -> str:
        """Describe microphone and camera."""
        return self.peer.offer(self._lines)

    def send_voice(self) -> None:
        """Send 20 ms of voice that carries when it left."""
        self._voice += 1
        payload = self._footage.voices[self._voice % len(self._footage.voices)]
        self.voice.timestamp = (self.voice.timestamp + VOICE_SAMPLES) & 0xFFFFFFFF
        # Somebody speaks for two seconds in turn, as loud as a voice is; the others are in a quiet room.
        is_speaking = self._voice // 100 % 12 == self._number % 12
        level = 0x80 | 25 if is_speaking else 60
        stamped = payload[:-_DEPARTURE_BYTES] + departure()
        self.peer.send_rtp(self.voice.packet(stamped, is_last=False, level=level))

    def send_frame(self) -> None:
        """Send the packets of a frame in a burst; a key frame when asked, and when the footage is over."""
        if self._is_key_wanted or self._frame == self._loop:
            self._is_key_wanted = False
            self._frame = 0
        payloads = self._footage.frames[self._frame]
        self._frame += 1
        self._picture_id += 1
        self.picture.timestamp = (self.picture.timestamp + _PICTURE_STEP) & 0xFFFFFFFF
        for index, payload in enumerate(payloads, start=1):
            shown = with_picture_id(payload, self._picture_id)
            self.peer.send_rtp(self.picture.packet(shown, is_last=index == len(payloads)))

    def report(self) -> None:
        """Send the sender reports of both tracks."""
        now_ns = time.time_ns()
        for track in (self.voice, self.picture):
            self.peer.send_rtcp(track.report(now_ns))

    def _keyframe_wanted(self, ssrc: int) -> None:
        # Several may ask in the time of a frame; one key frame answers all of them.
        self._is_key_wanted |= ssrc == self.picture.line.ssrc
