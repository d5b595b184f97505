"""One place, one device: second tabs, take-overs, lost sockets, logins that end."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
from channels.db import database_sync_to_async
from django.contrib.sessions.models import Session

from realtime import consumers
from realtime import runtime as process
from realtime.presence import MemoryPresence
from realtime.runtime import Runtime
from telehealth.core import clock
from telehealth.programs.models import ProgramMembership
from tests.cast import Cast
from tests.patience import PATIENCE_SECONDS
from tests.realtime.fake_relay import FakeRelay
from tests.realtime.tabs import Tab, login, open_tab

pytestmark = pytest.mark.django_db(transaction=True)


async def seated(cast: Cast) -> Tab:
    """Seat the therapist."""
    tab = await open_tab(cast.group_session.pk, cast.therapist)
    await tab.join()
    return tab


async def until_closed(relay: FakeRelay, connection: str) -> str:
    """Wait until the relay was told to close a connection; gives the reason."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while connection not in relay.closed:
            await asyncio.sleep(0)
    return relay.closed[connection]


async def test_a_second_tab_is_asked_first_and_may_take_over(
    cast: Cast, runtime: Runtime, relay: FakeRelay
) -> None:
    first = await seated(cast)
    second = await open_tab(cast.group_session.pk, cast.therapist)
    answer = await second.join()
    assert (answer["type"], answer["error"]) == ("error", "opened_elsewhere")
    assert answer["text"]
    assert answer["way_out"]
    welcome = await second.join(take_over=True)
    assert welcome["you"]["resumed"] is False
    assert await first.closing() == ("superseded", 4409)
    assert await until_closed(relay, first.connection) == "superseded"
    assert second.connection in relay.connections
    await second.cut()


async def test_the_replaced_tab_cannot_touch_the_new_seat(cast: Cast, runtime: Runtime) -> None:
    first = await seated(cast)
    second = await open_tab(cast.group_session.pk, cast.therapist)
    await second.join(take_over=True)
    await first.closing()
    await first.cut()
    seen = await runtime.presence.seen([second.connection])
    assert seen[second.connection].socket
    assert (await second.call("media.set", microphone=False, camera=False))["type"] == "ack"
    await second.cut()


async def test_a_lost_socket_resumes_with_its_secret_and_media_is_not_touched(
    cast: Cast, runtime: Runtime, relay: FakeRelay
) -> None:
    first = await seated(cast)
    await first.call("publish.offer", generation=1, sdp="v=0")
    await first.cut()
    second = await open_tab(cast.group_session.pk, cast.therapist)
    welcome = await second.join(resume=first.resume)
    assert welcome["you"]["resumed"] is True
    assert welcome["you"]["connection"] == first.connection
    assert welcome["you"]["secret"] == first.resume["secret"]
    assert relay.closed == {}
    assert (await second.call("publish.offer", generation=2, sdp="v=0"))["type"] == "publish.answer"
    await second.cut()


async def test_a_wrong_proof_resumes_nothing(cast: Cast, runtime: Runtime) -> None:
    first = await seated(cast)
    second = await open_tab(cast.group_session.pk, cast.therapist)
    for change in ({"secret": "guessed"}, {"connection": str(UUID(int=0))}, {"connection": "x"}):
        answer = await second.join(resume=first.resume | change)
        assert answer["error"] == "opened_elsewhere", change
    assert (await first.call("ping"))["type"] == "pong"
    await first.cut()
    await second.cut()


async def test_somebody_elses_proof_resumes_nothing(cast: Cast, runtime: Runtime) -> None:
    first = await seated(cast)
    other = await open_tab(cast.group_session.pk, cast.covering_therapist)
    welcome = await other.join(resume=first.resume)
    assert welcome["you"]["resumed"] is False
    assert welcome["you"]["connection"] != first.connection
    await first.cut()
    await other.cut()


async def test_a_copied_tab_that_resumes_stops_the_original(cast: Cast, runtime: Runtime) -> None:
    first = await seated(cast)
    copy = await open_tab(cast.group_session.pk, cast.therapist)
    assert (await copy.join(resume=first.resume))["you"]["resumed"] is True
    assert await first.closing() == ("superseded", 4409)
    assert (await copy.call("ping"))["type"] == "pong"
    await copy.cut()


async def test_a_place_that_nobody_has_seen_lately_is_free(cast: Cast, runtime: Runtime) -> None:
    first = await seated(cast)
    await first.cut()
    await runtime.presence.drop(first.connection, "socket")
    second = await open_tab(cast.group_session.pk, cast.therapist)
    assert (await second.join())["type"] == "welcome"
    await second.cut()


async def test_a_closed_socket_keeps_its_lease_for_a_reload(cast: Cast, runtime: Runtime) -> None:
    tab = await seated(cast)
    await tab.cut()
    assert (await runtime.presence.seen([tab.connection]))[tab.connection].socket


async def test_signing_out_closes_the_sockets_of_that_browser_only(
    cast: Cast, runtime: Runtime, relay: FakeRelay
) -> None:
    here = await seated(cast)
    elsewhere = await open_tab(cast.group_session.pk, cast.patient)
    await elsewhere.join()
    assert here.client is not None
    await database_sync_to_async(here.client.logout)()
    assert await here.closing() == ("logged_out", 4412)
    assert await until_closed(relay, here.connection) == "left"
    assert (await elsewhere.call("ping"))["type"] == "pong"
    await elsewhere.cut()


async def test_a_heartbeat_keeps_the_login_and_notices_its_end(
    cast: Cast, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumers, "TOUCH_SECONDS", 0.0)
    tab = await seated(cast)
    before = (await Session.objects.aget()).expire_date
    await tab.call("ping")
    assert (await Session.objects.aget()).expire_date > before
    await Session.objects.all().adelete()
    answer = await tab.call("ping")
    assert (answer["type"], answer["error"]) == ("closing", "unauthenticated")
    assert await tab.close_code() == 4401


async def test_who_no_longer_works_in_the_program_is_out_at_the_next_heartbeat(
    cast: Cast, runtime: Runtime, relay: FakeRelay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumers, "TOUCH_SECONDS", 0.0)
    tab = await seated(cast)
    await ProgramMembership.objects.filter(user=cast.therapist).aupdate(
        ends_on=clock.now().date() - timedelta(days=2)
    )
    answer = await tab.call("ping")
    assert (answer["type"], answer["error"]) == ("closing", "not_found")
    assert await tab.close_code() == 4404
    assert await until_closed(relay, tab.connection) == "left"


async def test_the_same_login_may_watch_two_rooms_but_not_hold_two_seats(
    cast: Cast, runtime: Runtime
) -> None:
    client = await database_sync_to_async(login)(cast.therapist)
    one, two = Tab(cast.group_session.pk, client), Tab(cast.group_session.pk, client)
    assert await one.connect()
    assert await two.connect()
    await one.join()
    assert (await two.join())["error"] == "opened_elsewhere"
    await one.cut()
    await two.cut()


async def test_when_the_web_process_was_killed_people_resume_on_the_new_one(
    cast: Cast, runtime: Runtime, relay: FakeRelay
) -> None:
    tab = await seated(cast)
    await tab.cut()
    successor = Runtime(relay=relay, presence=MemoryPresence())
    process.install(successor)
    successor.start()
    try:
        back = await open_tab(cast.group_session.pk, cast.therapist)
        welcome = await back.join(resume=tab.resume)
        assert welcome["you"]["resumed"] is True
        assert relay.closed == {}
        assert (await successor.presence.seen([tab.connection]))[tab.connection].socket
        await back.cut()
    finally:
        await successor.stop()
        process.install(runtime)
