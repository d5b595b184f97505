"""Stop a picture, step out, lock, share a screen: what the relay is told, and who is told what."""

from __future__ import annotations

from typing import Any

import pytest

from realtime.wire.relay import QualityEvent, SpeakersEvent
from tests.realtime.stage import Room
from tests.realtime.tabs import Tab, open_tab

pytestmark = pytest.mark.django_db(transaction=True)

TILES = [{"participant": "somebody", "source": "camera", "width": 640, "height": 360, "pinned": False}]


def changed(**fields: Any) -> Any:
    """Pick an event whose block says all this."""
    return lambda message: fields.items() <= message.get("change", {}).items()


def on_relay(room: Room, tab: Tab) -> dict[str, Any]:
    """Give what the relay holds of a tab's connection."""
    return room.relay.connections[tab.connection]


async def test_a_stopped_picture_stops_at_the_relay_and_nobody_else_starts_it_again(room: Room) -> None:
    await room.admit()
    patient = str(room.cast.patient.pk)
    await room.ask("participant.stop_video", participant=patient)
    told = await room.patient.until(changed(id=patient, camera_stopped_by_staff=True))
    assert (told["change"]["camera"], told["change"]["microphone"]) == (False, True)
    await room.settle()
    assert (on_relay(room, room.patient)["camera"], on_relay(room, room.patient)["microphone"]) == (
        False,
        True,
    )
    await room.patient.call("media.set", microphone=True, camera=True)
    await room.settle()
    assert on_relay(room, room.patient)["camera"] is True


async def test_only_facilitators_share_a_screen_and_patients_are_told_so_in_words(room: Room) -> None:
    await room.admit()
    answer = await room.patient.call("media.set", microphone=False, camera=True, screen=True)
    assert (answer["error"], answer["reason"]) == ("denied", "screen_for_facilitators")
    assert answer["text"]
    assert answer["way_out"]
    assert (await room.therapist.call("media.set", microphone=True, camera=True, screen=True))[
        "type"
    ] == "ack"
    await room.settle()
    assert on_relay(room, room.therapist)["screen"] is True
    held = on_relay(room, room.patient)
    assert (held["screen"], held["microphone"]) == (False, True)


async def test_who_steps_out_is_apart_at_the_relay_and_the_group_learns_only_that(room: Room) -> None:
    await room.admit()
    other = room.cast.more_patients[0]
    third = await open_tab(room.cast.group_session.pk, other)
    await third.join()
    await room.ask("participant.admit", participant=str(other.pk))
    me, patient = str(room.cast.therapist.pk), str(room.cast.patient.pk)
    await room.ask("participant.move", participant=patient, side_room=me)
    mine = await room.patient.until(changed(id=patient, side_room=me))
    assert mine["change"]["microphone"] is True
    shown = await third.until(changed(id=patient, side_room=patient))
    assert (shown["change"]["microphone"], shown["change"]["camera"]) == (False, False)
    await room.settle()
    places = [on_relay(room, tab)["side_room"] for tab in (room.therapist, room.patient, third)]
    assert places == [me, me, ""]
    # Who speaks where: each hears of their own.
    speaking, key = [me, str(other.pk)], str(room.cast.group_session.pk)
    room.relay.tell(SpeakersEvent(room=key, side_room=me, participants=[me]))
    room.relay.tell(SpeakersEvent(room=key, participants=[str(other.pk)]))
    assert (await room.patient.until("speakers"))["participants"] == [me]
    assert (await room.therapist.until("speakers"))["participants"] == [me]
    assert (await third.until("speakers"))["participants"] == [str(other.pk)]
    # What goes on in there is not even an event for the group.
    await room.ask("participant.mute", participant=patient)
    assert (await third.until("event"))["change"] == {"kind": "none"}
    # Back in the group one is silent, and learns who speaks there.
    await room.ask("participant.move", participant=me, side_room=None)
    back = await third.until(changed(id=patient, side_room=None))
    assert back["change"]["muted_by_staff"] is True
    assert (await third.until("speakers"))["participants"] == speaking
    room.relay.tell(SpeakersEvent(room=key, side_room=me, participants=[]))
    assert (await third.until("speakers"))["participants"] == speaking[1:]
    await room.settle()
    assert [on_relay(room, tab)["side_room"] for tab in (room.therapist, room.patient)] == ["", ""]
    assert on_relay(room, room.patient)["microphone"] is False
    await third.cut()


