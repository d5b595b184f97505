"""The live command's arithmetic: what it calls lost, invented and counted twice, and how it exits."""

from __future__ import annotations

from typing import Any

import pytest

from tests.faults.counting import table
from tests.faults.live_plan import make_live_plan
from tests.faults.live_verdict import HEADS, Outcome, Sent, exit_code, judge_live

T0 = 1_772_640_000
PACKETS = tuple(T0 + 60 + each / 2 for each in range(240))  # a minute in, two minutes long


def ledger(*spans: tuple[float, float], **changes: Any) -> dict[str, Any]:
    return {
        "state": "ENDED",
        "is_final": True,
        "final_after": 1.25,
        "is_chain_whole": True,
        "decisions": [["opened", T0, "t"], ["admitted", T0 + 58, "p"], ["ended", T0 + 600, "t"]],
        "presence": {"p": [[T0 + a, T0 + b] for a, b in spans]},
        "journals": {"boot": [1, 2, 3]},
        "cursors": {"boot": 3},
        "credited": {"p": sum(round(b - a) for a, b in spans)},
        **changes,
    }


def judged(*spans: tuple[float, float], ended_at: float | None = None, **changes: Any) -> Outcome:
    sent = [Sent("p", "boot", "c", PACKETS, ended_at)]
    return judge_live(name="1", faults="none", sent=sent, ledger=ledger(*spans, **changes), patients=["p"])


def test_all_seconds_counted_is_right() -> None:
    outcome = judged((58, 179))
    (each,) = outcome.counts
    assert (each.true, each.counted, each.lost, each.invented, each.twice) == (121, 121, 0, 0, 0)
    assert outcome.is_right


def test_ten_seconds_may_be_lost_and_eleven_may_not() -> None:
    assert judged((58, 169)).is_right
    outcome = judged((58, 168))
    assert (outcome.counts[0].lost, outcome.is_right) == (11, False)


def test_a_second_at_each_edge_is_the_measures_own_and_more_is_invented() -> None:
    assert judged((57, 180)).is_right
    outcome = judged((58, 185))
    assert (outcome.counts[0].invented, outcome.is_right) == (5, False)


def test_seconds_that_stand_in_two_spans_are_counted_twice() -> None:
    outcome = judged((58, 120), (110, 179))
    assert (outcome.counts[0].twice, outcome.is_right) == (10, False)


def test_somebody_whom_the_ledger_does_not_know_has_lost_everything() -> None:
    assert judged().counts[0].lost == 121


def test_a_silence_of_ten_seconds_is_no_presence() -> None:
    packets = (*range(T0 + 60, T0 + 100), *range(T0 + 120, T0 + 180))
    sent = [Sent("p", "boot", "c", packets)]
    outcome = judge_live(name="1", faults="", sent=sent, ledger=ledger((58, 99), (120, 179)), patients=["p"])
    assert outcome.is_right
    assert outcome.counts[0].true == 100


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"state": "OPEN"}, "the session is OPEN"),
        ({"is_final": False}, "the result is not final"),
        ({"is_chain_whole": False}, "the chain is broken"),
        ({"journals": {"boot": [1, 2, 2]}}, "facts of boot are stored twice"),
        ({"cursors": {"boot": 2}}, "the cursor of boot is behind its facts"),
    ],
)
def test_a_ledger_that_is_not_in_order_is_wrong_whatever_the_seconds(
    changes: dict[str, Any], said: str
) -> None:
    outcome = judged((58, 179), **changes)
    assert outcome.problems == (said,)
    assert not outcome.is_right


def test_the_exit_status_is_the_rules() -> None:
    right, wrong = judged((58, 179)), judged((58, 160))
    assert [exit_code([right]), exit_code([right, wrong]), exit_code([])] == [0, 1, 2]


def test_the_table_has_a_line_for_each_schedule() -> None:
    lines = table([judged((58, 174)).row], HEADS).splitlines()
    assert len(lines) == 2
    assert lines[1].split() == ["1", "none", "121", "116", "116", "5", "(5)", "0", "0", "1.2", "right"]
    assert judged((58, 174), final_after=None).row[-2] == "never"


def test_one_seed_is_one_live_plan() -> None:
    assert make_live_plan(7, 3) == make_live_plan(7, 3)
    assert make_live_plan(7, 3) != make_live_plan(8, 3)
    assert all(fault.at_seconds + fault.lasts_seconds < 100 for fault in make_live_plan(7, 3).faults)
