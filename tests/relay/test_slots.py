"""Who is in which slot of a subscriber, and that it stays so."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.relay.downlink.slots import SlotTable, Wanted
from tests.relay.device import Device
from tests.relay.network import World
from tests.relay.peer import AUDIO, VIDEO, FakePeer

names = st.sampled_from("abcdef")
wishes = st.lists(st.tuples(names, st.sampled_from(["microphone", "camera"])), unique=True, max_size=12)


def test_voice_and_picture_share_an_index() -> None:
    table = SlotTable(audio=3, video=3)
    table.assign([("a", "microphone"), ("b", "microphone"), ("b", "camera"), ("a", "camera")])
    assert table.audio.holders == ["a", "b", None]
    assert table.video.holders == ["a", "b", None]


def test_who_comes_back_gets_the_same_slot() -> None:
    table = SlotTable(audio=3, video=3)
    table.assign([("a", "microphone"), ("b", "microphone")])
    table.assign([("b", "microphone")])
    table.assign([("b", "microphone"), ("c", "microphone")])
    assert table.audio.holders == [None, "b", "c"]
    table.assign([("b", "microphone"), ("c", "microphone"), ("a", "microphone")])
    assert table.audio.holders == ["a", "b", "c"]


def test_who_finds_no_slot_gets_the_first_that_is_left() -> None:
    table = SlotTable(audio=1, video=1)
    assert table.assign([("a", "microphone"), ("b", "microphone"), ("c", "microphone")])
    assert not table.assign([("a", "microphone"), ("b", "microphone"), ("c", "microphone")])
    table.assign([("b", "microphone"), ("c", "microphone")])
    assert table.audio.holders == ["b"]


@given(st.lists(wishes, max_size=8))
def test_nobody_moves_nobody_is_twice_and_no_slot_is_wasted(steps: list[list[Wanted]]) -> None:
    table = SlotTable(audio=4, video=3)
    for wanted in steps:
        before = {"microphone": list(table.audio.holders), "camera": list(table.video.holders)}
        changed = table.assign(wanted)
        after = {"microphone": table.audio.holders, "camera": table.video.holders}
        assert changed == (before != after)
        for source, holders in after.items():
            wish = [participant for participant, kind in wanted if kind == source]
            held = [holder for holder in holders if holder is not None]
            assert len(set(held)) == len(held)
            assert set(held) <= set(wish)
            assert len(held) == min(len(wish), len(holders))
            for was, now in zip(before[source], holders, strict=True):
                assert was not in wish or was is None or was == now


def test_the_event_gives_the_whole_table_each_time(tmp_path: Path) -> None:
    world = World(tmp_path)
    Device(world, "a").join()
    two = Device(world, "b", kinds=(AUDIO,)).join()
    three = Device(world, "c").join()
    assert two.slots() == {"a0": "person-a", "v0": "person-a", "a1": "person-c", "v1": "person-c"}
    assert three.slots() == {"a0": "person-a", "v0": "person-a", "a1": "person-b"}
    event = world.last_event("slots", "b")
    assert event is not None
    assert event.event == "slots"
    assert [slot.mid for slot in event.slots] == ["a0", "a1", "a2", "v0", "v1", "v2", "s0"]
    world.ask("connection.close", connection="a", reason="left")
    assert two.slots() == {"a1": "person-c", "v1": "person-c"}


def test_a_camera_that_is_switched_off_keeps_its_slot_and_a_microphone_only_offer_frees_it(
    tmp_path: Path,
) -> None:
    world = World(tmp_path)
    one, two = Device(world, "a").join(), Device(world, "b").join()
    one.show_key()
    world.advance(15)  # no picture at all: replaceTrack(null)
    assert two.slots()["v0"] == "person-a"
    one.negotiate(AUDIO)
    assert two.slots() == {"a0": "person-a"}
    one.negotiate(AUDIO, VIDEO)
    assert two.slots() == {"a0": "person-a", "v0": "person-a"}


def test_a_slot_changes_hands_without_a_seam(tmp_path: Path) -> None:
    world = World(tmp_path, audio_slots=1, video_slots=1)
    one, two, listener = (Device(world, name).join() for name in "abc")
    one.speak(b"a")
    one.show_key()
    two.speak(b"has no slot yet")
    world.advance(1)
    world.ask("connection.close", connection="a", reason="left")
    two.speak(b"b")
    two.show(b"\x10\x01waits")
    two.show_key()
    voices, pictures = listener.received(AUDIO), listener.received(VIDEO)
    assert [packet[3] for packet in voices] == [b"a", b"b"]
    for packets in (voices, pictures):
        assert len(packets) == 2
        assert packets[1][0] == packets[0][0] + 1
        assert packets[1][1] > packets[0][1]
        assert packets[0][2] == packets[1][2]


def test_of_two_devices_of_one_participant_the_newer_is_sent_and_neither_hears_the_other(
    tmp_path: Path,
) -> None:
    world = World(tmp_path)
    old = Device(world, "old", participant="p").join()
    new = Device(world, "new", participant="p").join()
    other = Device(world, "other").join()
    old.speak(b"old")
    new.speak(b"new")
    assert [packet[3] for packet in other.received(AUDIO)] == [b"new"]
    assert new.received(AUDIO) == []
    assert old.received(AUDIO) == []
    world.ask("connection.close", connection="new", reason="superseded")
    old.speak(b"old again")
    assert [packet[3] for packet in other.received(AUDIO)] == [b"new", b"old again"]


@pytest.mark.parametrize("direction", ["recvonly", "inactive"])
def test_an_offer_that_sends_nothing_publishes_nothing(tmp_path: Path, direction: str) -> None:
    world = World(tmp_path)
    one, two = Device(world, "a", kinds=()), Device(world, "b").join()
    one.publish_generation = 1

    one.publisher = FakePeer(world, ("192.0.2.9", 1))
    answer = world.ask(
        "publish.offer",
        connection="a",
        generation=1,
        sdp=one.publisher.offer(AUDIO, VIDEO, direction=direction),
    )["sdp"]
    assert answer.count("a=inactive") == 2
    one.publisher.connect(answer)
    assert one.publisher.is_connected
    assert two.slots() == {}
    world.advance(6)
    assert [
        fact["data"]["tracks"]
        for fact in world.facts()
        if fact["kind"] == "beat" and fact["connection"] == "a"
    ] == [{}, {}]
