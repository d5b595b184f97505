"""Side rooms, locked rooms, and who is told that somebody speaks."""

from pathlib import Path

import pytest

from realtime.relay.locks import MAX_EMPTY, Locks
from realtime.relay.packets import rtcp
from realtime.wire.relay import SpeakersEvent
from tests.relay.device import Device
from tests.relay.network import World
from tests.relay.peer import AUDIO, VIDEO

NAMES = {"microphone": True, "camera": True}


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def join(world: World, *names: str) -> list[Device]:
    return [Device(world, name).join() for name in names]


def move(device: Device, side_room: str) -> None:
    device.world.ask("connection.allow", connection=device.connection, **NAMES, side_room=side_room)


def talk(*devices: Device) -> dict[str, list[str]]:
    """Let everybody say and show something; return who got whose voice and picture."""
    for device in devices:
        device.subscriber.rtp.clear()
    for device in devices:
        device.speak(device.connection.encode())
        device.show_key()
    return {
        device.connection: sorted(
            [packet[3].decode() for packet in device.received(AUDIO)]
            + ["picture"] * len(device.received(VIDEO))
        )
        for device in devices
    }


def test_a_side_room_is_cut_off_at_once_in_both_directions_and_so_is_the_way_back(world: World) -> None:
    patient, staff, group, other = join(world, "p", "s", "g", "o")
    move(patient, "s")
    move(staff, "s")
    assert talk(patient, staff, group, other) == {
        "p": ["picture", "s"],
        "s": ["p", "picture"],
        "g": ["o", "picture"],
        "o": ["g", "picture"],
    }
    assert patient.slots() == {"a0": "person-s", "v0": "person-s"}
    assert set(group.slots().values()) == {"person-o"}
    move(patient, "")
    assert talk(patient, staff)["s"] == []
    assert set(patient.slots().values()) == {"person-g", "person-o"}


def test_who_comes_back_is_asked_for_a_key_frame(world: World) -> None:
    patient, staff = join(world, "p", "s")
    talk(patient, staff)
    move(patient, "x")
    world.advance(1)
    staff.publisher.rtcp.clear()
    move(patient, "")
    world.advance(0.1)
    asked = [packet for data in staff.publisher.rtcp for packet in rtcp.parse(data)]
    assert any(isinstance(packet, rtcp.KeyframeRequest) for packet in asked)


def test_a_rebuilt_connection_and_a_second_device_stay_in_the_side_room(world: World) -> None:
    patient, staff, group = join(world, "p", "s", "g")
    move(patient, "s")
    move(staff, "s")
    patient.publish()
    patient.subscribe()
    assert talk(patient, staff, group)["g"] == []
    newer = Device(world, "p2", participant="person-p")
    move(newer, "s")
    newer.join()
    assert talk(newer, staff, group) == {"p2": ["picture", "s"], "s": ["p2", "picture"], "g": []}


def test_a_seat_opened_into_a_side_room_never_hears_the_group(world: World) -> None:
    (group,) = join(world, "g")
    names = {"room": "room-1", "connection": "n", "participant": "person-n", **NAMES}
    newcomer = Device(world, "n")
    world.ask("connection.open", **names, side_room="s")
    newcomer.join()
    assert talk(group, newcomer) == {"g": [], "n": []}


def test_who_looks_in_a_side_room_is_still_sent_nobody_else(world: World) -> None:
    patient, staff, group = join(world, "p", "s", "g")
    move(patient, "s")
    move(staff, "s")
    tile = {"participant": "person-g", "source": "camera", "width": 640, "height": 360, "pinned": True}
    world.ask("connection.view", connection="p", tiles=[tile], sound_only=False)
    assert patient.slots() == {"a0": "person-s", "v0": "person-s"}
    assert talk(patient, staff, group)["p"] == ["picture", "s"]


def test_a_crowded_side_room_makes_room_for_its_own_people_only(tmp_path: Path) -> None:
    world = World(tmp_path, audio_slots=1, video_slots=1)
    group = join(world, "g", "h", "i")
    aside = join(world, "p", "q", "s")
    for device in aside:
        move(device, "s")
    speak_up(world, [group[0], aside[2]])
    for device in aside:
        assert set(device.slots().values()) <= {"person-p", "person-q", "person-s"}
    heard = talk(*group, *aside)
    assert heard["p"] in (["picture", "q"], ["picture", "s"])
    assert heard["h"] in (["g", "picture"], ["i", "picture"])


