"""The time that a slot tells its subscriber: from layer to layer, and over a pause."""

from itertools import pairwise

import pytest

from realtime.relay.clock import MILLISECOND, SECOND
from realtime.relay.packets import rtcp, rtp
from tests.relay.one_slot import Slot


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
    for each in list(slot.cameras[0].producer.encodings[0].subscribers):
        slot.cameras[0].producer.encodings[0].subscribers.remove(each)
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
