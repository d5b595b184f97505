"""What is wanted of the relay is done once it can be, and the newest wish wins."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from realtime.desk import Allowed, RelayDesk, Wanted
from realtime.wire import relay as wire
from tests.realtime.fake_relay import FakeRelay


class Desk:
    """A running desk with what its database would say."""

    def __init__(self) -> None:
        self.relay = FakeRelay()
        self.wanted: dict[str, Wanted] = {}
        self.desk = RelayDesk(self.relay, self.read)

    async def read(self, room: str) -> Wanted:
        return self.wanted.get(room, Wanted())

    async def settle(self) -> None:
        async with asyncio.timeout(5):
            while not self.desk.is_idle:
                await asyncio.sleep(0)

    async def open(self, connection: str) -> None:
        await self.relay.call(
            wire.ConnectionOpen(
                id=0, room="r", connection=connection, participant="p", microphone=True, camera=True
            )
        )


@pytest.fixture
async def running() -> AsyncIterator[Desk]:
    made = Desk()
    task = asyncio.create_task(made.desk.run())
    yield made
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_connection_is_closed_with_its_reason(running: Desk) -> None:
    await running.open("c")
    running.desk.close("c", "removed")
    await running.settle()
    assert running.relay.closed == {"c": "removed"}


async def test_a_close_waits_while_the_relay_is_away_and_is_done_when_it_is_back(running: Desk) -> None:
    running.relay.go_away()
    running.desk.close("c", "removed")
    running.desk.close_room("r", "ended")
    for _ in range(10):
        await asyncio.sleep(0)
    assert running.relay.closed == {}
    running.relay.come_back(boot="boot-2")
    await running.settle()
    assert running.relay.closed == {"c": "removed"}
    assert running.relay.closed_rooms == {"r": "ended"}


async def test_what_may_pass_is_what_the_database_says_now(running: Desk) -> None:
    await running.open("c")
    running.wanted["r"] = Wanted(
        (Allowed("c", "p", microphone=False, camera=True), Allowed("d", "q", microphone=True, camera=True))
    )
    running.desk.refresh("r", ["p"])
    await running.settle()
    assert running.relay.connections["c"]["microphone"] is False
    assert not [call for call in running.relay.calls if getattr(call, "connection", "") == "d"]


async def test_a_person_without_a_place_on_the_relay_stops_nothing(running: Desk) -> None:
    running.wanted["r"] = Wanted((Allowed("unknown", "p", microphone=True, camera=True),))
    running.desk.refresh("r", ["p"])
    running.desk.close("c", "left")
    await running.settle()
    assert running.relay.closed == {"c": "left"}
