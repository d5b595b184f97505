"""Peek into RTP headers without making objects of them. Payloads are opaque but for their first bytes."""

import struct

HEADER = struct.Struct("!HHII")
_EXTENDED_HEADER = struct.Struct("!HHIIHH")
FIXED_LENGTH = 12
ONE_BYTE_PROFILE = 0xBEDE
_TWO_BYTE_PROFILE = 0x1000
_ORIGINAL_SEQUENCE = 2
# The first byte of version 2 with an extension and nothing else.
_PLAIN_EXTENDED = 0x90

# sequence, timestamp, ssrc, extension start, extension end, payload start, payload end
Header = tuple[int, int, int, int, int, int, int]


def is_rtcp(data: bytes) -> bool:
    """Tell RTCP from RTP on a multiplexed connection (RFC 5761)."""
    return 192 <= data[1] <= 223


def parse_header(data: bytes) -> Header:
    """Return the offsets and numbers of a packet, or raise ValueError when they do not fit in it."""
    length = len(data)
    if length < FIXED_LENGTH:
        raise ValueError("shorter than a header")
    first = data[0]
    if first == _PLAIN_EXTENDED and length >= _EXTENDED_HEADER.size:
        # As nearly every packet of a browser is: an extension, no contributing sources, no padding.
        _, sequence, timestamp, ssrc, _, words = _EXTENDED_HEADER.unpack_from(data)
        start = 16 + 4 * words
        if start > length:
            raise ValueError("header is longer than the packet")
        return sequence, timestamp, ssrc, 16, start, start, length
    if first >> 6 != 2:
        raise ValueError("not version 2")
    _, sequence, timestamp, ssrc = HEADER.unpack_from(data)
    start = FIXED_LENGTH + 4 * (first & 0x0F)
    extension_start = extension_end = start
    if first & 0x10:
        if start + 4 > length:
            raise ValueError("extension header is cut off")
        extension_start = start + 4
        extension_end = extension_start + 4 * int.from_bytes(data[start + 2 : start + 4], "big")
        start = extension_end
    if start > length:
        raise ValueError("header is longer than the packet")
    end = length
    if first & 0x20:
        padding = data[-1] if end > start else 0
        if not 0 < padding <= end - start:
            raise ValueError("padding does not fit")
        end -= padding
    return sequence, timestamp, ssrc, extension_start, extension_end, start, end


def unwrap_repair(data: bytes, header: Header, ssrc: int) -> Header | None:
    """Return the header of the packet that an RTX packet repeats (RFC 4588); None: padding only."""
    _, timestamp, _, extension_start, extension_end, start, end = header
    if end - start < _ORIGINAL_SEQUENCE:
        return None
    sequence = int.from_bytes(data[start : start + _ORIGINAL_SEQUENCE], "big")
    return sequence, timestamp, ssrc, extension_start, extension_end, start + _ORIGINAL_SEQUENCE, end


def find_extension(data: bytes, start: int, end: int, wanted: int) -> bytes:
    """Return the value of header extension `wanted`, or nothing; a malformed block ends where it breaks."""
    if start >= end:
        return b""
    profile = data[start - 4] << 8 | data[start - 3]
    if profile == ONE_BYTE_PROFILE:
        return _find_one_byte(data, start, end, wanted)
    if profile & 0xFFF0 != _TWO_BYTE_PROFILE:
        return b""
    position = start
    while position < end:
        if data[position] == 0:
            position += 1
            continue
        if position + 2 > end:
            return b""
        identifier, size = data[position], data[position + 1]
        position += 2
        if position + size > end:
            return b""
        if identifier == wanted:
            return data[position : position + size]
        position += size
    return b""


def _find_one_byte(data: bytes, start: int, end: int, wanted: int) -> bytes:
    while start < end:
        head = data[start]
        start += 1
        if head == 0:
            continue
        after = start + (head & 0x0F) + 1
        if head >= 0xF0 or after > end:  # identifier 15 ends the block
            return b""
        if head >> 4 == wanted:
            return data[start:after]
        start = after
    return b""


def abs_send_time(now_ns: int) -> bytes:
    """Return the 24 bit 6.18 fixed point seconds of the abs-send-time extension."""
    return (((now_ns << 18) // 1_000_000_000) & 0xFFFFFF).to_bytes(3, "big")


def signed16(delta: int) -> int:
    """Return the shortest way between two 16 bit numbers."""
    return ((delta + 0x8000) & 0xFFFF) - 0x8000


def signed32(delta: int) -> int:
    """Return the shortest way between two 32 bit numbers."""
    return ((delta + 0x80000000) & 0xFFFFFFFF) - 0x80000000
