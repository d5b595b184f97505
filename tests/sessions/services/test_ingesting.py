"""The one path of relay facts into the ledger: exactly once, in order, whatever happens on the way."""

from __future__ import annotations

import random
import uuid
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from sessions.models import FactCursor, MediaState, ParticipationState, PresenceEvent
from sessions.selectors.ledger.facts import broken_fact, facts_horizon
from sessions.services import room
from sessions.services.recording.facts import FactGap, cursor_of
from telehealth.core.append_only import suspended
from tests.cast import Cast
from tests.factories import Line, Relay, fresh, open_with, place_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def relay() -> Relay:
    return Relay()


def seqs(boot: str) -> list[int]:
    rows = PresenceEvent.objects.filter(source_boot=boot).order_by("id")
    return list(rows.values_list("seq", flat=True))


def a_hundred_facts(cast: Cast, relay: Relay) -> None:
    entries = open_with(cast, cast.patient, at=cast.at)
    for number in range(100):
        at = cast.at + timedelta(seconds=5 * number)
        relay.beat(cast.group_session, cast.patient, entries[cast.patient].connection, at)


def test_a_page_is_inserted_once_however_often_it_is_delivered(cast: Cast, relay: Relay) -> None:
    a_hundred_facts(cast, relay)
    first = relay.deliver(cast.at)
    again = relay.deliver(cast.at)
    assert (first.inserted, first.duplicates, first.seq) == (100, 0, 100)
    assert (again.inserted, again.duplicates, again.seq) == (0, 100, 100)
    assert seqs(relay.boot) == list(range(1, 101))


@pytest.mark.parametrize("seed", range(5))
def test_overlapping_shuffled_pages_with_restarts_lose_and_double_nothing(
    cast: Cast, relay: Relay, seed: int
) -> None:
    a_hundred_facts(cast, relay)
    dice = random.Random(seed)
    while (done := cursor_of(relay.boot)) < 100:
        # A new ingester starts at or before the cursor and reads a page of some length, in any order.
        start = dice.randint(max(0, done - 20), done)
        page = relay.lines[start : start + dice.randint(1, 30)]
        dice.shuffle(page)
        relay.deliver(cast.at, lines=page)
    assert seqs(relay.boot) == list(range(1, 101))
    assert broken_fact(cast.group_session.pk) is None


def test_a_hole_is_refused_with_the_missing_number_and_writes_nothing(cast: Cast, relay: Relay) -> None:
    a_hundred_facts(cast, relay)
    relay.deliver(cast.at, lines=relay.lines[:10])
    with pytest.raises(FactGap) as gap:
        relay.deliver(cast.at, lines=[*relay.lines[10:12], *relay.lines[13:20]])
    assert gap.value.missing_seq == 13
    assert cursor_of(relay.boot) == 10
    assert seqs(relay.boot) == list(range(1, 11))


def test_a_crash_between_insert_and_commit_leaves_neither_facts_nor_cursor(cast: Cast, relay: Relay) -> None:
    a_hundred_facts(cast, relay)

    def deliver_and_die() -> None:
        with transaction.atomic():
            relay.deliver(cast.at)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        deliver_and_die()
    assert (cursor_of(relay.boot), seqs(relay.boot)) == (0, [])
    relay.deliver(cast.at)
    assert cursor_of(relay.boot) == 100


def test_a_crash_between_commit_and_acknowledgement_doubles_nothing(cast: Cast, relay: Relay) -> None:
    a_hundred_facts(cast, relay)
    relay.deliver(cast.at)
    # Nobody told the relay, so the restarted ingester gets the same journal, grown by one line.
    relay.beat(cast.group_session, cast.patient, uuid.uuid4(), cast.at)
    assert relay.deliver(cast.at).inserted == 1


