"""Incidents: what counts as a failure of our side, from when to when, and whom it touched."""

from __future__ import annotations

import pytest

from sessions.rules.presence.incidents import Incident, find_incidents
from sessions.rules.presence.routine import reduced
from tests.sessions.rules.ledger import Ledger, t


def found(ledger: Ledger, as_of: str = "15:00") -> list[str]:
    """Give each incident as `kind start-end people`, the same from all facts and from what credit reads."""
    results = [
        find_incidents(facts, silence_split_sec=10, as_of=t(as_of))
        for facts in (ledger.facts, reduced(ledger.facts), list(reversed(ledger.facts)))
    ]
    assert results[0] == results[1] == results[2]
    return [words(one) for one in results[0]]


def words(one: Incident) -> str:
    people = "".join(sorted(one.participants))
    return f"{one.kind.value} {one.began_at:%H:%M:%S}-{one.ended_at:%H:%M:%S} {people}"


def group(people: str, *, until: str = "14:30") -> Ledger:
    """Open a room at 14:00 with a facilitator `f` among `people`, all seen by relay r1."""
    ledger = Ledger().web("opened", "14:00", "f")
    for person in people:
        ledger.admitted("14:00", person, "facilitator" if person == "f" else "patient")
        ledger.first("14:00", person, f"c{person}")
        ledger.beat("14:00:05", person, f"c{person}").beat(until, person, f"c{person}")
    return ledger


def relay_dies(ledger: Ledger, people: str, *, last: str = "14:30", reason: str = "boot_ended") -> Ledger:
    for person in people:
        ledger.closed(last, last, reason, person, f"c{person}", inferred=reason == "boot_ended")
    return ledger


def falls_silent(ledger: Ledger, person: str, last: str, noticed: str) -> Ledger:
    return ledger.beat(last, person, f"c{person}").silent(noticed, last, person, f"c{person}")


def test_a_relay_that_dies_is_an_incident_until_most_are_back() -> None:
    ledger = relay_dies(group("fab"), "fab")
    ledger.first("14:30:40", "f", "n1", "r2").first("14:31", "a", "n2", "r2")
    ledger.first("14:33", "b", "n3", "r2")
    assert found(ledger) == ["relay_death 14:30:00-14:31:00 abf"]


def test_it_begins_with_the_first_who_was_cut_off() -> None:
    ledger = group("fa").beat("14:30:04", "f", "cf")
    ledger.closed("14:30:04", "14:30:04", "boot_ended", "f", "cf", inferred=True)
    relay_dies(ledger, "a").first("14:31", "a", "n", "r2").first("14:32", "f", "m", "r2")
    assert found(ledger) == ["relay_death 14:30:00-14:32:00 af"]


def test_whoever_was_silent_already_was_not_cut_off_by_it() -> None:
    ledger = falls_silent(group("fab"), "b", "14:30", "14:30:10")
    for person in "fa":
        ledger.beat("14:40", person, f"c{person}")
    relay_dies(ledger, "fa", last="14:40").closed("14:40", "14:30", "boot_ended", "b", "cb", inferred=True)
    assert found(ledger) == ["relay_death 14:40:00-15:00:00 af"]


def test_nobody_back_means_until_the_end_of_the_session_or_until_now() -> None:
    ledger = relay_dies(group("fa"), "fa")
    assert found(ledger, "14:35") == ["relay_death 14:30:00-14:35:00 af"]
    ledger.web("ended", "14:45", "f", reason="facilitator")
    assert found(ledger) == ["relay_death 14:30:00-14:45:00 af"]


def test_a_relay_that_is_stopped_with_people_in_it_is_one_too() -> None:
    assert found(relay_dies(group("fa"), "fa", reason="shutdown"), "14:31") == [
        "relay_death 14:30:00-14:31:00 af"
    ]


@pytest.mark.parametrize("when", ["before the opening", "after the end"])
def test_a_death_while_no_session_runs_is_none_of_it(when: str) -> None:
    if when == "after the end":
        ledger = group("fa").web("ended", "14:20", "f", reason="facilitator")
    else:
        ledger = Ledger().admitted("14:00", "a").first("14:00", "a", "ca").web("opened", "14:40", "f")
    assert found(relay_dies(ledger, "a")) == []


