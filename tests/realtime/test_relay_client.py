"""The control connection against the real relay: clock first, answers by id, back after every break."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from realtime.desk import Allowed, RelayDesk, Wanted
from realtime.relay_client import RelayClient
from realtime.relay_link import LinkDown, LinkUp, RelayNews, RelayRefusedError, RelayUnavailableError
from realtime.runtime import wall_ns
from realtime.wire import relay as wire
from tests.patience import PATIENCE_SECONDS
from tests.realtime.real_relay import SECRET, RealRelay


class Link:
    """A running client and what it heard."""

    def __init__(self, url: str, secret: str = SECRET) -> None:
        self.ahead_ns = 0
        self.client = RelayClient(url=url, secret=secret, wall_ns=lambda: wall_ns() + self.ahead_ns)
        self.news: list[RelayNews] = []
        self._changed = asyncio.Event()
        self.client.listen(self._hear)
        self._task = asyncio.create_task(self.client.run())

    def _hear(self, news: RelayNews) -> None:
        self.news.append(news)
        self._changed.set()

    async def until(self, wanted: Callable[[RelayNews], bool]) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not any(wanted(each) for each in self.news):
                self._changed.clear()
                await self._changed.wait()

    async def stop(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def open(self, connection: str) -> None:
        await self.client.call(
            wire.ConnectionOpen(
                id=0, room="room", connection=connection, participant="p", microphone=True, camera=True
            )
        )


@pytest.fixture
async def relay(tmp_path: Path) -> AsyncIterator[RealRelay]:
    process = RealRelay(tmp_path)
    await process.start()
    yield process
    await process.kill()


@pytest.fixture
async def link(relay: RealRelay) -> AsyncIterator[Link]:
    made = Link(relay.url)
    await made.until(lambda news: isinstance(news, LinkUp))
    yield made
    await made.stop()


async def test_the_clock_is_set_before_the_relay_is_used(relay: RealRelay, link: Link) -> None:
    assert link.client.boot == relay.boot
    assert link.client.clock is not None
    await link.open("c")  # refused with clock_not_set otherwise
    stats = await link.client.call(wire.Stats(id=0))
    assert isinstance(stats, wire.StatsOk)
    assert (stats.rooms, stats.connections) == (1, 1)


async def test_a_wall_clock_that_jumps_is_told_to_the_relay_at_once(link: Link) -> None:
    before = link.client.clock
    assert before is not None
    link.ahead_ns = 60 * 10**9
    async with asyncio.timeout(PATIENCE_SECONDS):
        while link.client.clock is before:
            await asyncio.sleep(0)
    assert link.client.clock is not None
    assert abs(link.client.clock.offset_ns - before.offset_ns - link.ahead_ns) < 10**9


async def test_answers_find_their_questions_when_many_are_asked_at_once(link: Link) -> None:
    await link.open("c")
    offers = [
        link.client.call(wire.SubscribeOffer(id=0, connection="c", generation=1)),
        link.client.call(wire.Stats(id=0)),
        link.client.call(wire.FactsBoots(id=0)),
    ]
    kinds = [type(each) for each in await asyncio.gather(*offers)]
    assert kinds == [wire.SdpOk, wire.StatsOk, wire.BootsOk]


async def test_refusals_carry_the_relays_error(link: Link) -> None:
    with pytest.raises(RelayRefusedError) as unknown:
        await link.client.call(wire.SubscribeOffer(id=0, connection="nobody", generation=1))
    assert unknown.value.error == "unknown_connection"
    await link.open("c")
    with pytest.raises(RelayRefusedError) as bad:
        await link.client.call(wire.PublishOffer(id=0, connection="c", generation=1, sdp="v=0\r\nnonsense"))
    assert bad.value.error == "bad_sdp"


async def test_the_link_comes_back_after_the_relay_was_killed(relay: RealRelay, link: Link) -> None:
    before = relay.boot
    await relay.kill()
    await link.until(lambda news: isinstance(news, LinkDown))
    with pytest.raises(RelayUnavailableError):
        await link.client.call(wire.Stats(id=0))
    await relay.start()
    await link.until(lambda news: isinstance(news, LinkUp) and news.boot != before)
    assert link.client.boot == relay.boot
    await link.open("c")


async def test_a_wrong_secret_never_gets_a_link(relay: RealRelay) -> None:
    stranger = Link(relay.url, secret="another secret altogether")
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while stranger.client._failures < 1:
                await asyncio.sleep(0)
        with pytest.raises(RelayUnavailableError):
            await stranger.client.call(wire.Stats(id=0))
        assert stranger.client.boot is None
    finally:
        await stranger.stop()


async def test_the_relay_takes_what_the_desk_wants_of_it(
    link: Link, caplog: pytest.LogCaptureFixture
) -> None:
    wanted = Wanted((Allowed("c", "p", True, False, screen=True, side_room="t"),), only=("p",))

    async def read(room: str) -> Wanted:
        return wanted

    async def open_as(participant: str) -> None:
        await link.client.call(
            wire.ConnectionOpen(
                id=0, room="room", connection="d", participant=participant, microphone=True, camera=True
            )
        )

    caplog.set_level(logging.INFO, logger="realtime.desk")
    desk = RelayDesk(link.client, read)
    await link.open("c")
    desk.refresh("room", ["p"])
    assert await desk.once()
    with pytest.raises(RelayRefusedError, match="locked"):
        await open_as("q")
    tile = wire.Tile(participant="q", source="camera", width=320, height=180)
    view = wire.ConnectionView(id=0, connection="c", tiles=[tile])
    assert isinstance(await link.client.call(view), wire.Done)
    wanted = Wanted(wanted.allowed)
    desk.refresh("room", ["p"], lock=True)
    assert await desk.once()
    await open_as("q")
    assert not caplog.records
