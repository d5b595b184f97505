"""What may come to a publisher's address: packets of streams, sealed with real keys, and all that is not."""

import random
import struct
from dataclasses import dataclass

from aiortc.rtcdtlstransport import SRTP_PROFILES

from realtime.relay.transport.srtp import Srtp, places, protect
from tests.fuzz import packets

_LARGEST = 1490
_TAG_BYTES = (10, 16)
_USUAL = (39, 60, 60, 160, 699, 699, 1319, 1320)
# Around what C takes, tag included, and often of one size, as messages are.
_SEALED = (47, 48, 49, 1335, 1336, 1337, 1350)
_EDGES = (0, 1, 7, 8, *(size - tag for size in _SEALED for tag in _TAG_BYTES), *_USUAL)
_STEPS = (0, 960, 960, 3000, 100_000, -1, 2**31 - 1, 2**31)
_WORDS = (0, 1, 2, 7, 40, 300, 0x7FFF, 0x8000, 0xFFFF)


@dataclass(slots=True)
class Stream:
    """One RTP stream: the numbers of its next packet."""

    ssrc: int
    is_picture: bool
    payload: int
    sequence: int
    timestamp: int
    picture: int = 0x7FF0


class Sender:
    """One who publishes: both ends of its keys, and its streams."""

    def __init__(self, rng: random.Random, number: int) -> None:
        self.rng = rng
        profile, key = SRTP_PROFILES[number % len(SRTP_PROFILES)], rng.randbytes(64)
        self._srtp = Srtp(profile=profile, receive_key=bytes(64), send_key=key)
        self.relay = Srtp(profile=profile, receive_key=key, send_key=bytes(64))
        self.streams = [
            Stream(
                100 * number + each,
                is_picture=rng.random() < 0.6,
                payload=rng.choice((0, 96, 111, 127)),
                # Many are about to wrap.
                sequence=rng.choice((0, 65_530, 65_534, rng.randrange(65_536))),
                timestamp=rng.choice((0, 2**32 - 1000, rng.randrange(2**32))),
            )
            for each in range(6)
        ]
        # What went out, as it was before; and what of it was taken in.
        self.sealed: dict[bytes, bytes] = {}
        self.taken: set[bytes] = set()
        # Its second half is what keeps the length alive.
        self._place = places(1, 2048)

    def arrivals(self, *, is_calm: bool) -> list[bytes]:
        """Return one or two datagrams: the next of a stream, or something wrong if it is not calm."""
        rng = self.rng
        stream = rng.choice(self.streams[: rng.choice((1, 2, 6))])
        if is_calm or rng.random() < 0.8:
            return [self._next(stream, is_calm=is_calm)]
        match rng.randrange(9):
            case 0:
                stream.sequence += rng.choice((1, 2, 100))
                return [self._next(stream)]
            case 1:
                return [self._next(stream), self._next(stream)][::-1]
            case 2 if self.sealed:
                return [rng.choice(list(self.sealed)[-40:])]
            case 3:
                return [self._next(stream)] * 2
            case 4:
                # What nobody has sealed, and then what somebody has.
                data = self._next(stream)
                return [data[:12] + packets.garble(rng, data[12:]), data]
            case 5:
                return [packets.garble(rng, self._next(stream))]
            case 6:
                extensions = [(1, b"\x80"), (3, b"0")]
                plain = packets.rtp(rng, stream.ssrc, stream.payload, stream.sequence, extensions)
                return [self._seal(plain) if rng.random() < 0.7 else plain]
            case 7:
                return [packets.rtcp(rng, [stream.ssrc, 0])]
        return [stray(rng)]

    def _next(self, stream: Stream, *, is_calm: bool = False) -> bytes:
        rng = self.rng
        first, second = 0x80, stream.payload | rng.choice((0, 0x80))
        step, sizes = rng.choice(_STEPS[:4]), list(_USUAL)
        if not is_calm:
            if rng.random() < 0.03:
                first ^= rng.choice((0x20, 0x01, 0x0F, 0x40, 0x80))
            if rng.random() < 0.03:
                second = rng.choice((191, 192, 200, 223, 224, second ^ 1))
            step, sizes = rng.choice((*[step] * 99, *_STEPS)), list(_EDGES)
        stream.timestamp = (stream.timestamp + step) % 2**32
        block = self._extension(is_calm=is_calm) if rng.random() < 0.5 else b""
        head = struct.pack("!BB", first | 0x10 * bool(block), second)
        head += struct.pack("!HII", stream.sequence % 2**16, stream.timestamp, stream.ssrc)
        stream.sequence += 1
        size = rng.choice(sizes) if rng.random() < 0.25 else 700
        payload = rng.randbytes(size)
        if stream.is_picture:
            stream.picture = (stream.picture + rng.choice((0, 1))) % 2**15
            payload = (_descriptor(rng, stream.picture) + payload)[:size]
        return self._seal((head + block + payload)[:_LARGEST])

    def _extension(self, *, is_calm: bool) -> bytes:
        rng = self.rng
        block = b""
        while rng.random() < 0.7:
            identifier, size = rng.choice((0, 1, 1, 1, 2, 14, 15)), rng.choice((1, 1, 3, 16))
            block += bytes([identifier << 4 | size - 1]) + rng.randbytes(size)
        block = block[: rng.choice((len(block), 4, 8))]
        block += bytes(-len(block) % 4)
        words, profile = len(block) // 4, 0xBEDE
        if not is_calm and rng.random() < 0.1:
            words, profile = rng.choice((words, *_WORDS)), rng.choice((profile, 0x1000, 0x1234, 0xBEDF))
        return struct.pack("!HH", profile, words) + block

    def _seal(self, plain: bytes) -> bytes:
        """Encrypt what libsrtp will encrypt; anything else may try its luck as it is."""
        ((view, pointer, length),) = self._place[0]
        view[: len(plain)] = plain
        length[0] = len(plain)
        ssrc = int.from_bytes(plain[8:12], "big")
        if len(plain) < 12 or protect(self._srtp.session(ssrc), pointer, length):
            return plain
        data = bytes(view[: length[0]])
        self.sealed[data] = plain
        return data


def _descriptor(rng: random.Random, picture: int) -> bytes:
    """Write a VP8 descriptor (RFC 7741), mostly as libvpx does."""
    first, begins = rng.choice((0x90, 0x80)), bytes([rng.choice((0, 1))])
    if rng.random() < 0.8:
        head = struct.pack("!BBHB", first, rng.choice((0xC0, 0xD0, 0xE0)), 0x8000 | picture, picture % 256)
        return head + b"\x20" * (head[1] != 0xC0) + begins
    first, flags = rng.choice((0x10, 0x00, 0x90, 0x80, rng.randrange(256))), rng.randrange(256)
    return bytes([first, flags]) + rng.randbytes(4) + begins


def stray(rng: random.Random) -> bytes:
    """Write what is no packet of a stream."""
    match rng.randrange(4):
        case 0:
            return packets.dtls(rng)
        case 1:
            return packets.check(rng, "user", "other", "password")
        case 2:
            return packets.rtp(rng, rng.randrange(600), 96, rng.randrange(65_536), [])
    return rng.choice((b"", b"\x80", b"\x90")) + rng.randbytes(rng.choice((0, 1, 11, 15, 16, 60, 1500, 2040)))
