"""Properties of a slot over whole histories: switches of source and layer, mutes, losses, disorder, wraps."""

import random
import struct
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from realtime.relay.clock import MILLISECOND, SECOND
from realtime.relay.downlink.consumer import Consumer
from realtime.relay.packets import rtcp, rtp, vp8
from realtime.relay.uplink.capture import ClockMap
from realtime.relay.uplink.producer import Producer

FATES = ("comes", "comes", "comes", "comes", "lost", "late", "twice")
Step = tuple[Any, ...]  # a word, and what belongs to it


def draw_history(seed: int) -> list[Step]:
    """Draw what happens: frames of either camera mostly. Lists of that length are slow to draw otherwise."""
    drawn = random.Random(seed)
    history: list[Step] = []
    for _ in range(drawn.randint(10, 60)):
        which = drawn.randint(0, 1)
        if drawn.random() < 0.75:
            fates = [drawn.choice(FATES) for _ in range(drawn.randint(2, 3))]
            history.append(("frame", which, drawn.random() < 0.6, fates))
        else:
            others: list[Step] = [
                ("select", which), ("attach", which), ("attach", which), ("mute", which), ("pause",),
                ("wait", drawn.choice([1, 300, 5000])),
            ]  # fmt: skip
            history.append(drawn.choice(others))
    return history


HISTORIES = st.integers(0, 2**32).map(draw_history)


