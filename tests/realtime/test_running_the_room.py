"""Start, admit, mute, remove, readmit, break and end, as the people in the room see them."""

from __future__ import annotations

import pytest

from tests.realtime.stage import Room
from tests.realtime.tabs import open_tab

pytestmark = pytest.mark.django_db(transaction=True)


async def test_the_waiting_room_opens_by_push(room: Room) -> None:
    await room.therapist.until_state(room.cast.patient.pk, "WAITING")
    await room.admit()
    held = room.relay.connections[room.patient.connection]
    assert held["participant"] == str(room.cast.patient.pk)
    offer = await room.patient.call("subscribe.request", generation=1)
    assert (offer["type"], offer["sdp"]) == ("subscribe.offer", "slots")
    assert (await room.patient.call("subscribe.answer", generation=1, sdp="v=0"))["type"] == "ack"


async def test_nobody_is_admitted_before_the_start(room: Room) -> None:
    answer = await room.therapist.call("participant.admit", participant=str(room.cast.patient.pk))
    assert answer["error"] == "conflict"


async def test_admit_all_lets_everybody_in(room: Room) -> None:
    second = await open_tab(room.cast.group_session.pk, room.cast.more_patients[0])
    await second.join()
    await room.ask("session.start")
    await room.ask("participants.admit_all")
    await room.patient.until_state(room.cast.patient.pk, "IN_ROOM")
    await second.until_state(room.cast.more_patients[0].pk, "IN_ROOM")
    await second.cut()


async def test_a_muted_person_is_silenced_by_the_relay_and_unmutes_themselves(room: Room) -> None:
    await room.admit()
    await room.ask("participant.mute", participant=str(room.cast.patient.pk))
    told = await room.patient.until(lambda message: message.get("change", {}).get("muted_by_staff") is True)
    assert told["change"]["microphone"] is False
    await room.settle()
    assert room.relay.connections[room.patient.connection]["microphone"] is False
    assert room.relay.connections[room.patient.connection]["camera"] is True
    await room.patient.call("media.set", microphone=True, camera=True)
    await room.settle()
    assert room.relay.connections[room.patient.connection]["microphone"] is True


async def test_a_mute_before_the_first_packet_is_not_lost(room: Room) -> None:
    await room.ask("session.start")
    room.relay.go_away()
    await room.ask("participant.admit", participant=str(room.cast.patient.pk))
    await room.patient.until_state(room.cast.patient.pk, "IN_ROOM")
    await room.ask("participant.mute", participant=str(room.cast.patient.pk))
    room.relay.come_back(boot="boot-2")
    await room.patient.until("media.lost")
    await room.settle()
    assert room.relay.connections[room.patient.connection]["microphone"] is False


async def test_what_a_person_turns_off_the_relay_stops(room: Room) -> None:
    await room.admit()
    await room.patient.call("media.set", microphone=True, camera=False)
    await room.settle()
    assert room.relay.connections[room.patient.connection]["camera"] is False


async def test_a_removed_person_is_out_until_readmitted(room: Room) -> None:
    await room.admit()
    fields = {"participant": str(room.cast.patient.pk), "reason": "disruptive"}
    await room.ask("participant.remove", **fields)
    assert await room.patient.closing() == ("removed", 4410)
    await room.settle()
    assert room.relay.closed[room.patient.connection] == "removed"
    again = await open_tab(room.cast.group_session.pk, room.cast.patient)
    answer = await again.join(resume=room.patient.resume)
    assert (answer["type"], answer["error"]) == ("closing", "removed")
    assert await again.close_code() == 4410
    await room.ask("participant.readmit", participant=str(room.cast.patient.pk))
    back = await open_tab(room.cast.group_session.pk, room.cast.patient)
    assert (await back.join())["you"]["state"] == "IN_ROOM"
    await back.cut()


async def test_a_break_is_told_to_everybody(room: Room) -> None:
    await room.admit()
    await room.ask("break.start")
    told = await room.patient.until(
        lambda message: message.get("change", {}).get("on_break_since") is not None
    )
    assert told["change"]["kind"] == "session"
    assert (await room.therapist.call("break.start"))["error"] == "conflict"
    await room.ask("break.end")


async def test_the_end_closes_all_sockets_and_the_relays_room(room: Room) -> None:
    await room.admit()
    await room.ask("session.end")
    assert await room.patient.closing() == ("ended", 4411)
    assert await room.therapist.closing() == ("ended", 4411)
    await room.settle()
    assert room.relay.closed_rooms == {str(room.cast.group_session.pk): "ended"}


async def test_who_leaves_by_mistake_comes_back_without_admission(room: Room) -> None:
    await room.admit()
    assert (await room.patient.call("leave"))["type"] == "ack"
    assert await room.patient.close_code() == 1000
    await room.settle()
    assert room.relay.closed[room.patient.connection] == "left"
    back = await open_tab(room.cast.group_session.pk, room.cast.patient)
    assert (await back.join())["you"]["state"] == "IN_ROOM"
    await back.cut()


@pytest.mark.parametrize("participant", ["00000000-0000-0000-0000-000000000000", "nobody"])
async def test_somebody_who_is_not_there_is_not_found(room: Room, participant: str) -> None:
    await room.ask("session.start")
    answer = await room.therapist.call("participant.mute", participant=participant)
    assert answer["error"] == "not_found"
    assert (await room.therapist.call("ping"))["type"] == "pong"
