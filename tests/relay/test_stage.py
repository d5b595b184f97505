"""Who is among the few whose picture is carried, and that it does not flap."""

from hypothesis import given, settings
from hypothesis import strategies as st

from realtime.relay.clock import SECOND
from realtime.relay.downlink.stage import STAYS_NS, Candidate, Importance, choose

names = st.sampled_from("abcdefgh")
rooms = st.lists(
    st.builds(
        Candidate,
        names,
        st.sampled_from(Importance),
        st.one_of(st.none(), st.integers(0, 100).map(lambda second: second * SECOND)),
    ),
    unique_by=lambda candidate: candidate.participant,
    max_size=8,
)


def visible(*participants: str) -> list[Candidate]:
    return [Candidate(each, Importance.VISIBLE) for each in participants]


def test_the_first_to_come_are_in_and_stay() -> None:
    stage = choose({}, visible("a", "b", "c"), size=2, now_ns=0)
    assert set(stage) == {"a", "b"}
    assert set(choose(stage, visible("c", "b", "a"), size=2, now_ns=100 * SECOND)) == {"a", "b"}


def test_who_speaks_comes_in_for_who_has_been_silent_longest() -> None:
    people = [
        Candidate("a", Importance.VISIBLE, 1 * SECOND),
        Candidate("b", Importance.VISIBLE, 5 * SECOND),
        Candidate("c", Importance.SPEAKING, 20 * SECOND),
    ]
    assert set(choose({"a": 0, "b": 0}, people, size=2, now_ns=20 * SECOND)) == {"b", "c"}


def test_nobody_is_replaced_before_others_had_time_to_look_but_a_pin_has_effect_at_once() -> None:
    speaking = [*visible("a"), Candidate("b", Importance.SPEAKING, 0)]
    assert set(choose({"a": 0}, speaking, size=1, now_ns=STAYS_NS - 1)) == {"a"}
    assert set(choose({"a": 0}, speaking, size=1, now_ns=STAYS_NS)) == {"b"}
    pinned = [*visible("a"), Candidate("b", Importance.PINNED)]
    assert set(choose({"a": 0}, pinned, size=1, now_ns=1)) == {"b"}


@settings(max_examples=50, deadline=None)
@given(st.lists(rooms, max_size=12), st.integers(0, 4), st.integers(0, 3 * SECOND))
def test_all_places_are_used_and_nobody_goes_without_a_reason(
    moments: list[list[Candidate]], size: int, step_ns: int
) -> None:
    stage: dict[str, int] = {}
    now_ns = 0
    for people in moments:
        now_ns += step_ns
        before, stage = stage, choose(stage, people, size=size, now_ns=now_ns)
        present = {each.participant: each for each in people}
        assert len(stage) == min(size, len(people))
        assert set(stage) <= set(present)
        arrived = [present[name].importance for name in stage if name not in before]
        for name, since in before.items():
            if name in present and name not in stage:
                # Replaced: by somebody more important, and not at once unless that one is pinned.
                assert max(arrived) > present[name].importance
                assert now_ns - since >= STAYS_NS or Importance.PINNED in arrived