async def test_a_side_room_that_cannot_be_is_refused_in_words_and_outlives_a_new_relay(room: Room) -> None:
    await room.admit()
    me, patient = str(room.cast.therapist.pk), str(room.cast.patient.pk)
    for side_room in (patient, "nobody", str(room.cast.covering_therapist.pk)):
        answer = await room.therapist.call("participant.move", participant=patient, side_room=side_room)
        assert answer["error"] == "not_found", side_room
    await room.ask("participant.move", participant=patient, side_room=me)
    await room.settle()
    room.relay.go_away()
    room.relay.come_back(boot="boot-2")
    await room.patient.until("media.lost")
    await room.therapist.until("media.lost")
    assert [on_relay(room, tab)["side_room"] for tab in (room.therapist, room.patient)] == [me, me]


async def test_a_locked_room_takes_nobody_new_at_the_door_or_at_the_relay(room: Room) -> None:
    await room.admit()
    me, patient, key = str(room.cast.therapist.pk), str(room.cast.patient.pk), str(room.cast.group_session.pk)
    await room.ask("room.lock", locked=True)
    assert (await room.patient.until(changed(kind="session", locked=True)))["change"]["phase"] == "OPEN"
    await room.settle()
    assert set(room.relay.locks[key] or []) == {me, patient}
    late = await open_tab(room.cast.group_session.pk, room.cast.more_patients[0])
    answer = await late.join()
    assert (answer["type"], answer["error"], answer["reason"]) == ("closing", "denied", "room_locked")
    assert answer["text"]
    assert answer["way_out"]
    assert await late.close_code() == 4403
    # Who has a seat may change the device; a colleague may come, and the relay hears of them in time.
    again = await open_tab(room.cast.group_session.pk, room.cast.patient)
    assert (await again.join(take_over=True))["you"]["state"] == "IN_ROOM"
    assert (await again.call("publish.offer", generation=1, sdp="v=0"))["type"] == "publish.answer"
    colleague = await open_tab(room.cast.group_session.pk, room.cast.covering_therapist)
    await colleague.join()
    assert (await colleague.call("publish.offer", generation=1, sdp="v=0"))["type"] == "publish.answer"
    await room.settle()
    assert set(room.relay.locks[key] or []) == {me, patient, str(room.cast.covering_therapist.pk)}
    # A new relay is locked before long, by the seats that come back to it.
    room.relay.go_away()
    room.relay.come_back(boot="boot-2")
    await colleague.until("media.lost")
    await room.settle()
    assert len(room.relay.locks[key] or []) == 3
    await room.ask("room.lock", locked=False)
    await room.settle()
    assert room.relay.locks[key] is None
    await again.cut()
    await colleague.cut()


async def test_what_is_looked_at_reaches_the_relay_newest_last_and_again_on_a_new_one(room: Room) -> None:
    answer = await room.patient.call("media.view", tiles=TILES)
    assert answer["error"] == "not_in_room"
    await room.admit()
    for width in (320, 640):
        tiles = [TILES[0] | {"width": width}]
        assert (await room.patient.call("media.view", tiles=tiles, sound_only=True))["type"] == "ack"
    await room.patient.call("ping")
    view = room.relay.views[room.patient.connection]
    assert (view.tiles[0].width, view.sound_only) == (640, True)
    room.relay.go_away()
    assert (await room.patient.call("media.view", tiles=TILES))["type"] == "ack"
    room.relay.come_back(boot="boot-2")
    await room.patient.until("media.lost")
    await room.patient.call("ping")
    assert room.relay.views[room.patient.connection].sound_only is False


async def test_quality_is_for_the_socket_it_speaks_of_and_for_who_comes_back_to_it(room: Room) -> None:
    await room.admit()
    connection = room.patient.connection
    room.relay.tell(
        QualityEvent(
            room=str(room.cast.group_session.pk), connection=connection, downlink="reduced", uplink="weak"
        )
    )
    told = await room.patient.until("media.quality")
    assert (told["downlink"], told["uplink"]) == ("reduced", "weak")
    await room.therapist.call("ping")
    assert "media.quality" not in [message["type"] for message in room.therapist.seen]
    await room.patient.cut()
    again = await open_tab(room.cast.group_session.pk, room.cast.patient)
    await again.join(resume=room.patient.resume)
    assert (await again.until("media.quality"))["downlink"] == "reduced"
    await again.cut()
