"""Sockets that break, a relay and a server that are killed: people come back, and nothing is lost."""

from __future__ import annotations

from itertools import groupby, pairwise

import pytest
from playwright.sync_api import expect

from tests.browser.ledger import Fact
from tests.browser.people import Meeting, Person
from tests.browser.stack import Stack

SCENE = "outage"
SILENCE_LIMIT = 10
LINK_WORDS = "Reconnecting to the room"


@pytest.fixture
def group(people: Meeting) -> list[Person]:
    """A therapist and a patient in the room, their media flowing."""
    return people.seats(SCENE, patients=1)


def _facts(stack: Stack) -> list[Fact]:
    return stack.ledger.facts(stack.session(SCENE))


def _assert_gapless_and_once(facts: list[Fact]) -> None:
    by_boot = sorted(facts, key=lambda fact: (fact.source_boot, fact.seq))
    for boot, rows in groupby(by_boot, key=lambda fact: fact.source_boot):
        numbers = [row.seq for row in rows]
        assert len(set(numbers)) == len(numbers)
        if boot.startswith("web-"):
            assert numbers == list(range(1, len(numbers) + 1))


def test_a_group_outlives_its_socket_its_relay_and_its_server(group: list[Person], stack: Stack) -> None:
    session = stack.session(SCENE)
    vera, ida = group
    seats = {person.name: stack.ledger.seat(session, person.id) for person in group}

    # Every socket breaks at once: sound and picture go on, the page says what happened, seats are kept.
    stack.tcp.cut()
    for person in group:
        person.sees(LINK_WORDS)
    vera.meets(ida)
    ida.sees("You still hear and see each other")
    stack.tcp.heal()
    for person in group:
        person.sees_no(LINK_WORDS)
    assert {person.name: stack.ledger.seat(session, person.id) for person in group} == seats

    # The relay dies in mid-session. What it had witnessed is there, and clients build their paths again.
    beats = len(stack.ledger.facts(session, kind="beat", participant=ida.id))
    vera.until(lambda: len(stack.ledger.facts(session, kind="beat", participant=ida.id)), lambda n: n > beats)
    before = _facts(stack)
    stack.kill_relay()
    for person in group:
        person.until(
            lambda person=person: person.page.locator(".banners").inner_text(),
            lambda text: "interrupted" in text or "media server cannot be reached" in text,
        )
    stack.start_relay()
    for person in group:
        person.meets(*(other for other in group if other is not person))
    after = vera.until(
        lambda: _facts(stack),
        lambda facts: len([fact for fact in facts if fact.kind == "first_packet"]) >= 4,
    )
    assert after[: len(before)] == before
    inferred = [fact for fact in after if fact.kind == "closed" and fact.data.get("inferred")]
    assert {fact.participant for fact in inferred} == {vera.id, ida.id}
    assert all(fact.data["reason"] == "boot_ended" for fact in inferred)
    _assert_gapless_and_once(after)
    assert {person.name: stack.ledger.seat(session, person.id) for person in group} == seats

    # The server dies in mid-session. Media go on; what the relay witnesses meanwhile comes in later, once.
    before = _facts(stack)
    stack.kill_web()
    for person in group:
        person.sees(LINK_WORDS)
    vera.meets(ida)
    stack.start_web()
    for person in group:
        person.sees_no(LINK_WORDS)
    after = vera.until(lambda: _facts(stack), lambda facts: len(facts) > len(before) + 4)
    assert after[: len(before)] == before
    _assert_gapless_and_once(after)
    boot = [fact.source_boot for fact in after if fact.kind == "first_packet"][-1]
    beats_of_ida = [
        fact.at
        for fact in after
        if (fact.kind, fact.participant) == ("beat", ida.id) and fact.source_boot == boot
    ]
    assert max((later - earlier).total_seconds() for earlier, later in pairwise(beats_of_ida)) < SILENCE_LIMIT
    assert {person.name: stack.ledger.seat(session, person.id) for person in group} == seats

    # And the session goes on: the therapist runs it as before, and ends it.
    vera.does("mute", f'[data-seated="{ida.id}"]')
    ida.sees("The therapist muted you")
    vera.does("end")
    vera.does("end-confirm")
    for person in group:
        person.sees("This session is over")
    records = vera.until(
        lambda: stack.ledger.records(session),
        lambda found: bool(found) and all(record.is_final for record in found.values()),
    )
    opened = stack.ledger.facts(session, kind="opened")[0].at
    ended = stack.ledger.facts(session, kind="ended")[0].at
    record = records[ida.account["patient"]]
    assert record.strict_seconds <= record.qualified_seconds <= (ended - opened).total_seconds() + 1
    expect(ida.page.get_by_role("link", name="Go to my page")).to_be_visible()