def test_facts_do_not_tell_of_side_rooms(world: World) -> None:
    patient, _ = join(world, "p", "s")
    move(patient, "s")
    world.advance(6)
    assert all("side_room" not in fact["data"] for fact in world.facts())
    assert world.kinds("p") == ["first_packet"]


def speak_up(world: World, devices: list[Device], seconds: float = 1) -> None:
    for device in devices:
        device.voice.level = 0x80 | 30
    for _ in range(round(seconds / 0.02)):
        for device in devices:
            device.speak()
        world.advance(0.02)


def spoken(world: World) -> list[tuple[str, list[str]]]:
    return [(each.side_room, each.participants) for each in world.events if isinstance(each, SpeakersEvent)]


def test_who_speaks_is_told_within_the_side_room_only(world: World) -> None:
    patient, staff, group = join(world, "p", "s", "g")
    move(patient, "s")
    move(staff, "s")
    speak_up(world, [patient, group])
    assert sorted(spoken(world)) == [("", ["person-g"]), ("s", ["person-p"])]
    move(patient, "")
    world.advance(0.1)
    assert spoken(world)[-2:] == [("", ["person-g", "person-p"]), ("s", [])]
    world.advance(2)
    move(staff, "")
    world.advance(1)
    answers = world.dispatch.answer('{"id": 1, "op": "hello", "version": 1}')
    assert sum('"event":"speakers"' in text for text in answers) == 1


def test_who_is_muted_is_told_to_speak_no_more_at_once(world: World) -> None:
    loud, _ = join(world, "a", "b")
    speak_up(world, [loud])
    world.ask("connection.allow", connection="a", microphone=False, camera=True)
    speak_up(world, [loud], seconds=0.2)
    assert spoken(world) == [("", ["person-a"]), ("", [])]


def test_a_soft_voice_is_told_a_click_is_not_and_pauses_for_breath_change_nothing(world: World) -> None:
    soft, click = join(world, "a", "b")
    soft.voice.level, click.voice.level = 0x80 | 52, 0x80 | 10
    click.speak()
    for _ in range(4):
        for _ in range(30):
            soft.speak()
            world.advance(0.02)
        world.advance(0.4)
    world.advance(2)
    assert spoken(world) == [("", ["person-a"]), ("", [])]


def test_a_speaker_without_the_voice_flag_is_told_when_clearly_heard(world: World) -> None:
    loud, hum = join(world, "a", "b")
    loud.voice.level, hum.voice.level = 30, 60
    for _ in range(20):
        loud.speak()
        hum.speak()
        world.advance(0.02)
    assert spoken(world) == [("", ["person-a"])]


def test_many_short_words_make_few_events(world: World) -> None:
    devices = join(world, "a", "b", "c")
    for turn in range(30):
        speak_up(world, [devices[turn % 3]], seconds=0.1)
    assert len(spoken(world)) <= 3 / 0.3 + 1


def opening(name: str, room: str = "room-1") -> dict[str, object]:
    return {"room": room, "connection": name, "participant": f"person-{name}", **NAMES}


def test_a_locked_room_lets_in_who_is_listed_and_keeps_who_is_there(world: World) -> None:
    one, two = join(world, "a", "b")
    world.ask("room.lock", room="room-1", participants=["person-a"])
    assert world.refused("connection.open", **opening("stranger")) == "locked"
    assert set(talk(one, two)["b"]) == {"a", "picture"}
    world.ask("connection.open", **opening("b"))  # what is there may be opened again
    world.ask("connection.open", **{**opening("a2"), "participant": "person-a"})
    two.publish()
    world.ask("connection.close", connection="b", reason="left")
    assert world.refused("connection.open", **opening("b")) == "locked"
    world.ask("room.lock", room="room-1", participants=None)
    world.ask("connection.open", **opening("stranger"))


def test_a_room_may_be_locked_before_anybody_is_in_it_and_ends_with_its_lock(world: World) -> None:
    world.ask("room.lock", room="room-1", participants=["person-a"])
    assert world.refused("connection.open", **opening("b")) == "locked"
    (_,) = join(world, "a")
    world.ask("connection.close", connection="a", reason="left")
    assert world.refused("connection.open", **opening("b")) == "locked"
    world.ask("room.close", room="room-1", reason="ended")
    world.ask("connection.open", **opening("b"))


def test_locks_of_empty_rooms_are_bounded_and_those_in_use_are_kept() -> None:
    locks = Locks(is_used=lambda room: room == "used")
    locks.set("used", [])
    for number in range(MAX_EMPTY + 5):
        locks.set(f"room-{number}", [])
    assert not locks.admits("used", "p")
    assert locks.admits("room-4", "p")
    assert not locks.admits("room-5", "p")
