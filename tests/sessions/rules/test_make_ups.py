"""The fewest sessions that cover what a week lacks, the soonest first."""

from itertools import combinations, pairwise

from hypothesis import given
from hypothesis import strategies as st

from sessions.rules.weekly.make_ups import MOST_MAKE_UPS, MakeUpOption, best_make_ups


def option(name: str, start: int, minutes: int = 60) -> MakeUpOption:
    return MakeUpOption(name, start * 60, (start + minutes) * 60, minutes)


def ids(options: list[MakeUpOption], deficit: int) -> str:
    return "".join(one.id for one in best_make_ups(options, deficit))


def test_one_session_that_covers_is_better_than_two_that_come_sooner() -> None:
    options = [option("a", 0), option("b", 100), option("c", 500, 120)]
    assert ids(options, 26) == "a"
    assert ids(options, 61) == "c"
    assert ids(options, 121) == "ac"


def test_of_equally_many_the_soonest_are_taken() -> None:
    assert ids([option("c", 300), option("a", 0), option("b", 100)], 120) == "ab"


def test_sessions_that_overlap_are_never_both_taken() -> None:
    options = [option("a", 0, 90), option("b", 60, 90), option("c", 200, 60)]
    assert ids(options, 150) == "ac"
    assert ids([option("a", 0, 90), option("b", 60, 90)], 150) == ""


def test_sessions_that_touch_may_follow_each_other() -> None:
    assert ids([option("a", 0), option("b", 60)], 120) == "ab"


def test_at_the_same_time_the_longer_credit_counts_then_the_smaller_id() -> None:
    short = MakeUpOption("a", 0, 3600, 50)
    assert ids([short, MakeUpOption("c", 0, 3600, 60), MakeUpOption("b", 0, 3600, 60)], 10) == "b"


def test_nothing_covers_more_than_there_is() -> None:
    assert best_make_ups([], 1) == ()
    assert ids([option(str(day), day * 100) for day in range(6)], 60 * (MOST_MAKE_UPS + 1)) == ""
    assert ids([option("a", 0)], 61) == ""


OPTIONS = st.lists(
    st.builds(
        option,
        st.sampled_from("abcdefgh"),
        st.integers(0, 12).map(lambda n: n * 30),
        st.sampled_from([30, 60, 90]),
    ),
    max_size=7,
    unique_by=lambda one: one.id,
)


@given(options=OPTIONS, deficit=st.integers(1, 300))
def test_no_smaller_set_covers_the_deficit(options: list[MakeUpOption], deficit: int) -> None:
    found = best_make_ups(options, deficit)
    fitting = [
        chosen
        for size in range(1, MOST_MAKE_UPS + 1)
        for chosen in combinations(sorted(options, key=lambda one: one.start), size)
        if sum(one.minutes for one in chosen) >= deficit
        and all(one.end <= other.start for one, other in pairwise(chosen))
    ]
    if not fitting:
        assert found == ()
        return
    fewest = min(len(chosen) for chosen in fitting)
    assert len(found) == fewest
    assert sum(one.minutes for one in found) >= deficit
    assert found[0].start == min(chosen[0].start for chosen in fitting if len(chosen) == fewest)
