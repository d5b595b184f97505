"""When a key frame is asked for: at once, until it comes, and not more often than pictures can bear."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from realtime.relay.clock import MILLISECOND, SECOND
from realtime.relay.uplink.keyframes import (
    LOW_THROTTLE_NS,
    MAX_PER_REQUESTER,
    REQUESTER_WINDOW_NS,
    KeyframeGovernor,
)

ROUND_TRIP_NS = 50 * MILLISECOND
TICK_NS = 20 * MILLISECOND


def asked(
    governor: KeyframeGovernor, first_ms: int, until_ms: int, round_trip_ns: int = ROUND_TRIP_NS
) -> list[int]:
    """Return the milliseconds at which a ticking clock asks."""
    return [
        at_ms
        for at_ms in range(first_ms, until_ms, 20)
        if governor.is_due(at_ms * MILLISECOND, round_trip_ns)
    ]


def test_it_asks_at_once_and_again_until_the_key_frame_is_seen() -> None:
    governor = KeyframeGovernor(LOW_THROTTLE_NS)
    assert asked(governor, 0, 1000) == []
    governor.want(SECOND)
    assert asked(governor, 1000, 1700) == [1000, 1200, 1400, 1600]
    governor.seen()
    assert asked(governor, 1700, 5000) == []


def test_a_long_way_is_asked_less_often_but_every_second() -> None:
    governor = KeyframeGovernor(LOW_THROTTLE_NS)
    governor.want(0)
    assert asked(governor, 0, 2000, 300 * MILLISECOND) == [0, 600, 1200, 1800]
    assert asked(governor, 2000, 6000, 3 * SECOND) == [2800, 3800, 4800, 5800]


def test_who_does_not_answer_is_asked_once_a_second() -> None:
    governor = KeyframeGovernor(LOW_THROTTLE_NS)
    governor.want(0)
    assert asked(governor, 0, 4000) == [0, 200, 400, 600, 800, 1800, 2800, 3800]
    governor.seen()
    governor.want(5 * SECOND)
    assert asked(governor, 5000, 5300) == [5000, 5200]


def test_a_wish_right_after_a_key_frame_waits_for_the_throttle_and_is_not_forgotten() -> None:
    governor = KeyframeGovernor(LOW_THROTTLE_NS)
    governor.want(0)
    assert governor.is_due(0, ROUND_TRIP_NS)
    governor.seen()
    governor.want(100 * MILLISECOND)
    assert asked(governor, 100, 600) == [500]


def test_newcomers_within_an_episode_are_part_of_it() -> None:
    governor = KeyframeGovernor(LOW_THROTTLE_NS)
    for at_ms in range(0, 180, 20):
        governor.want(at_ms * MILLISECOND, f"newcomer {at_ms}")
    assert asked(governor, 0, 180) == [0]
    governor.seen()
    assert asked(governor, 180, 2000) == []


def test_one_requester_may_begin_three_in_ten_seconds_and_the_fourth_waits() -> None:
    governor = KeyframeGovernor(LOW_THROTTLE_NS)
    at_ms = 0
    for _ in range(MAX_PER_REQUESTER):
        governor.want(at_ms * MILLISECOND, "hopeless")
        assert asked(governor, at_ms, at_ms + 20) == [at_ms]
        governor.seen()
        at_ms += 1000
    governor.want(at_ms * MILLISECOND, "hopeless")
    assert governor.has_work
    assert asked(governor, at_ms, 9980) == []
    assert asked(governor, 9980, 10_100) == [10_000]


def test_what_one_requester_may_not_another_may() -> None:
    governor = KeyframeGovernor(LOW_THROTTLE_NS)
    for at_ms in range(0, 4000, 1000):
        governor.want(at_ms * MILLISECOND, "hopeless")
        governor.is_due(at_ms * MILLISECOND, ROUND_TRIP_NS)
        governor.seen()
    governor.want(3500 * MILLISECOND, "newcomer")
    assert asked(governor, 3500, 3600) == [3500]


def test_another_source_is_asked_at_once() -> None:
    governor = KeyframeGovernor(LOW_THROTTLE_NS)
    governor.want(0)
    assert governor.is_due(0, ROUND_TRIP_NS)
    governor.restart()
    assert governor.is_due(TICK_NS, ROUND_TRIP_NS)


@given(
    st.lists(st.tuples(st.integers(0, 400), st.sampled_from(["want", "seen", "tick", "tick"])), max_size=200)
)
def test_episodes_are_a_throttle_apart_and_no_requester_exceeds_its_budget(
    steps: list[tuple[int, str]],
) -> None:
    governor = KeyframeGovernor(LOW_THROTTLE_NS)
    now_ms, is_open = 0, False
    began: list[int] = []
    for wait_ms, step in steps:
        now_ms += wait_ms
        if step == "want":
            governor.want(now_ms * MILLISECOND, "one")
        elif step == "seen":
            governor.seen()
            is_open = False
        elif governor.is_due(now_ms * MILLISECOND, ROUND_TRIP_NS) and not is_open:
            is_open = True
            began.append(now_ms)
    assert all((after - before) * MILLISECOND >= LOW_THROTTLE_NS for before, after in pairwise(began))
    beyond = zip(began, began[MAX_PER_REQUESTER:], strict=False)
    # A wish is counted when it is made; its episode begins at the next tick that the throttle allows.
    window = REQUESTER_WINDOW_NS - LOW_THROTTLE_NS - 400 * MILLISECOND
    assert all((after - before) * MILLISECOND >= window for before, after in beyond)
