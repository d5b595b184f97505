"""What a subscriber is sent when a slot changes its camera while packets are late or missing."""

from itertools import pairwise

from tests.relay.one_slot import Slot


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
