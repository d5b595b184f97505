"""Packets that are almost right: built like the real thing, with one choice after the other going wrong."""

import random
import struct

from aioice import stun as other_stun

from realtime.relay.transport import stun

_WORDS = (0, 1, 2, 3, 4, 7, 8, 12, 16, 20, 63, 64, 127, 128, 255, 256, 1499, 0x7FFF, 0x8000, 0xBEDE, 0xFFFF)
_ATTRIBUTES = (0x0001, 0x0006, 0x0008, 0x0009, 0x0012, 0x0014, 0x0020, 0x0024, 0x0025, 0x001C, 0x8022, 0x8028)
_ICE_ATTRIBUTES = (0x8029, 0x802A, 0xC057, 0x7FFF, 0xFFFF)
_FEEDBACK = ((205, 1), (205, 15), (206, 1), (206, 2), (206, 4), (206, 15))


def garble(rng: random.Random, data: bytes) -> bytes:
    """Break bytes in one to four places."""
    broken = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(broken) + 1)
        match rng.randrange(8):
            case 0 if at < len(broken):
                broken[at] ^= 1 << rng.randrange(8)
            case 1 if at < len(broken):
                broken[at] = rng.choice((0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)))
            case 2:
                del broken[at : at + rng.randint(1, 20)]
            case 3:
                broken[at:at] = rng.randbytes(rng.randint(1, 20))
            case 4:
                broken[at:at] = broken[at : at + rng.randint(1, 40)]
            case 5:
                del broken[at:]
            case 6:
                broken += rng.randbytes(rng.randint(1, 60))
            case _:
                broken[at : at + 2] = struct.pack("!H", rng.choice(_WORDS))
    return bytes(broken[:1600])


def maybe(rng: random.Random, data: bytes, share: float = 0.3) -> bytes:
    """Garble a share of what comes by."""
    return garble(rng, data) if rng.random() < share else data


def check(rng: random.Random, ufrag: str, remote: str, password: str) -> bytes:
    """Write a binding request whose attributes are many, odd, doubled, or cut off."""
    body = b""
    for _ in range(rng.randint(0, 6)):
        kind = rng.choice(_ATTRIBUTES + _ICE_ATTRIBUTES)
        value = rng.randbytes(rng.choice((0, 1, 3, 4, 8, 20, 32, 200)))
        body += struct.pack("!HH", kind, rng.choice((len(value), len(value), rng.choice(_WORDS)))) + value
        body += bytes(-len(value) % 4)
    name = f"{ufrag}{rng.choice((':', ':', ':', ''))}{remote}".encode()
    name = maybe(rng, name, 0.05)
    user = struct.pack("!HH", 0x0006, len(name)) + name + bytes(-len(name) % 4)
    body = rng.choice((body + user, user + body, user))
    if rng.random() < 0.3:
        body += b"\x00\x25\x00\x00"
    if rng.random() < 0.1:
        body += b"\x80\x29\x00\x08" + rng.randbytes(8)
    kind = rng.choice((1, 1, 1, 1, 1, 0x0101, 0x0111, 0x0011, 3))
    message = other_stun.Message(other_stun.Method.BINDING, other_stun.Class.REQUEST)
    head = struct.pack("!HH", kind, 0) + bytes(message)[4:20]
    if rng.random() < 0.85:
        covered = head[:2] + struct.pack("!H", len(body) + 24) + head[4:] + body
        body += b"\x00\x08\x00\x14" + other_stun.message_integrity(covered, password.encode())
    if rng.random() < 0.2:
        body += b"\x00\x25\x00\x00"
    if rng.random() < 0.85:
        covered = head[:2] + struct.pack("!H", len(body) + 8) + head[4:] + body
        body += struct.pack("!HHI", 0x8028, 4, stun._crc(covered))
    return maybe(rng, head[:2] + struct.pack("!H", len(body) & 0xFFFF) + head[4:] + body, 0.2)


def dtls(rng: random.Random) -> bytes:
    """Write one to three DTLS records, of handshakes, alerts, data, and DTLS 1.3."""
    datagram = b""
    for _ in range(rng.randint(1, 3)):
        kind = rng.choice((20, 21, 22, 22, 22, 23, 24, 25, 26, 0x2C, 0x3F, rng.randrange(20, 64)))
        fragment = rng.randbytes(rng.choice((0, 1, 2, 12, 40, 300)))
        if kind == 22:
            length = rng.choice((len(fragment), 0, 0xFFFFFF, 70_000))
            fragment = (
                bytes([rng.choice((0, 1, 2, 11, 12, 14, 16, 20, rng.randrange(256)))])
                + length.to_bytes(3, "big")
                + struct.pack("!H", rng.choice((0, 1, 2, 5)))
                + rng.choice((0, 0, 5, 0xFFFFFF)).to_bytes(3, "big")
                + rng.choice((len(fragment), 0, 0xFFFFFF)).to_bytes(3, "big")
                + rng.choice((b"\xfe\xfd", b"\xfe\xff", b""))
                + fragment
            )
        version = rng.choice((b"\xfe\xfd", b"\xfe\xff", b"\xfe\xfc", b"\x03\x03"))
        head = bytes([kind]) + version + struct.pack("!H", rng.choice((0, 0, 1, 2, 0xFFFF)))
        head += rng.randbytes(6) if rng.random() < 0.3 else bytes(5) + bytes([rng.randrange(256)])
        length = rng.choice((len(fragment), len(fragment), rng.choice(_WORDS)))
        datagram += head + struct.pack("!H", length) + fragment
    return maybe(rng, datagram, 0.3)[:1500]


Extension = tuple[int, bytes]


