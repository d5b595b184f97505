"""Read and write RTCP. A reader of hostile input: it stops at the first thing that does not fit."""

import struct
from collections.abc import Iterable
from dataclasses import dataclass, field

SR, RR, SDES, BYE, RTPFB, PSFB = 200, 201, 202, 203, 205, 206
_NACK, _PLI, _FIR, _AFB = 1, 1, 4, 15
_MAX_PACKETS = 64
# Of one datagram; what a browser remembers as missing at most.
_MAX_NACKED = 1000
_MAX_FOUND = 256
# Who feedback comes from, as long as it sends no media: any number does, browsers use this one too.
RELAY_SSRC = 1
_REPORT = struct.Struct("!IIIIII")


@dataclass(frozen=True, slots=True)
class ReportBlock:
    """Say how one stream arrives at its receiver."""

    ssrc: int
    fraction_lost: int
    cumulative_lost: int
    highest_sequence: int
    jitter: int
    last_sr: int
    delay_since_sr: int


@dataclass(frozen=True, slots=True)
class SenderReport:
    """Tie a sender's wall clock to its RTP clock."""

    ssrc: int
    ntp: int
    rtp_timestamp: int
    packets: int
    octets: int


@dataclass(frozen=True, slots=True)
class Nack:
    """Ask for packets again."""

    ssrc: int
    sequences: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class KeyframeRequest:
    """Ask for a key frame (PLI or FIR)."""

    ssrc: int
    is_fir: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Remb:
    """State the bit rate a receiver believes it can take."""

    bitrate: int
    ssrcs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Bye:
    """Announce that streams end."""

    ssrcs: tuple[int, ...]


Packet = SenderReport | ReportBlock | Nack | KeyframeRequest | Remb | Bye


def parse(data: bytes) -> list[Packet]:
    """Return what a compound packet says; unknown kinds are skipped, ValueError means it is malformed."""
    found: list[Packet] = []
    position = 0
    for _ in range(_MAX_PACKETS):
        if position == len(data) or len(found) >= _MAX_FOUND:
            return found
        if position + 4 > len(data) or data[position] >> 6 != 2:
            raise ValueError("not an RTCP header")
        count = data[position] & 0x1F
        kind = data[position + 1]
        end = position + 4 + 4 * int.from_bytes(data[position + 2 : position + 4], "big")
        if end > len(data):
            raise ValueError("RTCP packet is cut off")
        body_end = end
        if data[position] & 0x20:
            padding = data[end - 1]
            if not 0 < padding <= end - position - 4:
                raise ValueError("RTCP padding does not fit")
            body_end -= padding
        _parse_one(kind, count, data[position + 4 : body_end], found)
        position = end
    raise ValueError("too many RTCP packets in one datagram")


def _parse_one(kind: int, count: int, body: bytes, found: list[Packet]) -> None:
    if kind == SR:
        if len(body) < 24 + 24 * count:
            raise ValueError("sender report is cut off")
        ssrc, ntp_high, ntp_low, rtp_timestamp, packets, octets = _REPORT.unpack_from(body)
        found.append(SenderReport(ssrc, (ntp_high << 32) | ntp_low, rtp_timestamp, packets, octets))
        _parse_blocks(body, 24, count, found)
    elif kind == RR:
        if len(body) < 4 + 24 * count:
            raise ValueError("receiver report is cut off")
        _parse_blocks(body, 4, count, found)
    elif kind == BYE:
        if len(body) < 4 * count:
            raise ValueError("bye is cut off")
        found.append(Bye(struct.unpack_from(f"!{count}I", body)))
    elif kind == RTPFB and count == _NACK:
        if len(body) < 12 or len(body) % 4:
            raise ValueError("NACK is cut off")
        found.append(Nack(int.from_bytes(body[4:8], "big"), _nacked(body)))
    elif kind == PSFB:
        if len(body) < 8:
            raise ValueError("feedback is cut off")
        _parse_payload_feedback(count, body, found)


def _parse_blocks(body: bytes, position: int, count: int, found: list[Packet]) -> None:
    for start in range(position, position + 24 * count, 24):
        ssrc, lost, highest, jitter, last_sr, delay = _REPORT.unpack_from(body, start)
        cumulative = ((lost & 0xFFFFFF) ^ 0x800000) - 0x800000
        found.append(ReportBlock(ssrc, lost >> 24, cumulative, highest, jitter, last_sr, delay))


