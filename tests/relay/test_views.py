"""What a subscriber looks at decides what it is sent; more people than slots; shared screens."""

from pathlib import Path
from typing import Any

import pytest

from realtime.relay.clock import SECOND
from realtime.relay.downlink.stage import Importance
from realtime.relay.downlink.views import Tile, View, importance
from realtime.wire.relay import SlotsEvent
from realtime.wire.relay import Tile as ToldTile
from tests.relay.device import Device
from tests.relay.network import World
from tests.relay.peer import AUDIO, VIDEO
from tests.relay.sending import Sending
from tests.relay.simulcast import SimulcastDevice


def tile(name: str, width: int = 640, *, source: str = "camera", pinned: bool = False) -> dict[str, Any]:
    """Return a tile of the wire, sixteen to nine."""
    height = width * 9 // 16
    return {
        "participant": f"person-{name}", "source": source, "width": width, "height": height, "pinned": pinned
    }  # fmt: skip


def look(device: Device, *tiles: dict[str, Any], sound_only: bool = False) -> None:
    device.world.ask(
        "connection.view", connection=device.connection, tiles=list(tiles), sound_only=sound_only
    )


def table(device: Device) -> dict[str, bool]:
    """Return who has a camera slot, and whether it is paused."""
    event = device.world.last_event("slots", device.connection)
    assert isinstance(event, SlotsEvent)
    return {
        each.participant.removeprefix("person-"): each.paused
        for each in event.slots
        if each.participant and each.source == "camera"
    }


def ranks(device: Device) -> list[int | None]:
    (line,) = device.world.relay.connections[device.connection].subscribers
    carried = [each.target or each.encoding for each in line.video if each.producer is not None]
    return [each.rank if each else None for each in carried]


@pytest.fixture
def small(tmp_path: Path) -> World:
    """Return a world of few slots."""
    return World(tmp_path, audio_slots=2, video_slots=2)


def senders(world: World, *names: str) -> list[Sending]:
    made = []
    for name in names:
        device = SimulcastDevice(world, name)
        device.publish()
        made.append(Sending(device))
        made[-1].is_speaking = False
    return made


def watcher(world: World) -> Device:
    device = Device(world, "w", kinds=())
    device.subscribe()
    return device


def test_a_view_keeps_the_larger_of_two_tiles_and_guesses_what_it_was_not_told() -> None:
    def told(width: int) -> ToldTile:
        return ToldTile(participant="a", source="camera", width=width, height=width)

    view = View.told([told(100), told(0)], is_sound_only=False)
    assert view.tile(("a", "camera"), cameras=1) == Tile(100, 100)
    assert view.tile(("new", "camera"), cameras=1) == Tile(160, 90)
    assert View().tile(("a", "camera"), cameras=1).area > View().tile(("a", "camera"), cameras=4).area
    assert View().tile(("a", "camera"), cameras=5) == Tile(160, 90)


def test_importance_is_pinned_then_speaking_then_in_sight() -> None:
    seen, unseen = Tile(10, 10), Tile(0, 0, is_pinned=True)
    assert importance(Tile(10, 10, is_pinned=True), None, 0) is Importance.PINNED
    assert importance(seen, 0, 10 * SECOND) is Importance.SPEAKING
    assert importance(seen, 0, 11 * SECOND) is Importance.VISIBLE
    assert importance(unseen, None, 0) is Importance.HIDDEN


def test_a_small_tile_gets_the_quarter_a_large_one_the_full_picture_one_out_of_sight_nothing(
    small: World,
) -> None:
    senders(small, "a", "b")
    viewer = watcher(small)
    small.advance(1)
    look(viewer, tile("a", 1280), tile("b", 160))
    small.advance(0.3)
    assert ranks(viewer) == [1, 0]
    look(viewer, tile("a", 0), tile("b", 1280))
    assert (ranks(viewer), table(viewer)) == ([None, 1], {"a": True, "b": False})
    look(viewer, tile("a", 320), tile("b", 0))
    assert (ranks(viewer), table(viewer)) == ([1, None], {"a": False, "b": True})