@dataclass
class Camera:
    """Publish two layers of the same moments, each with its own numbers, from just before every wrap."""

    number: int
    is_short: bool = False
    producer: Producer = field(init=False)
    frame: int = 0
    late: list[tuple[int, bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.producer = Producer(source="camera", clock_map=ClockMap(), random_below=lambda top: top - 1)
        self.sequences = [65_530, 65_520]

    def packets(self, rank: int, size: int, is_key: bool) -> list[bytes]:
        """Return the packets of the next frame of one layer."""
        made = []
        picture = 126 + self.frame if self.is_short else 32_760 + self.frame + rank
        for index in range(size):
            number = (
                bytes([picture & 0x7F]) if self.is_short else (0x8000 | picture & 0x7FFF).to_bytes(2, "big")
            )
            tag = b"%d.%d.%d.%d" % (self.number, rank, self.frame, index)
            start = b"\x90" if index == 0 else b"\x80"
            payload = start + b"\xc0" + number + bytes([self.frame & 0xFF, not is_key]) + tag
            self.sequences[rank] += 1
            timestamp = 2**32 - 9000 * (rank + 1) + 3600 * self.frame
            head = struct.pack(
                "!BBHII",
                0x80,
                120 | (0x80 if index == size - 1 else 0),
                self.sequences[rank] & 0xFFFF,
                timestamp & 0xFFFFFFFF,
                100 * self.number + rank,
            )
            made.append(head + payload)
        return made


@dataclass(frozen=True)
class Sent:
    """What one packet said that went out."""

    ssrc: int
    sequence: int
    timestamp: int
    is_end: bool
    picture: int
    index: int
    payload: bytes


class Slot:
    """One slot, two cameras, and everything that went out."""

    def __init__(self, *, is_short: bool = False, rtx: int | None = None) -> None:
        self.now_ns = 10 * SECOND
        self.cameras = [Camera(0), Camera(1, is_short=is_short)]
        self.sent: list[Sent] = []
        self.is_full = False
        self.consumer = Consumer(
            mid="v0", kind="video", ssrc=7, first_sequence=32_767, first_timestamp=2**32 - 5000,
            send=self.keep, rtx_ssrc=8,
        )  # fmt: skip
        self.consumer.negotiated(payload=120, rtx_payload=rtx)

    def keep(self, packet: bytes) -> bool:
        if self.is_full:
            return False
        sequence, timestamp, ssrc, _, _, start, end = rtp.parse_header(packet)
        if ssrc == 8:
            sequence, start = int.from_bytes(packet[start : start + 2], "big"), start + 2
        _, (_, picture, _, index) = vp8.parse_descriptor(packet, start, end)
        tag = packet[start + 6 : end]
        self.sent.append(Sent(ssrc, sequence, timestamp, bool(packet[1] & 0x80), picture, index, tag))
        return True

    def put(self, camera: Camera, rank: int, packet: bytes) -> None:
        camera.producer.receive(
            rank, packet, rtp.parse_header(packet), b"", 1, lambda packets: None, self.now_ns
        )

    def frame(self, number: int, *, is_key: bool = False, fates: tuple[str, ...] = ("comes",)) -> None:
        """Let 40 ms pass and a camera publish a frame in both layers; `fates` befall its packets."""
        self.now_ns += 40 * MILLISECOND
        camera = self.cameras[number]
        late, camera.late = camera.late, []
        for rank in (0, 1):
            for fate, packet in zip(fates, camera.packets(rank, len(fates), is_key), strict=True):
                if fate == "late":
                    camera.late.append((rank, packet))
                elif fate != "lost":
                    for _ in range(2 if fate == "twice" else 1):
                        self.put(camera, rank, packet)
        for rank, packet in late:
            self.put(camera, rank, packet)
        camera.frame += 1
        for each in self.cameras:
            each.producer.tick(self.now_ns)

    def play(self, history: list[Step]) -> None:
        for step in history:
            match step:
                case ("frame", number, is_key, fates):
                    self.frame(number, is_key=is_key, fates=tuple(fates))
                case ("select", rank):
                    if self.consumer.producer is not None:
                        self.consumer.select(self.consumer.producer.encodings[rank], self.now_ns)
                case ("attach", number):
                    self.consumer.attach(self.cameras[number].producer, self.now_ns)
                case ("wait", milliseconds):
                    self.now_ns += milliseconds * MILLISECOND
                case ("mute", number):
                    producer = self.cameras[number].producer
                    producer.allowed = not producer.allowed
                    self.cameras[number].late.clear()
                case _:
                    self.consumer.select(None, self.now_ns)

    def unwrapped(self) -> dict[int, Sent]:
        """Return what went out in the order of its numbers; no number may have gone out twice."""
        found: dict[int, Sent] = {}
        newest = self.sent[0].sequence if self.sent else 0
        for sent in self.sent:
            number = newest + rtp.signed16(sent.sequence - newest)
            assert number not in found, "a number has gone out twice"
            found[number] = sent
            newest = max(newest, number)
        return dict(sorted(found.items()))


@settings(max_examples=100, deadline=None)
@given(HISTORIES, st.booleans())
def test_whatever_happens_numbers_are_unique_and_time_and_pictures_run_on(
    history: list[Step],
    is_short: bool,
) -> None:
    slot = Slot(is_short=is_short)
    slot.consumer.attach(slot.cameras[0].producer, slot.now_ns)
    slot.play(history)
    packets = list(slot.unwrapped().values())
    pictures = 0
    for before, after in pairwise(packets):
        step = rtp.signed32(after.timestamp - before.timestamp)
        is_same = before.payload.rsplit(b".", 1)[0] == after.payload.rsplit(b".", 1)[0]
        # A frame goes out a second time only from its start on, in a slot that was put together anew.
        assert step > 0 or is_same
        assert step == 0 or not is_same or after.payload.endswith(b".0")
        assert step >= 0
        moved = (after.picture - before.picture) & 0x7FFF
        assert moved <= 60, "a picture id jumps or goes back"
        assert (moved == 0) == (step == 0)
        assert (after.index - before.index) & 0xFF <= 60
        pictures += moved
    assert pictures <= 60 * 2


@settings(max_examples=50, deadline=None)
@given(HISTORIES)
def test_without_loss_only_a_frame_cut_off_by_a_switch_leaves_a_gap_and_it_is_one_number(
    history: list[Step],
) -> None:
    slot = Slot()
    slot.consumer.attach(slot.cameras[0].producer, slot.now_ns)
    for step in history:
        if step[0] == "frame":
            # At most the end of a frame is late, and so cut off if the slot is switched meanwhile.
            ends = "late" if "twice" in step[3] or "late" in step[3] else "comes"
            step = (*step[:3], ["comes", ends])
        slot.play([step])
    found = slot.unwrapped()
    for (number, before), (following, after) in pairwise(found.items()):
        assert following - number == 1 or (following - number == 2 and not before.is_end)
        if following - number == 1:
            frame, index = after.payload.rsplit(b".", 1)
            assert before.is_end == (index == b"0")
            assert (after.picture - before.picture) & 0x7FFF == before.is_end
            assert before.is_end or before.payload.startswith(frame)


@settings(max_examples=60, deadline=None)
@given(HISTORIES, st.sampled_from([None, 97]))
def test_a_nack_brings_back_exactly_the_packet_of_that_number(
    history: list[Step],
    rtx: int | None,
) -> None:
    slot = Slot(rtx=rtx)
    slot.consumer.attach(slot.cameras[0].producer, slot.now_ns)
    slot.play(history)
    first = slot.unwrapped()
    slot.sent.clear()
    numbers = list(first)
    random.Random(len(numbers)).shuffle(numbers)
    for number in numbers[:20]:
        slot.now_ns += SECOND
        before = len(slot.sent)
        slot.consumer.nack((number & 0xFFFF,), slot.now_ns)
        for again in slot.sent[before:]:
            assert again.ssrc == (8 if rtx else 7)
            assert (again.sequence, again.timestamp, again.is_end, again.picture, again.index) == (
                first[number].sequence, first[number].timestamp, first[number].is_end,
                first[number].picture, first[number].index,
            )  # fmt: skip
            assert again.payload == first[number].payload
    switches = sum(step[0] in ("select", "attach", "pause") for step in history)
    if switches < 15 and numbers and max(numbers) - min(numbers) < 110:
        assert len(slot.sent) == len(numbers[:20])
    # A number that stayed free belongs to nobody.
    slot.sent.clear()
    free = [
        number for number in range(min(numbers, default=0), max(numbers, default=0)) if number not in first
    ]
    cut = [number for number in free if number - 1 in first and not first[number - 1].is_end]
    slot.now_ns += 10 * SECOND
    for number in cut:
        slot.consumer.nack((number & 0xFFFF,), slot.now_ns)
    for again in slot.sent:
        number = next(each for each in cut if each & 0xFFFF == again.sequence)
        assert again.timestamp == first[number - 1].timestamp, "a packet of another stream under this number"


def test_a_frame_cut_off_by_a_switch_costs_one_number_that_belongs_to_nobody() -> None:
    slot = Slot()
    slot.consumer.attach(slot.cameras[0].producer, slot.now_ns)
    slot.frame(0, is_key=True)
    slot.frame(0, fates=("comes", "late"))
    slot.consumer.attach(slot.cameras[1].producer, slot.now_ns)
    slot.frame(1, is_key=True)
    slot.frame(0)  # the end of the frame is in the cache now
    steps = [(after.sequence - before.sequence) & 0xFFFF for before, after in pairwise(slot.sent)]
    assert steps == [1, 2]
    assert (slot.sent[2].picture - slot.sent[1].picture) & 0x7FFF == 1
    assert slot.consumer.nack(((slot.sent[1].sequence + 1) & 0xFFFF,), slot.now_ns) == (0, 1)


def test_what_comes_late_of_the_time_before_a_switch_is_dropped_and_can_still_be_asked_for() -> None:
    slot = Slot()
    slot.consumer.attach(slot.cameras[0].producer, slot.now_ns)
    slot.frame(0, is_key=True)
    slot.frame(0, fates=("comes", "late", "comes"))
    before = list(slot.sent)
    slot.consumer.attach(slot.cameras[1].producer, slot.now_ns)
    slot.frame(1, is_key=True)
    missing = (before[1].sequence + 1) & 0xFFFF
    assert slot.consumer.nack((missing,), slot.now_ns) == (0, 1)
    slot.frame(0)
    assert [packet.payload for packet in slot.sent[len(before) :]] == [b"1.0.0.0"]
    assert slot.consumer.nack((missing,), slot.now_ns) == (1, 0)
    again = slot.sent[-1]
    assert (again.sequence, again.timestamp, again.picture) == (
        missing, before[1].timestamp, before[1].picture
    )  # fmt: skip
    assert again.payload == b"0.0.1.1"


def test_a_packet_the_relay_is_waiting_for_itself_goes_out_when_it_comes_and_only_once() -> None:
    slot = Slot(rtx=97)
    slot.consumer.attach(slot.cameras[0].producer, slot.now_ns)
    slot.frame(0, is_key=True)
    slot.frame(0, fates=("comes", "late", "comes"))
    missing = (slot.sent[-1].sequence - 1) & 0xFFFF
    assert slot.consumer.nack((missing,), slot.now_ns) == (0, 0)
    slot.frame(0, fates=("twice",))
    assert slot.sent[-1].sequence == missing
    assert slot.sent[-1].ssrc == 7
    slot.unwrapped()


def test_a_key_frame_whose_start_was_lost_on_the_way_here_goes_out_whole_when_it_comes() -> None:
    slot = Slot()
    slot.consumer.attach(slot.cameras[0].producer, slot.now_ns)
    slot.frame(0, is_key=True)
    slot.consumer.attach(slot.cameras[0].producer, slot.now_ns)
    slot.frame(0, is_key=True, fates=("late", "comes", "comes"))
    slot.frame(0)
    assert [packet.payload for packet in slot.sent[1:]] == [b"0.0.1.0", b"0.0.1.1", b"0.0.1.2", b"0.0.2.0"]
    assert len(slot.unwrapped()) == len(slot.sent)


def test_a_packet_that_comes_too_late_for_its_own_number_goes_by_rtx_or_not_at_all() -> None:
    for rtx, expected in ((97, [8]), (None, [])):
        slot = Slot(rtx=rtx)
        slot.consumer.attach(slot.cameras[0].producer, slot.now_ns)
        slot.frame(0, is_key=True)
        camera = slot.cameras[0]
        late = camera.packets(0, 1, False)[0]
        for _ in range(130):
            slot.put(camera, 0, camera.packets(0, 1, False)[0])
        slot.sent.clear()
        slot.put(camera, 0, late)
        assert [packet.ssrc for packet in slot.sent] == expected


def test_pictures_of_seven_bits_run_on_in_fifteen_past_their_wrap_and_into_another_source() -> None:
    slot = Slot(is_short=True)
    slot.consumer.attach(slot.cameras[1].producer, slot.now_ns)
    for number in range(6):
        slot.frame(1, is_key=number == 0)
    slot.consumer.attach(slot.cameras[0].producer, slot.now_ns)
    for number in range(20):
        slot.frame(0, is_key=number == 0)
    slot.consumer.attach(slot.cameras[1].producer, slot.now_ns)
    slot.frame(1, is_key=True)
    pictures = [packet.picture for packet in slot.sent]
    assert len(pictures) == 27
    assert {(after - before) & 0x7FFF for before, after in pairwise(pictures)} == {1}
    assert [(after.index - before.index) & 0xFF for before, after in pairwise(slot.sent)] == [1] * 26


def reported(slot: Slot, number: int, at_ns: int) -> None:
    """Give both layers the publisher's report that frame 0 was captured at this moment."""
    for rank, encoding in enumerate(slot.cameras[number].producer.encodings):
        ntp = ((at_ns // SECOND + 1000) << 32) | ((at_ns % SECOND << 32) // SECOND)
        timestamp = (2**32 - 9000 * (rank + 1)) & 0xFFFFFFFF
        encoding.sender_report(rtcp.SenderReport(100 * number + rank, ntp, timestamp, 1, 1), at_ns)


@pytest.mark.parametrize("held_back", [0, 70])
def test_layers_are_joined_by_the_moments_they_show_and_not_by_when_they_arrive(held_back: int) -> None:
    slot = Slot()
    slot.consumer.attach(slot.cameras[0].producer, slot.now_ns)
    slot.frame(0, is_key=True)
    reported(slot, 0, slot.now_ns)
    for _ in range(4):
        slot.frame(0)
    slot.consumer.select(slot.consumer.producer.encodings[1], slot.now_ns)  # type: ignore[union-attr]
    slot.now_ns += held_back * MILLISECOND
    slot.frame(0, is_key=True)
    steps = [rtp.signed32(after.timestamp - before.timestamp) for before, after in pairwise(slot.sent)]
    # The same moment in the smaller layer came just before; then the larger follows at once.
    assert slot.sent[-1].payload.startswith(b"0.1.")
    assert steps[:-1] == [3600] * 5
    assert steps[-1] == 1


def test_before_the_publisher_has_reported_layers_are_joined_by_the_wall_clock() -> None:
    slot = Slot()
    slot.consumer.attach(slot.cameras[0].producer, slot.now_ns)
    slot.frame(0, is_key=True)
    slot.consumer.select(slot.consumer.producer.encodings[1], slot.now_ns)  # type: ignore[union-attr]
    slot.cameras[0].producer.encodings[0].subscribers.clear()
    slot.cameras[0].producer.encodings[0].subscribers.append(slot.consumer)
    slot.now_ns += 960 * MILLISECOND
    camera = slot.cameras[0]
    slot.put(camera, 1, camera.packets(1, 1, True)[0])
    assert rtp.signed32(slot.sent[-1].timestamp - slot.sent[-2].timestamp) == 960 * 90


def test_a_slot_that_was_muted_for_a_minute_goes_on_a_minute_later() -> None:
    slot = Slot()
    slot.consumer.attach(slot.cameras[0].producer, slot.now_ns)
    slot.frame(0, is_key=True)
    slot.cameras[0].producer.allowed = False
    slot.frame(0)
    slot.now_ns += 60 * SECOND
    slot.cameras[0].producer.allowed = True
    slot.frame(0, is_key=True)
    before, after = slot.sent
    assert after.sequence == (before.sequence + 1) & 0xFFFF
    assert rtp.signed32(after.timestamp - before.timestamp) == (60_000 + 80) * 90
    assert (after.picture - before.picture) & 0x7FFF == 1
