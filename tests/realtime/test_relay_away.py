"""The relay dies, comes back, forgets: people keep their places and are told what to do."""

from __future__ import annotations

import pytest

from realtime.runtime import Runtime
from realtime.wire.relay import MediaEvent, Slot, SlotsEvent, SpeakersEvent
from tests.cast import Cast
from tests.realtime.fake_relay import FakeRelay
from tests.realtime.tabs import Tab, open_tab

pytestmark = pytest.mark.django_db(transaction=True)


async def seated(cast: Cast) -> Tab:
    """Seat the therapist."""
    tab = await open_tab(cast.group_session.pk, cast.therapist)
    await tab.join()
    return tab


def slots(tab: Tab, room: object, who: str) -> SlotsEvent:
    """Tell that somebody is in a tab's first slot."""
    slot = Slot(mid="0", kind="audio", participant=who, source="microphone")
    return SlotsEvent(room=str(room), connection=tab.connection, slots=[slot])


async def test_while_the_relay_is_away_offers_are_refused_in_words_and_the_rest_goes_on(
    cast: Cast, runtime: Runtime, relay: FakeRelay
) -> None:
    relay.go_away()
    tab = await seated(cast)
    answer = await tab.call("publish.offer", generation=1, sdp="v=0")
    assert (answer["type"], answer["error"]) == ("error", "relay_unavailable")
    assert answer["text"]
    assert (await tab.call("subscribe.request", generation=1))["error"] == "relay_unavailable"
    assert (await tab.call("session.start"))["type"] == "ack"
    await tab.cut()


async def test_a_new_boot_gets_the_seats_and_clients_are_told_to_rebuild(
    cast: Cast, runtime: Runtime, relay: FakeRelay
) -> None:
    tab = await seated(cast)
    await tab.call("publish.offer", generation=1, sdp="v=0")
    relay.go_away()
    relay.come_back(boot="boot-2")
    await tab.until("media.lost")
    assert tab.connection in relay.connections
    assert (await tab.call("publish.offer", generation=2, sdp="v=0"))["type"] == "publish.answer"
    await tab.cut()


async def test_a_join_during_the_outage_gets_its_media_when_it_is_over(
    cast: Cast, runtime: Runtime, relay: FakeRelay
) -> None:
    boot = relay.boot
    relay.go_away()
    tab = await seated(cast)
    assert boot is not None
    relay.come_back(boot=boot)
    await tab.until("media.lost")
    assert tab.connection in relay.connections
    await tab.cut()


async def test_a_broken_control_link_alone_disturbs_nobody(
    cast: Cast, runtime: Runtime, relay: FakeRelay
) -> None:
    tab = await seated(cast)
    boot, held = relay.boot, dict(relay.connections)
    assert boot is not None
    relay.go_away()
    relay.come_back(boot=boot)
    relay.connections.update(held)
    assert (await tab.call("ping"))["type"] == "pong"
    assert "media.lost" not in [message["type"] for message in tab.seen]
    await tab.cut()


async def test_a_connection_the_relay_gave_up_is_opened_again_by_the_next_offer(
    cast: Cast, runtime: Runtime, relay: FakeRelay
) -> None:
    tab = await seated(cast)
    relay.connections.clear()
    assert (await tab.call("publish.offer", generation=3, sdp="v=0"))["type"] == "publish.answer"
    await tab.cut()


async def test_media_the_relay_timed_out_is_reported_lost(
    cast: Cast, runtime: Runtime, relay: FakeRelay
) -> None:
    tab = await seated(cast)
    relay.tell(
        MediaEvent(
            room=str(cast.group_session.pk),
            connection=tab.connection,
            participant=str(cast.therapist.pk),
            state="closed",
            reason="timeout",
        )
    )
    assert (await tab.until("media.state"))["state"] == "closed"
    await tab.until("media.lost")
    await tab.cut()


async def test_bad_offers_are_answered_and_good_ones_still_work(
    cast: Cast, runtime: Runtime, relay: FakeRelay
) -> None:
    tab = await seated(cast)
    await tab.call("publish.offer", generation=4, sdp="v=0")
    for sdp, generation, error in [
        ("garbage", 5, "bad_sdp"),
        ("v=0", 1, "stale_generation"),
        ("v=0", 6, None),
    ]:
        answer = await tab.call("publish.offer", generation=generation, sdp=sdp)
        assert answer.get("error") == error
    await tab.cut()


async def test_slots_reach_their_own_connection_and_speakers_the_whole_room(
    cast: Cast, runtime: Runtime, relay: FakeRelay
) -> None:
    one = await seated(cast)
    two = await open_tab(cast.group_session.pk, cast.covering_therapist)
    await two.join()
    relay.tell(slots(one, cast.group_session.pk, str(cast.covering_therapist.pk)))
    relay.tell(SpeakersEvent(room=str(cast.group_session.pk), participants=[str(cast.therapist.pk)]))
    relay.tell(SpeakersEvent(room="another-room", participants=["stranger"]))
    assert (await one.until("media.slots"))["slots"][0]["participant"] == str(cast.covering_therapist.pk)
    for tab in (one, two):
        assert (await tab.until("speakers"))["participants"] == [str(cast.therapist.pk)]
    await two.call("ping")
    assert "media.slots" not in [message["type"] for message in two.seen]
    await one.cut()
    await two.cut()


async def test_who_comes_back_is_told_the_slots_again(cast: Cast, runtime: Runtime, relay: FakeRelay) -> None:
    first = await seated(cast)
    await first.cut()
    relay.tell(slots(first, cast.group_session.pk, "somebody"))
    again = await open_tab(cast.group_session.pk, cast.therapist)
    await again.join(resume=first.resume)
    assert (await again.until("media.slots"))["slots"][0]["participant"] == "somebody"
    await again.cut()
