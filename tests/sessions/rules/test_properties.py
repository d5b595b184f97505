"""What always holds of any evidence (section 8 of the contract)."""

import copy
from itertools import pairwise
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.sessions.rules import corpus
from tests.sessions.rules.builders import run
from tests.sessions.rules.oracle import iso, sec, seconds
from tests.sessions.rules.strategies import pairs

few = settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
anything = corpus.some("documents", "worlds")
PAIR_LISTS = ("breaks", "incidents", "presence", "audio_only", "camera_off")


def lists_of(document: dict[str, Any]) -> list[tuple[dict[str, Any], str]]:
    """Find every list of pairs in a document, as its holder and key."""
    holders = [
        holder
        for session in document["sessions"]
        for holder in (session, *session["facilitators"], *session["patients"])
    ]
    return [(holder, key) for holder in holders for key in PAIR_LISTS if key in holder]


@few
@given(anything)
def test_billed_is_within_credited_is_within_delivered(document):
    for session in run(document)["sessions"]:
        for mine in session["patients"]:
            assert mine["billable_min"] <= mine["credited_min"] <= session["delivered_seconds"] // 60
            assert 0 <= mine["strict_seconds"] <= mine["qualified_seconds"]
            assert 0 <= mine["ratio"] <= 1


@few
@given(anything)
def test_a_timeline_covers_its_window_without_holes(document):
    for session in run(document)["sessions"]:
        for mine in session["patients"]:
            pieces = mine["timeline"]
            if session["window"] is None:
                assert pieces == []
                continue
            assert [pieces[0]["from"], pieces[-1]["to"]] == session["window"]
            for one, other in pairwise(pieces):
                assert one["to"] == other["from"]
                assert one["kind"] != other["kind"]
            kept = (piece for piece in pieces if piece["kind"] in ("credited", "bridged"))
            assert sum(sec(piece["to"]) - sec(piece["from"]) for piece in kept) == mine["qualified_seconds"]


@few
@given(anything)
def test_nobody_is_credited_twice_for_a_second(document):
    result = run(document)
    for name in {one["id"] for session in document["sessions"] for one in session["patients"]}:
        qualified, present = 0, set()
        for session, judged in zip(document["sessions"], result["sessions"], strict=True):
            for one, mine in zip(session["patients"], judged["patients"], strict=True):
                if one["id"] == name and mine["status"] != "CANCELLED_BY_PROGRAM":
                    qualified += mine["qualified_seconds"]
                    inside = seconds(one["presence"])
                    bridged = (piece for piece in mine["timeline"] if piece["kind"] == "bridged")
                    present |= inside | seconds([[piece["from"], piece["to"]] for piece in bridged])
        assert qualified <= len(present)


@few
@given(anything, st.data())
def test_the_order_and_number_of_pairs_say_nothing(document, data):
    before = run(document)
    other = copy.deepcopy(document)
    for holder, key in lists_of(other):
        repeated = holder[key] + data.draw(
            st.lists(st.sampled_from(holder[key]), max_size=2) if holder[key] else st.just([])
        )
        holder[key] = data.draw(st.permutations(repeated))
    assert run(other) == before


@few
@given(anything, st.data())
def test_splitting_a_pair_anywhere_changes_nothing(document, data):
    before = run(document)
    other = copy.deepcopy(document)
    for holder, key in lists_of(other):
        cut: list[list[str]] = []
        for start, end in holder[key]:
            middle = iso(data.draw(st.integers(sec(start), sec(end))))
            cut += [[start, middle], [middle, end]]
        holder[key] = cut
    assert run(other) == before


@few
@given(anything, st.data())
def test_a_second_device_inside_an_interval_changes_nothing(document, data):
    before = run(document)
    other = copy.deepcopy(document)
    for holder, key in lists_of(other):
        if key == "presence" and holder[key]:
            start, end = data.draw(st.sampled_from(holder[key]))
            inside = sorted(data.draw(st.tuples(*[st.integers(sec(start), sec(end))] * 2)))
            holder[key] = [*holder[key], [iso(edge) for edge in inside]]
    assert run(other) == before


@few
@given(anything, st.integers(-23, 23), st.sampled_from([0, 30, 45]))
def test_the_offset_of_a_time_says_nothing(document, hours, minutes):
    assert run(_in_offset(document, hours, minutes)) == run(document)


def _in_offset(value: Any, hours: int, minutes: int) -> Any:
    from datetime import datetime, timedelta, timezone

    if isinstance(value, dict):
        return {key: _in_offset(one, hours, minutes) for key, one in value.items()}
    if isinstance(value, list):
        return [_in_offset(one, hours, minutes) for one in value]
    if isinstance(value, str) and value.endswith("Z") and "T" in value:
        zone = timezone(timedelta(hours=hours, minutes=minutes))
        return datetime.fromisoformat(value).astimezone(zone).isoformat()
    return value


@few
@given(anything, pairs, st.data())
def test_adding_presence_never_lowers_credit_by_more_than_bridging_gave(document, pair, data):
    opened = [index for index, one in enumerate(document["sessions"]) if one["opened_at"] and one["patients"]]
    if not opened:
        return
    index = data.draw(st.sampled_from(opened))
    before = run(document)["sessions"][index]["patients"][0]
    more = copy.deepcopy(document)
    session = more["sessions"][index]
    # Half of the time close to the session, wherever it lies.
    start = sec(session["opened_at"]) + data.draw(st.integers(-300, 2100))
    near = [iso(start), iso(start + data.draw(st.sampled_from([0, 1, 60, 119, 600, 2400])))]
    session["patients"][0]["presence"].append(data.draw(st.sampled_from([near, pair])))
    after = run(more)["sessions"][index]["patients"][0]
    bridged = (piece for piece in before["timeline"] if piece["kind"] == "bridged")
    given_by_bridging = sum(sec(piece["to"]) - sec(piece["from"]) for piece in bridged)
    assert after["qualified_seconds"] >= before["qualified_seconds"] - given_by_bridging
