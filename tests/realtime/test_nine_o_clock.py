"""Whole groups come at once: a join asks no more of the database the more wait, and nothing is lost."""

from __future__ import annotations

import asyncio
from uuid import UUID, uuid4

import pytest
from channels.layers import get_channel_layer
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from realtime import reading
from realtime.names import KEPT_SECONDS, Names
from sessions.selectors.room import RoomName, Standing, room_standings
from telehealth.accounts.models import User
from telehealth.core import clock
from tests import cast as casting
from tests.patience import PATIENCE_SECONDS

USUAL_CAPACITY = 100  # of both layers, if nothing is said


def join(user: User, room: UUID) -> int:
    """Come in as the socket does; give how many queries it took."""
    with CaptureQueriesContext(connection) as queries:
        reading.enter_and_read(
            actor=user,
            group_session_id=room,
            connection=uuid4(),
            secret_hash="0" * 64,
            microphone=True,
            camera=True,
            take_over=False,
            at=clock.now(),
            resume=None,
        )
    return len(queries)


@pytest.mark.django_db
def test_a_join_asks_the_same_of_the_database_however_many_wait_already() -> None:
    cast = casting.build(at=clock.now(), patients=6)
    counts = [join(user, cast.group_session.pk) for user in (cast.patient, *cast.more_patients)]
    assert len(set(counts)) == 1
    assert counts[0] <= 22


@pytest.mark.django_db
def test_pings_are_answered_from_one_query() -> None:
    cast = casting.build(at=clock.now())
    room, patient = cast.group_session.pk, cast.patient
    assert room_standings([(room, patient.pk)]) == {}
    join(patient, room)
    with CaptureQueriesContext(connection) as queries:
        found = room_standings([(room, patient.pk), (uuid4(), patient.pk), (room, cast.therapist.pk)])
    assert len(queries) == 1
    held = reading.read_held(room, patient.pk)
    assert held is not None
    assert found == {(room, patient.pk): Standing(reading.read_room(room).seq, held.connection)}


@pytest.mark.services
async def test_a_burst_beyond_the_usual_capacity_arrives_whole_and_in_order() -> None:
    layer = get_channel_layer()
    assert layer is not None
    many = 3 * USUAL_CAPACITY
    group = f"room.{uuid4().hex}"
    channel = await layer.new_channel()
    await layer.group_add(group, channel)
    for number in range(many):
        await layer.group_send(group, {"type": "room.events", "seq": number, "changes": []})
    async with asyncio.timeout(PATIENCE_SECONDS):
        came = [(await layer.receive(channel))["seq"] for _ in range(many)]
    assert came == list(range(many))
    await layer.group_discard(group, channel)


def test_the_queue_of_a_socket_holds_what_a_full_room_brings() -> None:
    # A large group that comes within a moment, each of them news when they come and when they are let in.
    assert settings.CHANNEL_CAPACITY >= 10 * 2 * 32
    for layer in settings.CHANNEL_LAYERS.values():
        assert layer["CONFIG"]["capacity"] == settings.CHANNEL_CAPACITY


def test_a_name_is_asked_for_once_and_again_after_a_minute() -> None:
    asked: list[set[UUID]] = []
    person, other, now = uuid4(), uuid4(), [0.0]

    def read(people):  # type: ignore[no-untyped-def]  # the selector's place
        asked.append(set(people))
        return {each: RoomName("Ada L.", "Ada Lovelace") for each in people}

    names = Names(read, monotonic=lambda: now[0])
    assert names.known([person]) == {}
    assert names.read([person])[person].peer == "Ada L."
    assert set(names.read([person, other])) == {person, other}
    assert asked == [{person}, {other}]
    now[0] = KEPT_SECONDS + 1
    assert names.known([person]) == {}
    names.read([person])
    assert asked[-1] == {person}


def test_a_name_that_nobody_has_is_no_answer() -> None:
    assert Names(lambda people: {}).read([uuid4()]) == {}
