"""What time alone does: lost people are noticed, places are given up, media without a seat is closed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
from channels.db import database_sync_to_async

from realtime.runtime import Runtime
from realtime.sweeper import Sweeper
from sessions.models import GroupSession, MediaState, Participation, SignOff
from sessions.selectors.signing.roster import roster_document, roster_hash
from sessions.services import room as services
from telehealth.core import clock
from tests.cast import Cast
from tests.patience import PATIENCE_SECONDS
from tests.realtime.fake_relay import FakeRelay
from tests.realtime.tabs import Tab, open_tab

pytestmark = pytest.mark.django_db(transaction=True)


class Night:
    """A sweeper whose clock the test moves."""

    def __init__(self, runtime: Runtime) -> None:
        self.at = clock.now()
        self.monotonic = 0.0
        self.live: dict[str, str] = {}
        self.sweeper = Sweeper(
            presence=runtime.presence,
            desk=runtime.desk,
            live=self.live,
            now=self.now,
            monotonic=lambda: self.monotonic,
        )

    def now(self) -> datetime:
        return self.at

    async def sweep(self, *, after_grace: bool = True) -> None:
        if after_grace:
            self.monotonic = 60.0
        await self.sweeper.once()


@pytest.fixture
async def night(runtime: Runtime) -> Night:
    return Night(runtime)


@pytest.fixture
async def tab(cast: Cast, runtime: Runtime) -> AsyncIterator[Tab]:
    made = await open_tab(cast.group_session.pk, cast.patient)
    await made.join()
    yield made
    await made.cut()


async def admit(cast: Cast) -> None:
    """Start the session and let the patient in."""
    for service, fields in ((services.open_session, {}), (services.admit, {"participant": cast.patient.pk})):
        await database_sync_to_async(service)(
            actor=cast.therapist, group_session_id=cast.group_session.pk, at=clock.now(), **fields
        )


async def forget(runtime: Runtime, tab: Tab) -> None:
    """Let the socket's lease lapse."""
    await runtime.presence.drop(tab.connection, "socket")


async def state_of(cast: Cast) -> str:
    return (await Participation.objects.aget(user=cast.patient)).state


async def test_a_person_seen_by_neither_socket_nor_media_is_reconnecting_and_then_back(
    cast: Cast, runtime: Runtime, night: Night, tab: Tab
) -> None:
    await admit(cast)
    await tab.until_state(cast.patient.pk, "IN_ROOM")
    await forget(runtime, tab)
    await night.sweep()
    assert await state_of(cast) == "RECONNECTING"
    await tab.call("ping")
    await night.sweep()
    assert await state_of(cast) == "IN_ROOM"


async def test_living_media_keeps_a_person_in_the_room_without_a_socket(
    cast: Cast, runtime: Runtime, night: Night, tab: Tab
) -> None:
    await admit(cast)
    await tab.until_state(cast.patient.pk, "IN_ROOM")
    await runtime.presence.renew(tab.connection, "media", 60)
    await forget(runtime, tab)
    await night.sweep()
    assert await state_of(cast) == "IN_ROOM"


async def test_a_socket_alone_brings_nobody_back_whose_media_is_lost(
    cast: Cast, runtime: Runtime, night: Night, tab: Tab
) -> None:
    await admit(cast)
    await tab.until_state(cast.patient.pk, "IN_ROOM")
    await forget(runtime, tab)
    await night.sweep()
    await Participation.objects.filter(user=cast.patient).aupdate(media_state=MediaState.LOST)
    await tab.call("ping")
    await night.sweep()
    assert await state_of(cast) == "RECONNECTING"


async def test_right_after_a_start_nobody_is_called_lost(
    cast: Cast, runtime: Runtime, night: Night, tab: Tab
) -> None:
    await admit(cast)
    await tab.until_state(cast.patient.pk, "IN_ROOM")
    await forget(runtime, tab)
    await night.sweep(after_grace=False)
    assert await state_of(cast) == "IN_ROOM"


async def test_who_vanished_from_the_waiting_room_no_longer_waits(
    cast: Cast, runtime: Runtime, night: Night, tab: Tab
) -> None:
    await forget(runtime, tab)
    await night.sweep()
    assert await state_of(cast) == "LEFT"


async def test_a_lost_place_is_given_up_when_the_bridge_has_lapsed(
    cast: Cast, runtime: Runtime, night: Night, tab: Tab, relay: FakeRelay
) -> None:
    await admit(cast)
    await tab.until_state(cast.patient.pk, "IN_ROOM")
    await forget(runtime, tab)
    await night.sweep()
    night.at += timedelta(minutes=3)
    await night.sweep()
    assert await state_of(cast) == "LEFT"
    assert (await tab.until("closing"))["reason"] == "place_given_up"
    async with asyncio.timeout(PATIENCE_SECONDS):
        while tab.connection not in relay.closed:
            await asyncio.sleep(0)
    assert relay.closed[tab.connection] == "timeout"


async def test_media_without_a_seat_is_closed(
    cast: Cast, runtime: Runtime, night: Night, tab: Tab, relay: FakeRelay
) -> None:
    night.live |= {"stray": str(cast.group_session.pk), tab.connection: str(cast.group_session.pk)}
    await night.sweep()
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not runtime.desk.is_idle:
            await asyncio.sleep(0)
    assert "stray" in relay.closed
    assert tab.connection not in relay.closed
    assert night.live == {tab.connection: str(cast.group_session.pk)}


async def test_a_room_without_a_facilitator_ends_by_itself(
    cast: Cast, runtime: Runtime, night: Night, tab: Tab
) -> None:
    await admit(cast)
    await night.sweep()
    night.at += timedelta(hours=2)
    await night.sweep()
    assert await tab.closing() == ("ended", 4411)


async def test_signed_rosters_of_a_week_that_is_over_are_locked_within_a_minute(
    cast: Cast, night: Night
) -> None:
    def sign() -> None:
        GroupSession.objects.filter(pk=cast.group_session.pk).update(state="ENDED", roster_state="ATTESTED")
        group_session = GroupSession.objects.get(pk=cast.group_session.pk)
        document = roster_document(group_session)
        SignOff.objects.create(
            group_session=group_session,
            number=1,
            signed_by=cast.therapist,
            capacity="of_record",
            credential="LCSW",
            statement="",
            authenticated_at=night.at,
            authentication_method="password",
            roster=document,
            roster_hash=roster_hash(document),
            chain_head="",
            signed_at=night.at,
        )

    def state() -> str:
        return GroupSession.objects.get(pk=cast.group_session.pk).roster_state

    await database_sync_to_async(sign)()
    await night.sweep()
    assert await database_sync_to_async(state)() == "ATTESTED"
    night.at += timedelta(days=8)
    night.monotonic += 59
    await night.sweeper.once()
    assert await database_sync_to_async(state)() == "ATTESTED"
    night.monotonic += 1
    await night.sweeper.once()
    assert await database_sync_to_async(state)() == "LOCKED"
