"""What may become of a datagram, said again in Python, for the fuzzer of `take_in` to compare with."""

import struct
from dataclasses import dataclass, fields
from operator import attrgetter

from realtime.relay.packets import rtp, vp8

# `struct flow`
FLOW = struct.Struct("=iiIIIIiiii6qI4xdQi4xqqii")
_SECOND = 1_000_000_000


@dataclass(slots=True)
class Flow:
    """A flow as C has it."""

    is_on: int
    number: int
    ssrc: int
    payload: int
    rate: int
    head: int
    is_picture: int
    level_id: int
    picture_shift: int
    index_shift: int
    sequence_shift: int
    timestamp_shift: int
    sequence: int
    timestamp: int
    longest_step: int
    heard_ns: int
    transit: int
    jitter: float
    lanes: int
    lane_count: int
    changes: int
    round: int
    first: int
    last: int

    def tries(self, data: bytes, now_ns: int) -> bool:
        """Say whether a packet is decrypted; a flow from which one is left is off."""
        step = rtp.signed32(int.from_bytes(data[4:8], "big") - self.timestamp)
        is_next = int.from_bytes(data[2:4], "big") == (self.sequence + 1) % 2**16
        is_next = is_next and data[1] & 0x7F == self.payload and 0 <= step <= self.longest_step
        start = payload_at(data)
        has_block = start > 16
        is_readable = 48 <= len(data) - start <= 1336 and (
            bool(self.is_picture) or not has_block or data[12:14] == b"\xbe\xde"
        )
        is_prompt = (now_ns - self.heard_ns) % 2**64 <= _SECOND
        if not (is_next and is_readable and is_prompt):
            self.is_on = 0
        return is_next and is_readable and is_prompt

    def go_on(self, plain: bytes, now_ns: int) -> "Expected":
        """Take one packet in, and return what is told of it; numbers wrap."""
        start = payload_at(plain)
        descriptor, begins, is_known = vp8.NO_DESCRIPTOR, False, len(plain) > start
        if self.is_picture and is_known:
            begins, descriptor = vp8.parse_descriptor(plain, start, len(plain))
            is_known = _is_as_libvpx_writes(plain[start:])
        if not is_known:
            self.is_on = 0
            return Expected(0, plain, vp8.NO_DESCRIPTOR, begins=False, level=-1)
        level, payload = -1, plain[start:]
        if self.is_picture:
            shifts = self.picture_shift, self.index_shift
            if shifts != (0, 0):
                payload = vp8.rewrite(payload, 0, descriptor, *shifts)
                descriptor = vp8.shifted(descriptor, *shifts)
        elif self.level_id:
            found = rtp.find_extension(plain, 16, start, self.level_id) if start > 16 else b""
            level = found[0] if found else -1
        self._count(int.from_bytes(plain[4:8], "big"), now_ns)
        return Expected(self.head | plain[1] & 0x80, payload, descriptor, begins=begins, level=level)

    def _count(self, timestamp: int, now_ns: int) -> None:
        self.sequence = wrapped(self.sequence + 1)
        self.timestamp = wrapped(self.timestamp + rtp.signed32(timestamp - self.timestamp))
        # C rounds towards zero.
        seconds, rest = divmod(abs(now_ns), _SECOND)
        ticks = (seconds * self.rate + rest * self.rate // _SECOND) * (1 if now_ns >= 0 else -1)
        transit = (ticks - self.timestamp) % 2**32
        self.jitter += (abs(rtp.signed32(transit - self.transit)) - self.jitter) / 16
        self.transit = transit
        self.heard_ns = now_ns


# All but C's own notes, which it writes anew in each call: what there is to compare.
KNOWN = len(fields(Flow)) - 3
known = attrgetter(*(each.name for each in fields(Flow)[:KNOWN]))


@dataclass(frozen=True, slots=True)
class Expected:
    """What is told of a packet: without a head, all of it."""

    head: int
    payload: bytes
    descriptor: vp8.Descriptor
    begins: bool
    level: int

    def body(self, extensions: tuple[bytes, bytes], *, is_picture: bool) -> tuple[int, bytes]:
        """Return head and body as they go on, with the extension of a voice or of a picture."""
        voice, picture = extensions
        if self.head and is_picture:
            return self.head | 0x1000, picture + self.payload
        if self.head and self.level >= 0:
            return self.head | 0x1000, voice[:5] + bytes([self.level]) + voice[6:] + self.payload
        return self.head, self.payload


def is_plain_rtp(data: bytes) -> bool:
    """Say whether it is RTP without padding and sources, and of a size that is taken in."""
    return 16 <= len(data) <= 1500 and data[0] & 0xEF == 0x80 and not rtp.is_rtcp(data)


def payload_at(data: bytes) -> int:
    """Return where the payload begins, be that far behind the end."""
    return 16 + 4 * int.from_bytes(data[14:16], "big") if data[0] & 0x10 else 12


def wrapped(number: int) -> int:
    """Return a number as 64 bits hold it."""
    return (number + 2**63) % 2**64 - 2**63


def _is_as_libvpx_writes(payload: bytes) -> bool:
    if not payload[0] & 0x80:
        return True
    return len(payload) >= 8 and not (payload[1] & 0x80 and not payload[2] & 0x80)
