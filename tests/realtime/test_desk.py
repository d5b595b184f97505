"""What is wanted of the relay is done once it can be, and the newest wish wins."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from realtime.comparison import Comparison
from realtime.desk import Allowed, RelayDesk, Wanted
from realtime.reading import allowed_of
from realtime.wire import relay as wire
from sessions.selectors.room import HeldConnection
from tests.patience import PATIENCE_SECONDS
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
        async with asyncio.timeout(PATIENCE_SECONDS):
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


async def test_a_locked_rooms_lock_goes_with_every_change_in_it_and_its_end_is_told_once_asked(
    running: Desk,
) -> None:
    await running.open("c")
    running.wanted["r"] = Wanted((Allowed("c", "p", microphone=True, camera=True),), only=("p",))
    running.desk.refresh("r", ["p"])
    await running.settle()
    assert running.relay.locks == {"r": ["p"]}
    running.wanted["r"] = Wanted()
    running.desk.refresh("r", ["p"])
    await running.settle()
    assert running.relay.locks == {"r": ["p"]}
    running.desk.refresh("r", [], lock=True)
    await running.settle()
    assert running.relay.locks == {"r": None}


async def test_a_lock_waits_for_the_relay_and_a_room_that_is_over_gets_none(running: Desk) -> None:
    running.relay.go_away()
    running.wanted["r"] = Wanted(only=("p",))
    running.desk.refresh("r", [], lock=True)
    running.wanted["over"] = Wanted(is_over=True)
    running.desk.refresh("over", [], lock=True)
    for _ in range(10):
        await asyncio.sleep(0)
    running.relay.come_back(boot="boot-2")
    await running.settle()
    assert running.relay.locks == {"r": ["p"]}


async def test_what_another_process_commits_between_reading_and_telling_is_told_after_all(
    running: Desk,
) -> None:
    await running.open("c")
    muted = Wanted((Allowed("c", "p", microphone=False, camera=True),))
    first = Wanted((Allowed("c", "p", microphone=True, camera=True),))
    # Read by us, then muted by another process that tells the relay at once, then our older word arrives.
    answers = [first, muted]

    async def read(room: str) -> Wanted:
        return answers.pop(0) if len(answers) > 1 else answers[0]

    running.desk = RelayDesk(running.relay, read)
    running.desk.refresh("r", ["p"])
    assert await running.desk.once()
    assert running.relay.connections["c"]["microphone"] is False


async def test_the_worker_repeats_what_nobody_told_and_all_of_it_to_a_new_boot(running: Desk) -> None:
    room, person, connection = uuid4(), uuid4(), uuid4()

    def held(*, microphone: bool = True, state: str = "IN_ROOM") -> HeldConnection:
        return HeldConnection(
            room, person, connection, state, "LIVE", microphone, camera=True, screen=False, side_room=None
        )

    async def look(*seats: HeldConnection, locked: bool = False) -> list[str]:
        """Give what the relay is told after one look."""
        only = tuple(str(each.participant) for each in seats) if locked else None
        running.wanted[str(room)] = Wanted(tuple(allowed_of(each) for each in seats), only)
        before = len(running.relay.calls)
        comparison.look(seats, [room] if locked else [])
        await running.settle()
        return [call.op for call in running.relay.calls[before:]]

    comparison = Comparison(running.desk)
    await running.open(str(connection))
    assert await look(held()) == ["connection.allow"]
    assert await look(held()) == []
    assert await look(held(microphone=False)) == ["connection.allow"]
    assert await look(held(microphone=False), locked=True) == ["room.lock"]
    assert await look(held(microphone=False), locked=True) == []
    assert await look(locked=True) == ["room.lock"]
    assert await look() == ["room.lock"]
    assert await look(held(state="WAITING")) == []
    running.relay.go_away()
    assert await look(held(), locked=True) == []
    running.relay.come_back(boot="boot-2")
    await running.open(str(connection))
    assert await look(held(), locked=True) == ["room.lock", "connection.allow"]
