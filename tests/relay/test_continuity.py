"""Properties of a slot over whole histories: switches of source and layer, mutes, losses, disorder, wraps."""

import random
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from realtime.relay.clock import SECOND
from realtime.relay.packets import rtp
from tests.relay.one_slot import Slot, Step

FATES = ("comes", "comes", "comes", "comes", "lost", "late", "twice")


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