def test_a_death_that_ended_the_session_is_told_even_if_it_cost_nobody_a_second() -> None:
    ledger = relay_dies(group("fa"), "fa").web("ended", "14:30", "f", reason="auto_end")
    assert found(ledger) == ["relay_death 14:30:00-14:30:00 af"]


def test_somebody_with_a_second_device_on_another_relay_was_not_cut_off() -> None:
    ledger = group("fa").first("14:10", "a", "phone", "r2").beat("14:50", "a", "phone", "r2")
    assert found(relay_dies(ledger, "fa"), "14:50") == ["relay_death 14:30:00-14:50:00 f"]


def test_three_of_five_silent_within_fifteen_seconds_are_a_mass_drop() -> None:
    ledger = group("fabcd")
    for person, last, noticed in (("a", "14:30", "14:30:10"), ("b", "14:30:08", "14:30:18")):
        falls_silent(ledger, person, last, noticed)
    falls_silent(ledger, "c", "14:30:15", "14:30:25")
    for person in "fd":
        ledger.beat("15:00", person, f"c{person}")
    ledger.resumed("14:31", "a", "ca").resumed("14:32", "b", "cb")
    assert found(ledger) == ["mass_drop 14:30:00-14:32:00 abc"]


@pytest.mark.parametrize(
    ("people", "silent"),
    [
        ("fab", {"a": "14:30", "b": "14:30:05"}),  # two are no mass
        ("fabcdeg", {"a": "14:30", "b": "14:30:05", "c": "14:30:10"}),  # three of seven are not half
        ("fabc", {"a": "14:30", "b": "14:30:10", "c": "14:30:16"}),  # too far apart
    ],
)
def test_fewer_or_slower_drops_are_everyday_life(people: str, silent: dict[str, str]) -> None:
    ledger = group(people)
    for person, last in silent.items():
        falls_silent(ledger, person, last, "14:30:30")
    for person in set(people) - set(silent):
        ledger.beat("14:50", person, f"c{person}")
    assert found(ledger) == []


def test_three_of_six_are_half() -> None:
    ledger = group("fabcde")
    for person in "abc":
        falls_silent(ledger, person, "14:30", "14:30:10")
    for person in "fde":
        ledger.beat("14:50", person, f"c{person}")
    assert found(ledger, "14:50") == ["mass_drop 14:30:00-14:50:00 abc"]


def test_people_who_leave_together_did_not_drop() -> None:
    ledger = group("fabc")
    for person in "abc":
        ledger.closed("14:30:01", "14:30", "left", person, f"c{person}")
    assert found(ledger) == []


def test_a_silence_in_the_last_seconds_of_a_session_is_none() -> None:
    ledger = group("fabc").web("ended", "14:30:09", "f", reason="facilitator")
    for person in "abc":
        falls_silent(ledger, person, "14:30", "14:30:10")
    assert found(ledger) == []


def test_cameras_that_fall_silent_together_are_no_incident() -> None:
    ledger = group("fabc")
    for person in "abc":
        ledger.silent("14:30", "14:29:50", person, f"c{person}", track="camera")
        ledger.beat("14:50", person, f"c{person}")
    assert found(ledger) == []


def test_stragglers_belong_to_the_drop_they_follow() -> None:
    ledger = group("fabcdegh")
    for person in "abcd":
        falls_silent(ledger, person, "14:30", "14:30:10")
    for person in "egh":
        falls_silent(ledger, person, "14:30:40", "14:30:50")
    ledger.beat("14:50", "f", "cf")
    for person in "abc":
        ledger.resumed("14:32", person, f"c{person}")
    assert found(ledger, "14:50") == ["mass_drop 14:30:00-14:32:00 abcd"]


def test_a_session_that_was_never_opened_has_no_incident() -> None:
    ledger = Ledger().admitted("14:00").first("14:00").closed("14:10", "14:10", "boot_ended", inferred=True)
    assert found(ledger) == []
