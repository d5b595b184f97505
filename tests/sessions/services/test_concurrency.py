"""Two writers at once: one order, no deadlock, nothing twice."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connections

from sessions.models import PresenceEvent
from sessions.selectors.ledger.facts import broken_fact, web_boot
from sessions.services import room
from telehealth.core.errors import Conflict
from tests import cast as stage
from tests.cast import Cast
from tests.factories import Relay, fresh, join, open_with

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    return stage.build(patients=3)


def at_once(*jobs: Callable[[], Any]) -> list[Any]:
    """Run jobs in threads that start together, each with a database connection of its own."""
    start = Barrier(len(jobs))

    def run(job: Callable[[], Any]) -> Any:
        try:
            start.wait(timeout=30)
            return job()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return [done.result(timeout=60) for done in [pool.submit(run, job) for job in jobs]]


def test_two_ingesters_of_one_journal_insert_each_fact_once(cast: Cast) -> None:
    open_with(cast, cast.patient, at=cast.at)
    relay = Relay()
    for number in range(60):
        at = cast.at + timedelta(seconds=5 * number)
        relay.beat(cast.group_session, cast.patient, uuid.uuid4(), at)
    results = at_once(*(lambda: relay.deliver(cast.at) for _ in range(3)))
    assert sum(result.inserted for result in results) == 60
    rows = PresenceEvent.objects.filter(source_boot=relay.boot).order_by("id")
    assert list(rows.values_list("seq", flat=True)) == list(range(1, 61))
    assert broken_fact(cast.group_session.pk) is None


def test_people_and_journals_writing_into_one_room_keep_one_chain_and_one_numbering(cast: Cast) -> None:
    entries = open_with(cast, cast.patient, at=cast.at)
    relay = Relay()
    for number in range(20):
        relay.beat(
            cast.group_session,
            cast.patient,
            entries[cast.patient].connection,
            cast.at + timedelta(seconds=number),
        )

    def toggle_breaks() -> None:
        about = {"actor": cast.therapist, "group_session_id": cast.group_session.pk, "at": cast.at}
        for _ in range(5):
            room.start_break(**about)
            room.end_break(**about)

    def deliver_in_pages() -> None:
        for upto in range(1, 21):
            relay.deliver(cast.at, lines=relay.lines[:upto])

    def come_in() -> None:
        for person in cast.more_patients:
            join(cast, person, cast.at)

    before = fresh(cast.group_session).room_seq
    at_once(toggle_breaks, deliver_in_pages, come_in)
    pk = cast.group_session.pk
    web = PresenceEvent.objects.filter(source_boot=web_boot(pk)).order_by("id").values_list("seq", flat=True)
    assert list(web) == list(range(1, fresh(cast.group_session).fact_seq + 1))
    assert PresenceEvent.objects.filter(source_boot=relay.boot).count() == 20
    assert broken_fact(pk) is None
    assert fresh(cast.group_session).room_seq == before + 10 + 2


def test_the_same_seat_is_taken_by_one_of_two_devices(cast: Cast) -> None:
    def attempt() -> str:
        try:
            return str(join(cast, cast.patient, cast.at).state)
        except Conflict as refusal:
            return refusal.error

    assert sorted(at_once(attempt, attempt)) == ["WAITING", "opened_elsewhere"]
