"""What is restarted in place goes on, what is gone is built anew, and the newest device keeps the seat."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from realtime import receivers
from realtime.runtime import Runtime
from realtime.wire.relay import DrainingEvent, PublishOffer, SubscribeOffer
from sessions.models import Participation
from tests.cast import Cast
from tests.patience import PATIENCE_SECONDS
from tests.realtime.fake_relay import FakeRelay
from tests.realtime.tabs import Tab, open_tab

pytestmark = pytest.mark.django_db(transaction=True)


async def seated(cast: Cast, **fields: Any) -> Tab:
    """Seat the therapist."""
    tab = await open_tab(cast.group_session.pk, cast.therapist)
    assert (await tab.join(**fields))["type"] == "welcome"
    return tab


async def test_a_restart_reaches_the_relay_as_such_and_of_what_is_gone_media_is_lost(
    cast: Cast, runtime: Runtime, relay: FakeRelay
) -> None:
    tab = await seated(cast)
    for _ in range(2):
        assert (await tab.call("publish.offer", generation=1, sdp="v=0"))["type"] == "publish.answer"
    for restart in (False, True):
        answer = await tab.call("subscribe.request", generation=1, restart=restart)
        assert answer["type"] == "subscribe.offer"
    offers = [call for call in relay.calls if isinstance(call, PublishOffer | SubscribeOffer)]
    assert [call.generation for call in offers] == [1, 1, 1, 1]
    assert [call.restart for call in offers if isinstance(call, SubscribeOffer)] == [False, True]
    for kind, fields in (("publish.offer", {"sdp": "v=0"}), ("subscribe.request", {"restart": True})):
        relay.connections.clear()
        answer = await tab.call(kind, generation=1, **fields)
        assert (answer["error"], answer["reason"]) == ("relay_unavailable", None)
        await tab.until("media.lost")
    assert (await tab.call("publish.offer", generation=2, sdp="v=0"))["type"] == "publish.answer"
    await tab.cut()


async def test_a_relay_that_is_about_to_end_says_so_and_takes_people_if_it_does_not(
    cast: Cast, runtime: Runtime, relay: FakeRelay
) -> None:
    relay.is_draining = True
    tab = await seated(cast)
    answer = await tab.call("publish.offer", generation=1, sdp="v=0")
    assert (answer["error"], answer["reason"]) == ("relay_unavailable", "draining")
    assert "restarted" in answer["text"]
    assert answer["way_out"]
    relay.is_draining = False
    relay.tell(DrainingEvent(seconds=None))
    await tab.until("media.lost")
    assert (await tab.call("publish.offer", generation=2, sdp="v=0"))["type"] == "publish.answer"
    # Who has media already is not disturbed.
    relay.tell(DrainingEvent(seconds=60))
    relay.tell(DrainingEvent(seconds=None))
    await tab.call("ping")
    assert [message["type"] for message in tab.seen].count("media.lost") == 1
    await tab.cut()


async def test_an_old_device_that_was_never_told_can_neither_leave_nor_speak_for_the_new_one(
    cast: Cast, runtime: Runtime, relay: FakeRelay, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = await seated(cast)
    with monkeypatch.context() as lossy:
        lossy.setattr(receivers, "_send", lambda group, message: None)
        new = await seated(cast, take_over=True)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while one.connection not in relay.closed:
            await asyncio.sleep(0)
    await new.call("publish.offer", generation=1, sdp="v=0")
    answer = await one.call("media.set", microphone=False, camera=False)
    assert answer["error"] == "not_joined"
    answer = await one.call("publish.offer", generation=7, sdp="v=0")
    assert answer["error"] == "relay_unavailable"
    assert one.connection not in relay.connections
    assert (await one.call("leave"))["type"] == "ack"
    assert await one.close_code() == 1000
    place = await Participation.objects.aget(user=cast.therapist)
    assert (str(place.connection), place.state, place.microphone_on) == (new.connection, "IN_ROOM", True)
    assert new.connection in relay.connections
    assert relay.closed == {one.connection: "superseded"}
    assert (await runtime.presence.seen([new.connection]))[new.connection].socket
    # Its page comes back by itself, with the proof of the seat it once had: the new one keeps its place.
    back = await open_tab(cast.group_session.pk, cast.therapist)
    assert (await back.join(resume=one.resume))["error"] == "opened_elsewhere"
    assert (await new.call("publish.offer", generation=2, sdp="v=0"))["type"] == "publish.answer"
    await new.cut()
    await back.cut()
