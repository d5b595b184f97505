"""What everybody in the calls says and shows: really encoded once at the start, then sent again and again."""

import array
import fractions
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass

import av
from aiortc.codecs.vpx import Vp8Encoder

WIDTH, HEIGHT, FRAME_RATE = 640, 360, 25
PICTURE_BITS = 625_000
VOICE_BITS, VOICE_RATE, VOICE_SAMPLES = 32_000, 48_000, 960
FRAMES, VOICES = 250, 200
# No two send as many frames before they begin anew with a key frame, so that they do not do it together.
SHORTEST_LOOP = 150
_BANDS = 6
_SEED = 7
# First byte with X, then I, then fifteen bits of picture id (RFC 7741).
_DESCRIPTOR_BYTES = 4


@dataclass(frozen=True, slots=True)
class Footage:
    """Hold the encoded media: RTP payloads of each frame, a payload for every 20 ms of voice."""

    frames: tuple[tuple[bytes, ...], ...]
    voices: tuple[bytes, ...]

    @property
    def packets_per_frame(self) -> float:
        """Return how many packets a frame takes on average."""
        return sum(map(len, self.frames)) / len(self.frames)

    @property
    def picture_bits(self) -> float:
        """Return the bit rate of the pictures."""
        size = sum(len(payload) for frame in self.frames for payload in frame)
        return 8 * size * FRAME_RATE / len(self.frames)


def encode(frames: int = FRAMES, voices: int = VOICES) -> Footage:
    """Encode moving pictures (VP8; only the first is a key frame) and a voice (Opus)."""
    return Footage(frames=tuple(_pictures(frames)), voices=tuple(_voices(voices)))


def with_picture_id(payload: bytes, picture_id: int) -> bytes:
    """Return the payload with another picture id, which must be part of a stream that goes on."""
    number = 0x8000 | picture_id & 0x7FFF
    return payload[:2] + number.to_bytes(2, "big") + payload[_DESCRIPTOR_BYTES:]


def loop_length(publisher: int, frames: int) -> int:
    """Return after how many frames a publisher begins anew with a key frame."""
    shortest = min(SHORTEST_LOOP, frames)
    return shortest + publisher * 37 % (frames - shortest + 1)


def _pictures(count: int) -> Iterator[tuple[bytes, ...]]:
    encoder = Vp8Encoder()
    encoder.target_bitrate = PICTURE_BITS
    encoder.picture_id = 0x4000  # fifteen bits from the first frame on: every descriptor is as long
    chance = random.Random(_SEED)
    texture = _texture(chance)
    for number in range(count):
        frame = av.VideoFrame(WIDTH, HEIGHT, "yuv420p")
        frame.pts, frame.time_base = number, fractions.Fraction(1, FRAME_RATE)
        _paint(frame, number, texture, chance)
        payloads, _ = encoder.encode(frame, force_keyframe=number == 0)
        yield tuple(payloads)


def _texture(chance: random.Random) -> bytes:
    """Return a row of soft grey hills, twice as wide as the picture."""
    waves = [(chance.uniform(0.01, 0.2), chance.uniform(0, 6)) for _ in range(6)]
    width = 2 * WIDTH
    return bytes(int(128 + 18 * sum(math.sin(x * f + p) for f, p in waves)) & 0xFF for x in range(width))


def _paint(frame: av.VideoFrame, number: int, texture: bytes, chance: random.Random) -> None:
    """Move bands of hills at different speeds, with a little noise as a camera has."""
    plane = frame.planes[0]
    rows = bytearray(plane.buffer_size)
    for y in range(HEIGHT):
        shift = (number * (1 + y * _BANDS // HEIGHT) + 5 * y) % WIDTH
        start = y * plane.line_size
        rows[start : start + WIDTH] = texture[shift : shift + WIDTH]
        if y % 24 == number % 24:
            speck = chance.randrange(WIDTH - 80)
            rows[start + speck : start + speck + 80] = chance.randbytes(80)
    plane.update(bytes(rows))
    for index in (1, 2):
        chroma = frame.planes[index]
        chroma.update(bytes([112 + (number + index * 16) % 32]) * chroma.buffer_size)


def _voices(count: int) -> Iterator[bytes]:
    encoder = av.CodecContext.create("libopus", "w")
    encoder.bit_rate = VOICE_BITS
    encoder.format, encoder.layout, encoder.sample_rate = "s16", "mono", VOICE_RATE
    encoder.options = {"application": "voip", "frame_duration": "20", "vbr": "off"}
    chance = random.Random(_SEED)
    made = 0
    for number in range(count + 10):
        tone = 120 + 80 * math.sin(number / 9)
        wave = (
            6000 * math.sin(2 * math.pi * tone * sample / VOICE_RATE) + chance.gauss(0, 900)
            for sample in range(VOICE_SAMPLES)
        )
        frame = av.AudioFrame(format="s16", layout="mono", samples=VOICE_SAMPLES)
        frame.planes[0].update(array.array("h", (int(each) for each in wave)).tobytes())
        frame.sample_rate, frame.pts = VOICE_RATE, number * VOICE_SAMPLES
        for packet in encoder.encode(frame):
            if made < count:
                made += 1
                yield bytes(packet)
