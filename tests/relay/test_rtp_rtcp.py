"""Reading and writing RTP and RTCP: what we write we read, and what others write cannot hurt."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.relay.packets import rtcp, rtp, vp8
from realtime.relay.packets.reception import ReceptionStats

numbers32 = st.integers(0, 2**32 - 1)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_header_or_a_value_error(data: bytes) -> None:
    try:
        *_, extension_start, extension_end, start, end = rtp.parse_header(data)
    except ValueError:
        return
    assert 12 <= start <= end <= len(data)
    assert len(rtp.find_extension(data, extension_start, extension_end, 1)) <= len(data)
    vp8.parse_descriptor(data, start, end)


@given(st.binary(max_size=300))
def test_any_bytes_are_rtcp_or_a_value_error(data: bytes) -> None:
    try:
        rtcp.parse(data)
    except ValueError:
        return


@given(st.binary(max_size=100), st.integers(0, 31), st.sampled_from([200, 201, 202, 203, 205, 206, 207]))
def test_a_well_formed_frame_around_any_body_is_read_or_refused(body: bytes, count: int, kind: int) -> None:
    body += bytes(-len(body) % 4)
    try:
        rtcp.parse(struct.pack("!BBH", 0x80 | count, kind, len(body) // 4) + body)
    except ValueError:
        return


@pytest.mark.parametrize(
    "broken",
    [
        b"\x80",
        b"\x40" + bytes(20),
        b"\x90" + bytes(11),
        b"\x90" + bytes(11) + b"\xbe\xde\x00\xff",
        b"\xa0" + bytes(11),
        b"\xa0" + bytes(11) + b"\x00",
        b"\xa0" + bytes(11) + b"xx\x09",
        b"\x8f" + bytes(30),
    ],
)
def test_a_header_that_does_not_fit_is_refused(broken: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        rtp.parse_header(broken)


def test_padding_is_not_payload() -> None:
    packet = b"\xa0\x60" + bytes(10) + b"data" + b"\0\0\0\x04"
    *_, start, end = rtp.parse_header(packet)
    assert packet[start:end] == b"data"


def test_extensions_of_both_forms_are_found() -> None:
    one = bytes(12) + b"\xbe\xde\x00\x02" + b"\x10\x85" + b"\x41ab" + b"\0\0\0"
    assert rtp.find_extension(one, 16, 24, 1) == b"\x85"
    assert rtp.find_extension(one, 16, 24, 4) == b"ab"
    assert rtp.find_extension(one, 16, 24, 3) == b""
    two = bytes(12) + b"\x10\x00\x00\x02" + b"\x01\x01\x85" + b"\x04\x02ab" + b"\0"
    assert rtp.find_extension(two, 16, 24, 1) == b"\x85"
    assert rtp.find_extension(two, 16, 24, 4) == b"ab"


@pytest.mark.parametrize(
    ("payload", "is_start"),
    [
        (b"\x10\x00", True),
        (b"\x10\x01", False),
        (b"\x00\x00", False),
        (b"\x11\x00", False),
        (b"\x90\x80\x12\x00", True),
        (b"\x90\x80\x92\x34\x00", True),
        (b"\x90\xf0\x92\x34\x01\x02\x00", True),
        (b"\x90\xf0\x92\x34\x01\x02\x01", False),
        (b"\x90", False),
        (b"\x90\x80", False),
        (b"\x10", False),
        (b"", False),
    ],
)
def test_the_first_packet_of_a_vp8_key_frame_is_recognised(payload: bytes, is_start: bool) -> None:
    assert vp8.parse_descriptor(bytes(12) + payload, 12, 12 + len(payload))[0] == is_start


@given(numbers32, st.lists(st.integers(0, 65_535), min_size=1, max_size=40, unique=True))
def test_a_nack_names_exactly_the_asked_packets(ssrc: int, sequences: list[int]) -> None:
    (parsed,) = rtcp.parse(rtcp.build_nack(1, ssrc, sequences))
    assert isinstance(parsed, rtcp.Nack)
    assert parsed.ssrc == ssrc
    assert set(parsed.sequences) == set(sequences)


@given(st.integers(0, 2**40), st.lists(numbers32, max_size=4))
def test_remb_keeps_the_bit_rate_to_its_precision(bitrate: int, ssrcs: list[int]) -> None:
    (parsed,) = rtcp.parse(rtcp.build_remb(1, bitrate, ssrcs))
    assert isinstance(parsed, rtcp.Remb)
    assert parsed.ssrcs == tuple(ssrcs)
    assert bitrate - bitrate / 2**17 <= parsed.bitrate <= bitrate


def test_a_compound_packet_is_read_whole() -> None:
    report = rtcp.SenderReport(1, (5 << 32) | 6, 7, 8, 9)
    block = rtcp.ReportBlock(2, 128, -3, 70_000, 4, 5, 6)
    compound = (
        rtcp.build_sender_report(report)
        + rtcp.build_receiver_report(3, [block])
        + rtcp.build_sdes([(1, "slot-0"), (2, "x")])
        + rtcp.build_pli(1, 9)
        + rtcp.build_bye([1])
    )
    assert rtcp.parse(compound) == [report, block, rtcp.KeyframeRequest(9), rtcp.Bye((1,))]


def test_fir_counts_as_a_request_for_a_key_frame() -> None:
    fir = struct.pack("!BBHIIIB3x", 0x84, 206, 4, 1, 0, 77, 1)
    assert rtcp.parse(fir) == [rtcp.KeyframeRequest(77)]


def test_loss_is_reported_for_the_time_since_the_last_report() -> None:
    stats = ReceptionStats(1, 90_000, 65_534)
    for sequence in (65_534, 65_535, 1, 2):
        stats.count(sequence, 0, 0)
    block = stats.report(0)
    assert (block.cumulative_lost, block.fraction_lost) == (1, 256 // 5)
    assert block.highest_sequence == 65_536 + 2
    assert stats.report(0).fraction_lost == 0


def test_one_datagram_asks_for_a_bounded_number_of_packets() -> None:
    body = struct.pack("!II", 1, 2) + b"\x00\x00\xff\xff" * 360
    (parsed,) = rtcp.parse(struct.pack("!BBH", 0x81, 205, len(body) // 4) + body)
    assert isinstance(parsed, rtcp.Nack)
    assert len(parsed.sequences) == 1000


def test_what_is_sent_again_is_read_under_its_first_number() -> None:
    packet = b"\x80\x61" + struct.pack("!HII", 9, 77, 5) + b"\x12\x34data"
    header = rtp.parse_header(packet)
    repeated = rtp.unwrap_repair(packet, header, 42)
    assert repeated is not None
    sequence, timestamp, ssrc, *_, start, end = repeated
    assert (sequence, timestamp, ssrc, packet[start:end]) == (0x1234, 77, 42, b"data")
    short = packet[:13]
    assert rtp.unwrap_repair(short, rtp.parse_header(short), 42) is None