def test_the_database_itself_refuses_the_same_fact_twice_and_any_edit(cast: Cast, relay: Relay) -> None:
    a_hundred_facts(cast, relay)
    relay.deliver(cast.at)
    row = PresenceEvent.objects.filter(source_boot=relay.boot)[0]
    row.pk = None
    for attempt in (
        lambda: row.save(force_insert=True),
        lambda: PresenceEvent.objects.update(kind="closed"),
        lambda: PresenceEvent.objects.all().delete(),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            attempt()


def test_an_edit_behind_the_databases_back_breaks_the_chain(cast: Cast, relay: Relay) -> None:
    a_hundred_facts(cast, relay)
    relay.deliver(cast.at)
    assert broken_fact(cast.group_session.pk) is None
    victim = PresenceEvent.objects.filter(source_boot=relay.boot, seq=50)
    with suspended(connection, ["iop_presenceevent"]):
        victim.update(at=cast.at - timedelta(hours=1))
    assert broken_fact(cast.group_session.pk) == victim.get()


def test_facts_of_unknown_rooms_and_unreadable_lines_are_counted_and_do_not_stop_the_rest(
    cast: Cast, relay: Relay
) -> None:
    a_hundred_facts(cast, relay)
    good = relay.lines[0]
    odd: list[Line] = [
        replace(good, seq=1, room=str(uuid.uuid4())),
        replace(good, seq=2, room="lobby"),
        replace(good, seq=3, participant="somebody"),
        replace(good, seq=4, kind="admitted", data={"role": "patient"}),
        replace(good, seq=5, data={"tracks": {}}),
        replace(good, seq=6),
    ]
    result = relay.deliver(cast.at, lines=odd)
    assert (result.inserted, result.unknown_rooms, result.unreadable, result.seq) == (1, 2, 3, 6)


def test_each_boot_has_its_own_numbers(cast: Cast) -> None:
    entry = open_with(cast, cast.patient, at=cast.at)[cast.patient]
    for boot in ("boot-1", "boot-2"):
        relay = Relay(boot)
        relay.first_packet(cast.group_session, cast.patient, entry.connection, cast.at)
        assert relay.deliver(cast.at).inserted == 1
    assert FactCursor.objects.count() == 2


def test_silence_and_return_move_the_seat(cast: Cast, relay: Relay) -> None:
    entry = open_with(cast, cast.patient, at=cast.at)[cast.patient]
    who = cast.group_session, cast.patient, entry.connection
    relay.first_packet(*who, cast.at)
    relay.deliver(cast.at)
    assert place_of(cast, cast.patient).media_state == MediaState.LIVE
    last = cast.at + timedelta(minutes=1)
    relay.silent(*who, last, last + timedelta(seconds=10))
    relay.deliver(cast.at)
    place = place_of(cast, cast.patient)
    assert (place.state, place.departed_at) == (ParticipationState.RECONNECTING, last)
    assert not room.mark_back(
        group_session_id=cast.group_session.pk,
        participant=cast.patient.pk,
        connection=entry.connection,
        at=last,
    )
    relay.resumed(*who, last + timedelta(seconds=30))
    relay.deliver(cast.at)
    assert place_of(cast, cast.patient).state == ParticipationState.IN_ROOM


def test_a_camera_that_falls_silent_moves_nobody(cast: Cast, relay: Relay) -> None:
    entry = open_with(cast, cast.patient, at=cast.at)[cast.patient]
    stamp = cast.at.isoformat()
    relay.write(
        "silent",
        cast.group_session,
        cast.patient,
        entry.connection,
        cast.at,
        last_packet_at=stamp,
        track="camera",
    )
    relay.deliver(cast.at)
    assert place_of(cast, cast.patient).state == ParticipationState.IN_ROOM


def test_facts_of_a_superseded_connection_are_kept_and_move_nobody(cast: Cast, relay: Relay) -> None:
    open_with(cast, cast.patient, at=cast.at)
    relay.silent(cast.group_session, cast.patient, uuid.uuid4(), cast.at, cast.at)
    assert relay.deliver(cast.at).inserted == 1
    assert place_of(cast, cast.patient).state == ParticipationState.IN_ROOM


def test_facts_that_arrive_after_the_end_are_kept(cast: Cast, relay: Relay) -> None:
    entry = open_with(cast, cast.patient, at=cast.at)[cast.patient]
    room.end_session(actor=cast.therapist, group_session_id=cast.group_session.pk, at=cast.at)
    relay.closed(cast.group_session, cast.patient, entry.connection, cast.at, cast.at, "ended")
    assert relay.deliver(cast.at).inserted == 1
    assert place_of(cast, cast.patient).state == ParticipationState.LEFT


def test_the_horizon_waits_for_every_boot_that_may_still_tell_something(cast: Cast) -> None:
    entry = open_with(cast, cast.patient, at=cast.at)[cast.patient]
    now = cast.at + timedelta(minutes=10)
    assert facts_horizon(fresh(cast.group_session), at=now) == now
    relay = Relay()
    relay.first_packet(cast.group_session, cast.patient, entry.connection, cast.at)
    known = cast.at + timedelta(minutes=3)
    relay.deliver(now, as_of=known)
    assert facts_horizon(fresh(cast.group_session), at=now) == known
    relay.closed(cast.group_session, cast.patient, entry.connection, known, known, "boot_ended")
    relay.deliver(now, as_of=known, is_last=True)
    assert facts_horizon(fresh(cast.group_session), at=now) == now


def test_a_boot_of_long_ago_holds_nobody_up(cast: Cast) -> None:
    old = Relay("old")
    old.deliver(cast.at, as_of=cast.at - timedelta(days=1))
    open_with(cast, at=cast.at)
    now = cast.at + timedelta(minutes=10)
    assert facts_horizon(fresh(cast.group_session), at=now) == now
