"""SRTP: replays, forgeries and endless SSRCs, at the two ends of a real handshake."""

import struct

import pytest

from realtime.relay.transport.dtls import Dtls, Fingerprint
from realtime.relay.transport.srtp import (
    MAX_PLAIN_BYTES,
    MAX_PROTECTED_BYTES,
    MAX_SSRCS,
    RECEIVE_WINDOW,
    SENDERS,
    Srtp,
)
from tests.relay.network import CERTIFICATE


@pytest.fixture(scope="module")
def ends() -> tuple[Srtp, Srtp]:
    """Return the sender's and the receiver's half."""
    waiting: list[tuple[str, bytes]] = []
    fingerprints = [Fingerprint(each.algorithm, each.value) for each in CERTIFICATE.getFingerprints()]
    ends = {
        name: Dtls(
            certificate=CERTIFICATE,
            is_server=name == "server",
            fingerprints=fingerprints,
            send=lambda data, to="server" if name == "client" else "client": waiting.append((to, data)),
        )
        for name in ("client", "server")
    }
    ends["client"].start()
    while waiting:
        to, data = waiting.pop(0)
        ends[to].datagram(data)
    sender, receiver = ends["client"].srtp, ends["server"].srtp
    assert sender is not None
    assert receiver is not None
    return sender, receiver


def packet(ssrc: int, sequence: int) -> bytes:
    return struct.pack("!BBHII", 0x80, 111, sequence, sequence * 960, ssrc) + b"voice"


def test_a_packet_counts_once_and_late_ones_count_within_the_window(ends: tuple[Srtp, Srtp]) -> None:
    sender, receiver = ends
    made = [sender.protect_rtp(packet(1, sequence)) for sequence in range(1, RECEIVE_WINDOW + 100)]
    receiver.unprotect_rtp(made[0])
    receiver.unprotect_rtp(made[-1])
    for again in (made[0], made[-1]):
        with pytest.raises(ValueError, match="replay"):
            receiver.unprotect_rtp(again)
    assert receiver.unprotect_rtp(made[-RECEIVE_WINDOW + 1]) == packet(1, 101)
    with pytest.raises(ValueError, match="replay"):
        receiver.unprotect_rtp(made[50])


def test_a_number_is_encrypted_by_the_same_session_again_however_many_streams_there_are(
    ends: tuple[Srtp, Srtp],
) -> None:
    sender, _ = ends
    ssrcs = range(0x5000, 0x5000 + 3 * SENDERS)
    first = [sender.protect_rtp(packet(ssrc, 7)) for ssrc in ssrcs]
    assert len({sender.sender(ssrc) for ssrc in ssrcs}) == SENDERS
    # Another session would not know that the number has run over, and encrypt another text alike.
    for sequence in (0xFFFF, 0):
        for ssrc in ssrcs:
            sender.protect_rtp(packet(ssrc, sequence))
    assert [sender.protect_rtp(packet(ssrc, 7)) for ssrc in ssrcs] != first


def test_forged_packets_leave_no_trace_of_their_ssrcs(ends: tuple[Srtp, Srtp]) -> None:
    sender, receiver = ends
    right = sender.protect_rtp(packet(2, 1))
    for ssrc in range(10_000, 10_000 + 3 * MAX_SSRCS):
        with pytest.raises(ValueError, match="authentic"):
            receiver.unprotect_rtp(right[:8] + struct.pack("!I", ssrc) + right[12:])
    assert len(receiver._ssrcs) < MAX_SSRCS // 2
    assert receiver.unprotect_rtp(right) == packet(2, 1)


@pytest.mark.parametrize("kind", ["rtp", "rtcp"])
def test_no_length_is_more_than_there_is_room_for(ends: tuple[Srtp, Srtp], kind: str) -> None:
    sender, receiver = ends
    protect, unprotect = getattr(sender, f"protect_{kind}"), getattr(receiver, f"unprotect_{kind}")
    head = packet(2, 2)[:12] if kind == "rtp" else struct.pack("!BBHI", 0x80, 201, 1, 2)
    longest = head + bytes(MAX_PLAIN_BYTES - len(head))
    protected = protect(longest)
    assert MAX_PLAIN_BYTES < len(protected) <= MAX_PROTECTED_BYTES
    assert unprotect(protected) == longest
    with pytest.raises(ValueError, match="too long"):
        protect(longest + b"0")
    for size in (MAX_PROTECTED_BYTES + 1, 2049, 70_000):
        with pytest.raises(ValueError, match="too long"):
            unprotect(head + bytes(size - len(head)))
    for size in (*range(30), len(protected) - 1):
        with pytest.raises(ValueError, match="not authentic"):
            unprotect(protected[:size])


def test_what_was_protected_is_not_touched_by_the_next(ends: tuple[Srtp, Srtp]) -> None:
    sender, receiver = ends
    first, second = sender.protect_rtp(packet(2, 10)), sender.protect_rtp(packet(2, 11))
    received = [receiver.unprotect_rtp(each) for each in (first, second)]
    assert received == [packet(2, 10), packet(2, 11)]


def test_authentic_ssrcs_are_few_and_the_first_ones_go_on(ends: tuple[Srtp, Srtp]) -> None:
    sender, receiver = ends
    first = sender.protect_rtp(packet(3, 1))
    assert receiver.unprotect_rtp(first) == packet(3, 1)
    for ssrc in range(100, 100 + MAX_SSRCS):
        try:
            receiver.unprotect_rtp(sender.protect_rtp(packet(ssrc, 1)))
        except ValueError:
            break
    assert len(receiver._ssrcs) == MAX_SSRCS
    assert receiver.unprotect_rtp(sender.protect_rtp(packet(3, 2))) == packet(3, 2)
    rtcp = struct.pack("!BBHI", 0x80, 201, 1, 3)
    assert receiver.unprotect_rtcp(sender.protect_rtcp(rtcp)) == rtcp
