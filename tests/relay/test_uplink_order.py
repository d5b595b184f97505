"""Whatever is lost, late, repeated or mere padding: the virtual stream has each packet once, in its place."""

import struct

from hypothesis import example, given, settings
from hypothesis import strategies as st

from realtime.relay.clock import MILLISECOND, SECOND
from realtime.relay.packets import rtcp, rtp
from realtime.relay.uplink.capture import ClockMap
from realtime.relay.uplink.producer import Producer
from tests.relay.peer import KEY_FRAME
from tests.relay.simulcast import Layer, Recorder

# For each packet: is it padding, how many places late it comes, does it come by repair, does it come again.
steps = st.lists(
    st.tuples(st.booleans(), st.sampled_from([0, 0, 0, 1, 2, 7]), st.booleans(), st.booleans()),
    min_size=1,
    max_size=60,
)


class Rig:
    """One encoding, fed directly."""

    def __init__(self, first: int) -> None:
        self.producer = Producer(source="camera", clock_map=ClockMap(), random_below=lambda top: top - 1)
        self.recorder = Recorder()
        self.producer.encodings[0].subscribers.append(self.recorder)
        self.layer = Layer(7, sequence=first, repair_ssrc=8)
        self.now_ns = 1000 * SECOND
        self.feedback: list[bytes] = []
        self.take(self.layer.packet(KEY_FRAME))

    def take(self, packet: bytes) -> str | None:
        header = rtp.parse_header(packet)
        self.now_ns += 5 * MILLISECOND
        if header[2] == self.layer.ssrc:
            return self.producer.receive(0, packet, header, b"", 1, self.feedback.extend, self.now_ns)
        repeated = rtp.unwrap_repair(packet, header, self.layer.ssrc)
        assert repeated is not None
        return self.producer.repair(0, packet, repeated, 1, self.feedback.extend, self.now_ns)


def play(rig: Rig, played: list[tuple[bool, int, bool, bool]]) -> tuple[list[bytes], bool]:
    """Send everything, each at its place; return the payloads as sent, and whether padding came late."""
    queue: list[tuple[int, int, bytes]] = []
    sent, is_padding_late = [KEY_FRAME], False
    for index, (is_padding, late, is_repair, is_twice) in enumerate(played):
        payload = b"" if is_padding else b"\x10\x01%d" % index
        packet = rig.layer.packet(payload, padding=20 if is_padding else 0)
        if is_padding:
            is_padding_late = is_padding_late or late > 0
        else:
            sent.append(payload)
            if is_repair and late:
                packet = rig.layer.again(rig.layer.sequence)
        queue.append((index + late, index, packet))
        if is_twice and not is_padding:
            queue.append((index + late + 1, index, rig.layer.again(rig.layer.sequence)))
    # The last one is in time, so that nothing is ahead of it.
    sent.append(b"\x10\x01end")
    queue.append((len(played), len(played), rig.layer.packet(sent[-1])))
    for _, _, packet in sorted(queue):
        rig.take(packet)
    return sent, is_padding_late


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**16 - 1), steps)
def test_each_packet_comes_once_and_in_order_and_padding_in_time_leaves_no_hole(
    first: int, played: list[tuple[bool, int, bool, bool]]
) -> None:
    rig = Rig(first)
    sent, is_padding_late = play(rig, played)
    numbers = sorted(rig.recorder.sequences)
    assert len(set(numbers)) == len(numbers)
    assert [payload for payload in rig.recorder.payloads() if payload] == sent
    if not is_padding_late:
        assert numbers == list(range(numbers[0], numbers[0] + len(sent)))


@settings(max_examples=100, deadline=None)
# Numbers far ahead of what was sent: the stream must not follow them.
@example([(b"\x00\x00", False), (b"\x02\x00", False)])
@example([(b"\x00\x00", True), (b"\xfd\xec", True)])
@given(st.lists(st.tuples(st.binary(min_size=2, max_size=12), st.booleans()), max_size=40))
def test_repairs_of_any_content_harm_nothing_but_their_own_stream(
    packets: list[tuple[bytes, bool]],
) -> None:
    rig = Rig(65_000)
    for content, is_again in packets:
        rig.take(rig.layer.repair(content))
        if is_again:
            rig.take(rig.layer.packet(b"\x10\x01x"))
    # What was sent again before it was sent is there: the stream goes on with a number that is nobody's yet.
    taken = {int.from_bytes(content[:2], "big") for content, _ in packets}
    while (rig.layer.sequence + 1) & 0xFFFF in taken:
        rig.layer.packet(b"\x10\x01lost")
    before = len(rig.recorder.packets)
    rig.now_ns += 2 * SECOND
    rig.take(rig.layer.packet(KEY_FRAME, advance=2))
    assert len(rig.recorder.packets) == before + 1
    numbers = rig.recorder.sequences
    assert len(set(numbers)) == len(numbers)


def test_requests_name_the_numbers_of_the_browser_and_not_the_relays() -> None:
    rig = Rig(65_533)
    lost = rig.layer.sequence + 1 & 0xFFFF
    rig.layer.packet(b"\x10\x01lost")
    rig.take(rig.layer.packet(b"", padding=9))
    rig.take(rig.layer.packet(b"\x10\x01next"))
    rig.producer.ask(rig.now_ns + 50 * MILLISECOND)
    (nack,) = rtcp.parse(rig.feedback[-1])
    assert nack == rtcp.Nack(7, (lost,))
    assert struct.unpack_from("!H", rig.layer.again(lost), 2) != (lost,)
