"""Properties of renumbering: whatever a publisher does, the subscriber sees one clean stream."""

import struct
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.relay.clock import SECOND
from realtime.relay.downlink.consumer import Consumer
from realtime.relay.packets import rtp
from realtime.relay.packets.rewriter import Rewriter
from realtime.relay.uplink.capture import ClockMap
from realtime.relay.uplink.producer import Producer
from tests.relay.peer import DELTA_FRAME, KEY_FRAME

# (source, step of the sequence, step of the timestamp, milliseconds that pass, is a key frame)
steps = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.sampled_from([1, 1, 1, 1, 2, 5, -1, -3, 900, 5000]),
        st.sampled_from([0, 3000, 3000, 960, -90_000, 2**31 - 1]),
        st.integers(0, 3000),
        st.booleans(),
    ),
    max_size=60,
)


class Rig:
    """One producer and one subscriber of it, with everything that was sent kept as numbers."""

    def __init__(self, *, first_sequence: int = 32_767, first_timestamp: int = 2**32 - 1000) -> None:
        self.producer = self.make_producer()
        self.sent: list[tuple[int, int, bytes]] = []
        self.consumer = Consumer(
            mid="v0",
            kind="video",
            ssrc=42,
            first_sequence=first_sequence,
            first_timestamp=first_timestamp,
            send=self.keep,
        )
        self.feedback: list[bytes] = []

    def make_producer(self) -> Producer:
        # The largest first numbers that are allowed, so that everything wraps soon.
        return Producer(source="camera", clock_map=ClockMap(), random_below=lambda top: top - 1)

    def keep(self, packet: bytes) -> bool:
        sequence, timestamp, ssrc, _, _, start, end = rtp.parse_header(packet)
        assert ssrc == 42
        self.sent.append((sequence, timestamp, packet[start:end]))
        return True

    def put(
        self, producer: Producer, ssrc: int, sequence: int, timestamp: int, payload: bytes, now_ns: int
    ) -> None:
        head = struct.pack("!BBHII", 0x80, 0x80 | 120, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc)
        packet = head + payload
        producer.receive(0, packet, rtp.parse_header(packet), b"", 1, self.feedback.extend, now_ns)


def unwrap(numbers: list[int], bits: int) -> list[int]:
    """Return the numbers without their wraps, each next to the one before."""
    half, size = 1 << bits - 1, 1 << bits
    found = numbers[:1]
    for number in numbers[1:]:
        found.append(found[-1] + ((number - found[-1] + half) % size - half))
    return found


@given(steps)
def test_the_stream_never_jumps_and_time_never_goes_back(
    played: list[tuple[int, int, int, int, bool]],
) -> None:
    rig = Rig()
    rig.consumer.attach(rig.producer, 0)
    sources = {each: [65_530 + each, 2**32 - 9000] for each in range(3)}
    now_ns = SECOND
    for source, step, advance, wait, is_key in played:
        now_ns += wait * 1_000_000
        sources[source][0] += step
        sources[source][1] += advance
        payload = (KEY_FRAME if is_key else DELTA_FRAME) + str(len(rig.sent)).encode()
        rig.put(rig.producer, source, *sources[source], payload, now_ns)
    sequences = unwrap([packet[0] for packet in rig.sent], 16)
    timestamps = unwrap([packet[1] for packet in rig.sent], 32)
    newest, latest = -1, timestamps[0] if timestamps else 0
    for number, (sequence, timestamp) in enumerate(zip(sequences, timestamps, strict=True)):
        if number and sequence > newest:
            assert sequence - newest <= 1001, "a hole larger than a dropout must have been closed"
            assert timestamp >= latest
        if sequence > newest:
            newest, latest = sequence, timestamp


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(1, 3)), min_size=1, max_size=80), st.data())
def test_a_nack_gets_exactly_the_packet_that_was_lost(
    runs: list[tuple[int, int]], data: st.DataObject
) -> None:
    rig = Rig()
    producers = [rig.make_producer(), rig.make_producer()]
    current = -1
    sequences = [65_500, 10]
    for number, (which, step) in enumerate(runs):
        now_ns = (number + 1) * SECOND // 25
        if which != current:
            rig.consumer.attach(producers[which], now_ns)
            current = which
        sequences[which] += step
        payload = KEY_FRAME + b"%d-%d" % (which, number)
        rig.put(producers[which], 7, sequences[which], number * 3600, payload, now_ns)
    original = list(rig.sent)
    sequence, timestamp, payload = data.draw(st.sampled_from(original))
    rig.sent.clear()
    answered, refused = rig.consumer.nack((sequence,), 100 * SECOND)
    kept_segments = 16
    switches = sum(1 for before, after in pairwise(runs) if before[0] != after[0])
    if switches < kept_segments:
        assert refused == 0
    assert rig.sent in ([], [(sequence, timestamp, payload)])
    assert len(rig.sent) == answered == 1 - refused


@given(
    first=st.integers(0, 2**15 - 1),
    lengths=st.lists(st.integers(1, 400), min_size=1, max_size=6),
    waits=st.lists(st.integers(0, 10**13), min_size=6, max_size=6),
)
def test_splicing_is_contiguous_across_every_wrap(first: int, lengths: list[int], waits: list[int]) -> None:
    rewriter = Rewriter(first_sequence=first, first_timestamp=2**32 - 1, rate=90_000)
    now_ns, before = 0, first - 1
    for length, wait in zip(lengths, waits, strict=False):
        now_ns += wait
        last_timestamp = rewriter.last_timestamp
        rewriter.splice(1_000_000, 77, now_ns)
        for index in range(length):
            out = rewriter.advance(1_000_000 + index, 77, now_ns)
            assert out == before + 1
            before = out
        assert 0 <= rewriter.last_timestamp - last_timestamp <= 2**30


def test_a_resend_is_bounded_per_packet_and_not_repeated_within_a_round_trip() -> None:
    rig = Rig()
    rig.consumer.attach(rig.producer, 0)
    rig.put(rig.producer, 7, 1, 1, KEY_FRAME, SECOND)
    lost = rig.sent[0][0]
    rig.sent.clear()
    for tenths in range(20):
        rig.consumer.nack((lost, lost), 2 * SECOND + tenths * SECOND // 10)
    assert len(rig.sent) == 3


def test_a_first_number_that_invites_a_wrap_guess_is_refused() -> None:
    with pytest.raises(ValueError, match="below"):
        Rig(first_sequence=2**15)


def test_a_retired_source_cannot_pull_the_stream_back_while_the_new_one_flows() -> None:
    rig = Rig()
    rig.consumer.attach(rig.producer, 0)
    rig.put(rig.producer, 1, 10, 0, KEY_FRAME + b"old", SECOND)
    rig.put(rig.producer, 2, 20, 0, KEY_FRAME + b"new", SECOND + 1)
    rig.put(rig.producer, 1, 11, 3000, KEY_FRAME + b"late", SECOND + 2)
    assert [packet[2] for packet in rig.sent] == [KEY_FRAME + b"old", KEY_FRAME + b"new"]
    rig.put(rig.producer, 1, 12, 6000, KEY_FRAME + b"back", 4 * SECOND)
    assert rig.sent[-1][2] == KEY_FRAME + b"back"
