"""At End the minutes are final as soon as the relay has told all; until then it is known what is missing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from channels.db import database_sync_to_async

from realtime.ingest import Ingester
from realtime.runtime import Runtime
from realtime.sweeper import Sweeper
from realtime.worker import start_worker
from sessions.models import AttendanceRecord, GroupSession, Participation
from sessions.selectors.ledger.facts import Waiting, waiting_for
from sessions.services import room as services
from sessions.services.recording.attendance import recompute_due
from telehealth.core import clock
from tests.cast import Cast
from tests.patience import PATIENCE_SECONDS
from tests.realtime.fake_relay import FakeRelay
from tests.realtime.tabs import open_tab

pytestmark = pytest.mark.django_db(transaction=True)

OLD = "boot-that-died"


class Evening:
    """A session that runs with one patient, and a relay that tells what the test lets it see."""

    def __init__(self, cast: Cast, relay: FakeRelay) -> None:
        self.cast = cast
        self.relay = relay

    async def begin(self) -> None:
        for person in (self.cast.therapist, self.cast.patient):
            tab = await open_tab(self.cast.group_session.pk, person)
            await tab.join()
            if person == self.cast.therapist:
                await self.do(services.open_session)
        await self.do(services.admit, participant=self.cast.patient.pk)
        async for seat in Participation.objects.filter(group_session=self.cast.group_session):
            for kind in ("first_packet", "beat"):
                self.see(kind, seat)

    async def do(self, service: Callable[..., Any], **fields: Any) -> None:
        await database_sync_to_async(service)(
            actor=self.cast.therapist, group_session_id=self.cast.group_session.pk, at=clock.now(), **fields
        )

    def see(self, kind: str, seat: Participation, **data: Any) -> None:
        self.relay.witness(
            kind,
            room=seat.group_session_id,
            participant=seat.user_id,
            connection=seat.connection,
            **data,
        )

    async def waits(self) -> Waiting | None:
        def ask() -> Waiting | None:
            return waiting_for(GroupSession.objects.get(pk=self.cast.group_session.pk), clock.now())

        answer: Waiting | None = await database_sync_to_async(ask)()
        return answer

    async def is_final(self) -> bool:
        rows = AttendanceRecord.objects.filter(group_session=self.cast.group_session)
        return bool(await rows.acount()) and not await rows.filter(is_final=False).aexists()


@pytest.fixture
async def evening(cast: Cast, relay: FakeRelay, runtime: Runtime) -> Evening:
    made = Evening(cast, relay)
    await made.begin()
    return made


async def until(is_done: Callable[[], Any]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await is_done():
            await asyncio.sleep(0.02)


async def test_the_minutes_are_final_without_waiting_for_any_clock(
    evening: Evening, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The facts themselves wake the sweeper: with a pause of an hour the result still comes."""
    monkeypatch.setattr("realtime.sweeper.EVERY_SECONDS", 3600.0)
    sweeper = Sweeper(presence=runtime.presence, desk=runtime.desk, live={}, now=clock.now)
    ingester = Ingester(relay=evening.relay, presence=runtime.presence, now=clock.now, settles=sweeper.wake)
    await ingester.once()
    seats = [seat async for seat in Participation.objects.all()]
    await evening.do(services.end_session)
    for seat in seats:
        evening.see("closed", seat, reason="ended")
    sweeping = asyncio.create_task(sweeper.run())
    try:
        await until(lambda: _first_sweep(evening))
        await ingester.once()
        await until(evening.is_final)
    finally:
        sweeping.cancel()
        await asyncio.gather(sweeping, return_exceptions=True)
    assert await evening.waits() is None


async def _first_sweep(evening: Evening) -> bool:
    return await AttendanceRecord.objects.filter(group_session=evening.cast.group_session).aexists()


async def test_worker_and_relay_together_bring_the_minutes_to_their_end(
    evening: Evening, runtime: Runtime
) -> None:
    start_worker(runtime)
    await until(lambda: _first_sweep(evening))
    seats = [seat async for seat in Participation.objects.all()]
    await evening.do(services.end_session)
    for seat in seats:
        evening.see("closed", seat, reason="ended")
    await until(evening.is_final)
    assert await evening.waits() is None


async def test_a_relay_that_is_away_at_the_end_is_named_and_since_when(
    evening: Evening, runtime: Runtime
) -> None:
    ingester = Ingester(relay=evening.relay, presence=runtime.presence, now=clock.now)
    await ingester.once()
    boot, before = evening.relay.boot, clock.now()
    evening.relay.go_away()
    await evening.do(services.end_session)
    await ingester.once()
    await database_sync_to_async(recompute_due)(at=clock.now())
    assert not await evening.is_final()
    waits = await evening.waits()
    assert waits is not None
    assert [name for name, _ in waits.boots] == [boot]
    assert waits.known_to is not None
    assert waits.known_to <= before
    assert waits.words == "Waiting for one media relay to hand over what it observed."


async def test_a_journal_read_past_the_end_is_enough_even_if_it_says_nothing_new(
    evening: Evening, runtime: Runtime
) -> None:
    ingester = Ingester(relay=evening.relay, presence=runtime.presence, now=clock.now)
    await ingester.once()
    await evening.do(services.end_session)
    await database_sync_to_async(recompute_due)(at=clock.now())
    assert not await evening.is_final()
    await ingester.once()
    await database_sync_to_async(recompute_due)(at=clock.now())
    assert await evening.is_final()


async def test_an_unread_journal_of_a_new_boot_holds_the_result_up(
    evening: Evening, runtime: Runtime
) -> None:
    """The relay died and came back; nothing of the new boot was read before the session ended."""
    ingester = Ingester(relay=evening.relay, presence=runtime.presence, now=clock.now)
    await ingester.once()
    evening.relay.come_back(boot="boot-new")
    seats = [seat async for seat in Participation.objects.all()]
    evening.see("first_packet", seats[0])
    await evening.do(services.end_session)
    await _list_but_read_only_the_dead(ingester, evening.relay)
    waits = await evening.waits()
    assert waits is not None
    assert "boot-new" in [name for name, _ in waits.boots]


async def _list_but_read_only_the_dead(ingester: Ingester, relay: FakeRelay) -> None:
    """Let the link break while the new boot's journal would be read, after the dead one's."""
    dead = next(boot for boot in relay.journals if boot != relay.boot)
    relay.refuses_to_read = {str(relay.boot)}
    await ingester.once()
    assert ingester.is_behind
    assert dead in relay.acked


async def test_a_session_that_runs_or_never_ran_waits_for_nothing(evening: Evening) -> None:
    assert await evening.waits() is None
    never = GroupSession(scheduled_end=clock.now())
    assert await database_sync_to_async(waiting_for)(never, clock.now()) is None
