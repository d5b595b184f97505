"""The presence store may go away: facts, rooms and places go on without it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from asgiref.sync import async_to_sync
from redis.exceptions import ConnectionError as RedisConnectionError

from realtime.desk import RelayDesk
from realtime.ingest import Ingester
from realtime.presence import Kind, MemoryPresence, Seen
from realtime.sweeper import GRACE_SECONDS, Sweeper
from sessions.models import Participation, PresenceEvent
from telehealth.core import clock
from tests.cast import Cast
from tests.factories import join, open_with
from tests.realtime.fake_relay import FakeRelay

pytestmark = pytest.mark.django_db(transaction=True)


class FragilePresence(MemoryPresence):
    """Leases in a Redis that can be away; it keeps nothing."""

    is_away = False

    async def renew(self, connection: str, kind: Kind, seconds: float) -> None:
        self._ask()
        await super().renew(connection, kind, seconds)

    async def drop(self, connection: str, kind: Kind) -> None:
        self._ask()
        await super().drop(connection, kind)

    async def seen(self, connections: Iterable[str]) -> dict[str, Seen]:
        self._ask()
        return await super().seen(connections)

    def _ask(self) -> None:
        if self.is_away:
            raise RedisConnectionError("away")


class Night:
    """A sweeper whose clock the test moves, over a presence store that can be away."""

    def __init__(self, at: datetime) -> None:
        self.at = at
        self.monotonic = 0.0
        self.presence = FragilePresence()
        self.sweeper = Sweeper(
            presence=self.presence,
            desk=RelayDesk(FakeRelay(), _nobody),
            live={},
            now=lambda: self.at,
            monotonic=lambda: self.monotonic,
        )

    def sweep(self, *, after_seconds: float) -> None:
        self.monotonic += after_seconds
        self.at += timedelta(seconds=after_seconds)
        async_to_sync(self.sweeper.once)()


async def _nobody(room: str) -> list[object]:
    return []


def state_of(cast: Cast) -> str:
    return str(Participation.objects.get(user=cast.patient).state)


def test_facts_are_taken_and_acknowledged_while_leases_cannot_be_renewed(cast: Cast) -> None:
    relay, presence = FakeRelay(), FragilePresence()
    presence.is_away = True
    ingester = Ingester(relay=relay, presence=presence, now=clock.now)
    who = {"room": cast.group_session.pk, "participant": cast.patient.pk, "connection": uuid4()}
    relay.witness("first_packet", **who)
    async_to_sync(ingester.once)()
    assert PresenceEvent.objects.filter(kind="first_packet").count() == 1
    assert relay.acked == {relay.boot: 1}
    assert not ingester.is_behind
    assert ingester.live == {str(who["connection"]): str(who["room"])}


def test_nobody_is_called_lost_while_nobody_knows_who_is_seen_nor_right_after(cast: Cast) -> None:
    open_with(cast, cast.patient, at=cast.at)
    night = Night(cast.at)
    night.presence.is_away = True
    night.sweep(after_seconds=GRACE_SECONDS * 2)
    night.presence.is_away = False
    night.sweep(after_seconds=GRACE_SECONDS / 2)
    assert state_of(cast) == "IN_ROOM"
    night.sweep(after_seconds=GRACE_SECONDS)
    assert state_of(cast) == "RECONNECTING"


def test_no_place_is_given_up_while_nobody_knows_who_is_seen(cast: Cast) -> None:
    open_with(cast, cast.patient, at=cast.at)
    night = Night(cast.at)
    night.sweep(after_seconds=GRACE_SECONDS * 2)
    assert state_of(cast) == "RECONNECTING"
    night.presence.is_away = True
    night.sweep(after_seconds=600)
    assert state_of(cast) == "RECONNECTING"


def test_abandoned_rooms_end_without_a_presence_store(cast: Cast) -> None:
    join(cast, cast.patient, cast.at)
    open_with(cast, at=cast.at)
    night = Night(cast.at)
    night.sweep(after_seconds=GRACE_SECONDS * 2)
    night.sweep(after_seconds=600)
    night.presence.is_away = True
    for _ in range(3):
        night.sweep(after_seconds=3600)
    cast.group_session.refresh_from_db()
    assert cast.group_session.state == "ENDED"