def test_with_more_cameras_than_slots_a_pin_comes_in_at_once_and_a_speaker_soon(small: World) -> None:
    people = senders(small, "a", "b", "c", "d")
    viewer = watcher(small)
    small.advance(5)
    look(viewer, *(tile(name, 320) for name in "abcd"))
    assert set(table(viewer)) == {"a", "b"}
    look(viewer, tile("a"), tile("b"), tile("c", pinned=True), tile("d"))
    assert set(table(viewer)) == {"a", "c"}
    people[3].device.voice_layer.is_named = True
    for _ in range(120):
        people[3].device.put(levelled(people[3].device))
        small.advance(0.02)
    assert set(table(viewer)) == {"c", "d"}
    small.advance(11)
    assert set(table(viewer)) == {"c", "d"}


def levelled(device: SimulcastDevice) -> bytes:
    """Return a packet of a clear voice."""
    packet = bytearray(device.voice_layer.packet(b"voice" * 4, advance=0.02))
    # The extension block holds the MID in two bytes; the level goes into its padding.
    packet[18:20] = bytes([1 << 4, 0x80 | 30])
    return bytes(packet)


def test_all_voices_are_carried_and_with_too_few_slots_those_that_speak(small: World) -> None:
    one, two, three, listener = (Device(small, name).join() for name in "abcd")
    assert small.counters.happened["audio_overload"] >= 1
    three.voice.level = 0x80 | 30
    small.advance(5)
    for number in range(20):
        one.speak(b"one")
        two.speak(b"two")
        three.speak(b"three %d" % number)
        small.advance(0.02)
    heard = [packet[3] for packet in listener.received(AUDIO)]
    assert b"three 19" in heard
    # The first syllable is what it costs: some packets to be noticed, and the next look at who speaks.
    assert sum(each.startswith(b"three") for each in heard) >= 12
    assert listener.received(AUDIO)[0][3] == b"one"


def test_the_newest_sharer_is_shown_and_the_one_before_again_when_it_stops(small: World) -> None:
    viewer = watcher(small)

    def share(name: str, is_on: bool) -> None:
        small.ask("connection.allow", connection=name, microphone=True, camera=True, screen=is_on)

    for name in "ab":
        SimulcastDevice(small, name, screen=True).publish()
        share(name, False)
    assert "s0" not in viewer.slots()
    share("b", True)
    assert viewer.slots()["s0"] == "person-b"
    share("a", True)
    assert viewer.slots()["s0"] == "person-a"
    share("b", True)
    assert viewer.slots()["s0"] == "person-a"
    share("a", False)
    assert viewer.slots()["s0"] == "person-b"
    small.ask("connection.close", connection="b", reason="left")
    assert "s0" not in viewer.slots()


def test_twelve_cameras_keep_their_slots_and_nine_are_sent(tmp_path: Path) -> None:
    world = World(tmp_path, audio_slots=1, video_slots=12)
    people = [Device(world, f"p{number:02}", kinds=(VIDEO,)) for number in range(12)]
    for person in people:
        person.publish()
    viewer = watcher(world)
    look(viewer, *(tile(f"p{number:02}", 160) for number in range(12)))
    first: dict[str, bool] = {}
    for moment in range(50):
        for person in people:
            person.show_key()
        world.advance(0.25)
        if moment == 35:
            first = table(viewer)
    assert len(first) == 12
    assert sum(not is_paused for is_paused in first.values()) == 9
    assert table(viewer) == first


def test_a_view_of_somebody_unknown_is_no_error(small: World) -> None:
    viewer = watcher(small)
    look(viewer, tile("nobody"), tile("nobody", source="screen"))
    assert table(viewer) == {}
    assert small.refused("connection.view", connection="w", tiles=[tile("x")] * 65) == "bad_request"
