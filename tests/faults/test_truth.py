"""The oracle itself, by hand: what must be counted and what may be."""

from __future__ import annotations

from tests.faults.counting import count, runs, table
from tests.faults.plan import make_plan
from tests.faults.simulated_time import Clocks
from tests.faults.truth import Truth, Witnessed


def a_truth(*packets: float, ended: float | None = 100, admitted: float = 0) -> tuple[Truth, Witnessed]:
    truth = Truth(Clocks(), opened=0, ended=ended)
    truth.of("p").admitted.append(admitted)
    line = truth.on("p", "boot", "c")
    for at in packets:
        line.saw(round(at * 1000), at)
    return truth, line


def must(truth: Truth) -> list[tuple[int, int]]:
    return runs(truth.must_count("p"))


def may(truth: Truth) -> list[tuple[int, int]]:
    return runs(truth.may_count("p"))


def test_presence_lasts_from_packet_to_packet_and_ten_seconds_split_it() -> None:
    truth, _ = a_truth(20, 29.9, 40, 50, 59)
    assert must(truth) == may(truth) == [(20, 29), (50, 59)]


def test_presence_begins_at_an_admission_shortly_before() -> None:
    truth, _ = a_truth(20, 25, admitted=15)
    assert must(truth) == [(15, 25)]
    truth, _ = a_truth(20, 25, admitted=5)
    assert must(truth) == [(20, 25)]


def test_a_connection_that_is_not_silent_at_the_end_lasts_to_the_end() -> None:
    truth, _ = a_truth(85, 93)
    assert must(truth) == may(truth) == [(85, 100)]


def test_a_connection_that_its_owner_closed_ends_with_its_last_packet() -> None:
    truth, line = a_truth(85, 93)
    line.own_closes.append(94_000)
    assert must(truth) == may(truth) == [(85, 93)]


def test_whether_a_relay_that_died_would_have_closed_it_nobody_knows() -> None:
    truth, line = a_truth(85, 93)
    line.died_at = 94_000
    assert (must(truth), may(truth)) == ([(85, 93)], [(85, 100)])


def test_a_removal_ends_presence_at_its_instant() -> None:
    truth, _ = a_truth(20, 25, 30, 35, 40)
    truth.of("p").removed.append(32)
    assert must(truth) == may(truth) == [(20, 32)]


def test_what_a_relay_dated_by_an_old_clock_may_but_need_not_count() -> None:
    truth = Truth(Clocks(), opened=0, ended=500)
    truth.of("p").admitted.append(0)
    line = truth.on("p", "boot", "c")
    truth.clocks.ms = 25_000
    truth.clocks.step(30_000)
    for at in (20, 24, 26, 30):
        line.saw(at * 1000, at)
    assert (must(truth), may(truth)) == ([(20, 30)], [(20, 60)])


def test_a_session_never_opened_has_no_presence() -> None:
    truth, _ = a_truth(20, 25)
    truth.opened = None
    assert must(truth) == may(truth) == []


def test_seconds_are_called_lost_invented_or_twice() -> None:
    found = count("p", must=range(10, 20), may=range(10, 22), spans=[(12, 24), (20, 24)])
    assert (found.lost, found.invented, found.twice) == (2, 2, 4)
    assert not found.is_right


def test_a_plan_is_its_seed_and_can_be_told() -> None:
    assert make_plan(3) == make_plan(3)
    assert make_plan(3) != make_plan(4)
    assert "FAULT" in make_plan(3).story()
    assert "FAULT" not in make_plan(3, with_faults=False).story()


def test_a_table_is_aligned() -> None:
    assert table([("a", 1), ("bbb", 22)], ("who", "s")).splitlines() == ["who  s", "a    1", "bbb  22"]
