"""A network that lets no UDP through: browsers that may use TURN over TCP alone, through a real coturn."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.browser.coturn import SECRET, Coturn
from tests.browser.people import Meeting, Person
from tests.browser.stack import Stack


@pytest.fixture
def coturn(tmp_path: Path, stack: Stack) -> Iterator[Coturn]:
    """Run a TURN server, and the web process with settings that allow browsers nothing else."""
    with Coturn(tmp_path / "coturn", peer=stack.udp.address[0]) as running:
        settings = {"TURN_URLS": running.url, "TURN_SECRET": SECRET, "ICE_TRANSPORT_POLICY": "relay"}
        stack.kill_web()
        stack.env |= settings
        stack.start_web()
        yield running
        stack.kill_web()
        for name in settings:
            del stack.env[name]
        stack.start_web()


def ways(person: Person) -> list[str | None]:
    """Give how each peer connection in use reaches the TURN server; nothing stands for a way without one."""
    found: list[str | None] = person.page.evaluate(
        """async () => {
          const ways = [];
          for (const peer of window.testPeers()) {
            const stats = await window.testStats(peer);
            stats.forEach((one) => {
              if (one.type !== 'candidate-pair' || !one.nominated || one.state !== 'succeeded') return;
              ways.push(stats.get(one.localCandidateId).relayProtocol ?? null);
            });
          }
          return ways;
        }"""
    )
    return found


def test_who_has_turn_over_tcp_alone_is_seen_heard_and_credited(
    stack: Stack, coturn: Coturn, people: Meeting
) -> None:
    session = stack.session("turn")
    therapist, patient = people.seats("turn", patients=1)
    for person in (therapist, patient):
        person.until(partial(ways, person), lambda found: found == ["tcp", "tcp"])
    # The credentials were taken, and name nobody.
    log = coturn.log()
    assert "ALLOCATE processed, success" in log
    assert not any(word in log for word in (patient.id, therapist.id, session))

    therapist.does("end")
    therapist.does("end-confirm")
    patient.sees("This session is over")
    record = therapist.until(
        lambda: stack.ledger.records(session).get(patient.account["patient"]),
        lambda found: found is not None and found.is_final,
    )
    assert record is not None
    assert record.strict_seconds > 0