def _nacked(body: bytes) -> tuple[int, ...]:
    sequences = []
    for position in range(8, len(body), 4):
        first, mask = struct.unpack_from("!HH", body, position)
        sequences.append(first)
        sequences.extend((first + 1 + bit) & 0xFFFF for bit in range(16) if mask >> bit & 1)
        if len(sequences) > _MAX_NACKED:
            break
    return tuple(sequences[:_MAX_NACKED])


def _parse_payload_feedback(kind: int, body: bytes, found: list[Packet]) -> None:
    if kind == _PLI:
        found.append(KeyframeRequest(int.from_bytes(body[4:8], "big")))
    elif kind == _FIR:
        for position in range(8, len(body) - 7, 8):
            found.append(KeyframeRequest(int.from_bytes(body[position : position + 4], "big"), is_fir=True))
    elif kind == _AFB and body[8:12] == b"REMB" and len(body) >= 16:
        count = body[12]
        if len(body) < 16 + 4 * count:
            raise ValueError("REMB is cut off")
        exponent, mantissa = body[13] >> 2, ((body[13] & 3) << 16) | (body[14] << 8) | body[15]
        found.append(Remb(mantissa << exponent, struct.unpack_from(f"!{count}I", body, 16)))


def _packet(count: int, kind: int, body: bytes) -> bytes:
    return struct.pack("!BBH", 0x80 | count, kind, len(body) // 4) + body


def build_sender_report(report: SenderReport) -> bytes:
    """Write a sender report without report blocks."""
    return _packet(
        0,
        SR,
        _REPORT.pack(
            report.ssrc,
            report.ntp >> 32,
            report.ntp & 0xFFFFFFFF,
            report.rtp_timestamp & 0xFFFFFFFF,
            report.packets & 0xFFFFFFFF,
            report.octets & 0xFFFFFFFF,
        ),
    )


def build_receiver_report(sender: int, blocks: Iterable[ReportBlock] = ()) -> bytes:
    """Write a receiver report; an empty one opens every compound packet of feedback."""
    packed = [
        _REPORT.pack(
            block.ssrc,
            (block.fraction_lost << 24) | (max(-0x800000, min(block.cumulative_lost, 0x7FFFFF)) & 0xFFFFFF),
            block.highest_sequence & 0xFFFFFFFF,
            block.jitter & 0xFFFFFFFF,
            block.last_sr,
            block.delay_since_sr & 0xFFFFFFFF,
        )
        for block in blocks
    ][:31]
    return _packet(len(packed), RR, struct.pack("!I", sender) + b"".join(packed))


def build_sdes(names: Iterable[tuple[int, str]]) -> bytes:
    """Write the CNAME of each SSRC."""
    chunks = []
    for ssrc, cname in list(names)[:31]:
        text = cname.encode()
        chunk = struct.pack("!IBB", ssrc, 1, len(text)) + text
        chunks.append(chunk + bytes(4 - len(chunk) % 4))
    return _packet(len(chunks), SDES, b"".join(chunks))


def build_nack(sender: int, ssrc: int, sequences: Iterable[int]) -> bytes:
    """Write one NACK with the sequences packed into bit masks."""
    pairs: list[tuple[int, int]] = []
    for sequence in sequences:
        if pairs and 0 < (sequence - pairs[-1][0]) & 0xFFFF <= 16:
            first, mask = pairs[-1]
            pairs[-1] = first, mask | 1 << (((sequence - first) & 0xFFFF) - 1)
        else:
            pairs.append((sequence & 0xFFFF, 0))
    fci = b"".join(struct.pack("!HH", first, mask) for first, mask in pairs)
    return _packet(_NACK, RTPFB, struct.pack("!II", sender, ssrc) + fci)


def build_pli(sender: int, ssrc: int) -> bytes:
    """Write a picture loss indication."""
    return _packet(_PLI, PSFB, struct.pack("!II", sender, ssrc))


def build_remb(sender: int, bitrate: int, ssrcs: Iterable[int]) -> bytes:
    """Write the receiver estimated maximum bit rate."""
    listed = list(ssrcs)
    exponent = max(0, bitrate.bit_length() - 18)
    head = (exponent << 18) | (bitrate >> exponent)
    fci = b"REMB" + bytes([len(listed)]) + head.to_bytes(3, "big")
    return _packet(_AFB, PSFB, struct.pack("!II", sender, 0) + fci + struct.pack(f"!{len(listed)}I", *listed))


def build_bye(ssrcs: Iterable[int]) -> bytes:
    """Write the end of streams."""
    listed = list(ssrcs)[:31]
    return _packet(len(listed), BYE, struct.pack(f"!{len(listed)}I", *listed))
