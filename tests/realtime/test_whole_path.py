"""Sockets, worker, database and the real relay process together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from realtime import runtime as process
from realtime.presence import MemoryPresence
from realtime.relay_client import RelayClient
from realtime.runtime import Runtime, wall_ns
from realtime.worker import start_worker
from sessions.models import Participation, PresenceEvent
from tests.cast import Cast
from tests.patience import PATIENCE_SECONDS
from tests.realtime.ending import end
from tests.realtime.real_relay import SECRET, RealRelay
from tests.realtime.tabs import Tab, open_tab
from tests.relay.peer import AUDIO, FakePeer, FakeTrack
from tests.relay.socket_peer import SocketWorld

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
async def relay(tmp_path: Path) -> AsyncIterator[RealRelay]:
    made = RealRelay(tmp_path)
    await made.start()
    yield made
    await made.kill()


@pytest.fixture
async def runtime(cast: Cast, relay: RealRelay, settings: Settings) -> AsyncIterator[Runtime]:
    settings.EMBEDDED_WORKER = False
    client = RelayClient(url=relay.url, secret=SECRET, wall_ns=wall_ns)
    made = Runtime(relay=client, presence=MemoryPresence())
    process.install(made)
    made.start()
    start_worker(made)
    await until(lambda: client.boot is not None)
    yield made
    await end(made)


@pytest.fixture
def machine() -> Iterator[SocketWorld]:
    made = SocketWorld()
    yield made
    made.close()


async def until(is_done: object) -> None:
    """Wait for a condition, which may be a coroutine function."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            result = is_done()  # type: ignore[operator]
            if await result if asyncio.iscoroutine(result) else result:
                return
            await asyncio.sleep(0.02)


async def kinds(tab: Tab) -> list[str]:
    """List what the ledger holds of a tab's connection."""
    rows = PresenceEvent.objects.filter(connection=tab.connection).order_by("id")
    return [kind async for kind in rows.values_list("kind", flat=True)]


async def publish(tab: Tab, machine: SocketWorld, generation: int) -> FakePeer:
    """Send a microphone as a browser does."""
    peer = machine.peer(ufrag="p")
    offer = peer.offer(AUDIO)
    answer = await tab.call("publish.offer", generation=generation, sdp=offer)
    assert answer["type"] == "publish.answer", answer
    peer.connect(answer["sdp"])
    await asyncio.to_thread(machine.pump_until, lambda: peer.is_connected)
    peer.send_rtp(FakeTrack(AUDIO, 5).packet(b"sound"))
    return peer


async def test_media_is_witnessed_and_survives_the_death_of_the_relay(
    cast: Cast, runtime: Runtime, relay: RealRelay, machine: SocketWorld
) -> None:
    tab = await open_tab(cast.group_session.pk, cast.therapist)
    await tab.join(camera=False)
    await tab.call("session.start")
    await publish(tab, machine, generation=1)
    await tab.until("media.state")

    async def is_witnessed() -> bool:
        return "first_packet" in await kinds(tab)

    await until(is_witnessed)
    person = await Participation.objects.aget(user=cast.therapist)
    assert (person.state, person.media_state) == ("IN_ROOM", "LIVE")

    await relay.kill()
    await until(lambda: runtime.relay.boot is None)
    assert (await tab.call("publish.offer", generation=2, sdp="v=0"))["error"] == "relay_unavailable"
    assert (await tab.call("ping"))["type"] == "pong"
    await relay.start()
    await tab.until("media.lost")
    await publish(tab, machine, generation=2)

    async def is_back() -> bool:
        found = await kinds(tab)
        return found.count("first_packet") == 2 and "closed" in found

    await until(is_back)
    closed = await PresenceEvent.objects.aget(connection=tab.connection, kind="closed")
    assert (closed.data["reason"], closed.data["inferred"]) == ("boot_ended", True)
    await person.arefresh_from_db()
    assert person.media_state == "LIVE"

    await tab.call("session.end")
    assert await tab.closing() == ("ended", 4411)

    async def is_closed() -> bool:
        return (await kinds(tab)).count("closed") == 2

    await until(is_closed)
    numbers = [
        seq
        async for seq in PresenceEvent.objects.exclude(source_boot__startswith="web-")
        .filter(source_boot=relay.boot)
        .order_by("id")
        .values_list("seq", flat=True)
    ]
    assert numbers == list(range(1, len(numbers) + 1))