def rtp(
    rng: random.Random, ssrc: int, payload_type: int, sequence: int, extensions: list[Extension]
) -> bytes:
    """Write an RTP packet with extensions, padding, descriptors and lengths of every kind."""
    sources = rng.choice((0, 0, 0, 1, 15))
    has_extension, has_padding = rng.random() < 0.6, rng.random() < 0.2
    first = rng.choice((0x80,) * 9 + (0x40,)) | (has_extension << 4) | (has_padding << 5) | sources
    timestamp = rng.choice((sequence * 960, rng.randrange(2**32), 0)) & 0xFFFFFFFF
    marker = rng.choice((0, 0x80))
    packet = struct.pack("!BBHII", first, marker | payload_type & 0x7F, sequence & 0xFFFF, timestamp, ssrc)
    packet += rng.randbytes(4 * rng.choice((sources, sources, sources, rng.randrange(3))))
    if has_extension:
        packet += _extensions(rng, extensions)
    packet += _payload(rng)
    if has_padding:
        size = rng.choice((1, 2, 4, 255, 0, rng.randrange(256)))
        packet += bytes(max(0, rng.choice((size, size, 3)) - 1)) + bytes([size])
    return maybe(rng, packet, 0.15)[:1340]


def _extensions(rng: random.Random, known: list[Extension]) -> bytes:
    block = b""
    one_byte = rng.random() < 0.8
    for _ in range(rng.randint(0, 5)):
        identifier, value = rng.choice(
            (*known, (rng.randrange(16), rng.randbytes(rng.choice((0, 1, 3, 16)))))
        )
        size = rng.choice((len(value),) * 9 + (rng.randrange(1, 17),))
        if one_byte:
            block += bytes([identifier << 4 | (size - 1) & 0x0F]) + value
        else:
            block += bytes([identifier, size & 0xFF]) + value
    block += bytes(-len(block) % 4)
    profile = 0xBEDE if one_byte else rng.choice((0x1000, 0x100F, 0x1234))
    words = rng.choice((len(block) // 4,) * 6 + (0, 0xFFFF, len(block) // 4 + 1))
    return struct.pack("!HH", profile, words) + block


def _payload(rng: random.Random) -> bytes:
    """Write a VP8 descriptor with any of its parts, or what RTX carries, or anything."""
    if rng.random() < 0.2:
        return rng.randbytes(rng.choice((0, 1, 2, 3, 60)))
    descriptor = bytes([rng.choice((0x10, 0x00, 0x90, 0x80, rng.randrange(256)))])
    if descriptor[0] & 0x80:
        flags = rng.randrange(256)
        descriptor += bytes([flags])
        if flags & 0x80:
            descriptor += rng.choice(
                (rng.randbytes(1), bytes([0x80 | rng.randrange(128)]) + rng.randbytes(1))
            )
        descriptor += rng.randbytes(bool(flags & 0x40) + bool(flags & 0x30))
    if rng.random() < 0.1:
        descriptor = descriptor[: rng.randrange(len(descriptor) + 1)]
    if rng.random() < 0.2:
        descriptor = struct.pack("!H", rng.randrange(65536)) + descriptor
    return descriptor + rng.choice((b"\x00", b"\x01", b"")) + rng.randbytes(rng.choice((0, 5, 60, 1100)))


def rtcp(rng: random.Random, ssrcs: list[int]) -> bytes:
    """Write a compound packet of reports and feedback about streams that are there, or are not."""
    compound = b""
    for _ in range(rng.randint(1, 5)):
        kind, count = rng.choice((200, 201, 202, 203, 204, 207, 192)), rng.choice((0, 1, 1, 2, 31))
        body = struct.pack("!I", rng.choice(ssrcs))
        if rng.random() < 0.6:
            kind, count = rng.choice(_FEEDBACK)
            body += struct.pack("!I", rng.choice(ssrcs)) + _feedback(rng, kind, count, ssrcs)
        elif kind == 200:
            body += rng.randbytes(20) + _blocks(rng, count, ssrcs)
        elif kind == 201:
            body += _blocks(rng, count, ssrcs)
        else:
            body += rng.randbytes(rng.choice((0, 4, 8, 1, 40)))
        body += bytes(-len(body) % 4)
        words = rng.choice((len(body) // 4,) * 8 + (0, 1, 0xFFFF))
        first = rng.choice((0x80,) * 15 + (0xA0,)) | count
        compound += bytes([first, kind]) + struct.pack("!H", words) + body
    compound = maybe(rng, compound, 0.15)
    return compound[:1300] if len(compound) >= 8 else compound + bytes(8)


def _blocks(rng: random.Random, count: int, ssrcs: list[int]) -> bytes:
    number = rng.choice((count, count, max(0, count - 1)))
    return b"".join(struct.pack("!I", rng.choice(ssrcs)) + rng.randbytes(20) for _ in range(number))


def _feedback(rng: random.Random, kind: int, count: int, ssrcs: list[int]) -> bytes:
    if (kind, count) == (205, 1):
        pairs = range(rng.choice((0, 1, 1, 3, 250)))
        return b"".join(struct.pack("!HH", rng.randrange(65536), rng.choice((0, 1, 0xFFFF))) for _ in pairs)
    if (kind, count) == (206, 15):
        listed = rng.choice((0, 1, 2, 255))
        rate = bytes(
            [rng.choice((listed, 255, 0)), rng.randrange(256), rng.randrange(256), rng.randrange(256)]
        )
        return rng.choice((b"REMB", b"REMB", b"XXXX")) + rate + struct.pack("!I", rng.choice(ssrcs)) * listed
    return rng.randbytes(rng.choice((0, 0, 4, 8, 20)))
