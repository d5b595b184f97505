"""What the web side has forbidden is not forwarded, whatever a hostile browser sends."""

from collections.abc import Callable
from pathlib import Path

import pytest

from realtime.relay.packets import rtp
from tests.relay.device import Device
from tests.relay.network import World
from tests.relay.peer import DELTA_FRAME, KEY_FRAME
from tests.relay.simulcast import Layer, SimulcastDevice


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
def rogue(world: World) -> SimulcastDevice:
    device = SimulcastDevice(world, "rogue", screen=True)
    device.publish()
    device.subscribe()
    allow(device, screen=True)
    return device


@pytest.fixture
def other(world: World) -> Device:
    device = Device(world, "other")
    device.join()
    return device


def allow(
    device: Device, *, microphone: bool = True, camera: bool = True, screen: bool = False, at: str = ""
) -> None:
    device.world.ask(
        "connection.allow",
        connection=device.connection,
        microphone=microphone,
        camera=camera,
        screen=screen,
        side_room=at,
    )


def payloads(device: Device) -> list[bytes]:
    """Return what arrived since this was asked last, without what carries no payload."""
    found = [packet[slice(*rtp.parse_header(packet)[5:7])] for packet in device.subscriber.rtp]
    device.subscriber.rtp.clear()
    return [payload for payload in found if payload]


def everything(device: SimulcastDevice) -> None:
    """Send each track that the device has, beginning with key frames."""
    for _ in range(3):
        device.put(device.voice_layer.packet(b"voice"))
        for layer in [*device.layers, device.screen_layer]:
            device.put(layer.packet(KEY_FRAME + layer.ssrc.to_bytes(4, "big")))
        device.world.advance(0.02)


def new_ssrcs(device: SimulcastDevice) -> None:
    for layer in [device.voice_layer, *device.layers, device.screen_layer]:
        layer.ssrc += 0x5000


def no_names(device: SimulcastDevice) -> None:
    new_ssrcs(device)
    for layer in [device.voice_layer, *device.layers, device.screen_layer]:
        layer.is_named = False


def other_rids(device: SimulcastDevice) -> None:
    new_ssrcs(device)
    for layer, rid in zip(device.layers, ("f", "h"), strict=True):
        layer.rid = rid


def crossed_lines(device: SimulcastDevice) -> None:
    """Send each track on the m-line of another."""
    new_ssrcs(device)
    device.voice_layer.mid, device.screen_layer.mid = "1", "0"
    for layer in device.layers:
        layer.mid, layer.rid = "2", ""


def other_payload_types(device: SimulcastDevice) -> None:
    new_ssrcs(device)
    for number, layer in enumerate([device.voice_layer, *device.layers, device.screen_layer]):
        layer.payload = (96, 111, 97, 0)[number]


def as_repairs(device: SimulcastDevice) -> None:
    """Send everything as what had been lost before."""
    for layer in [*device.layers, device.screen_layer]:
        layer.packet(KEY_FRAME)
        device.put(layer.repair((layer.sequence).to_bytes(2, "big") + KEY_FRAME))


def rebuilt(device: SimulcastDevice) -> None:
    device.publish()


def restarted(device: SimulcastDevice) -> None:
    device.restart_publish()


def offered_anew(device: SimulcastDevice) -> None:
    device.screen = not device.screen
    device.negotiate()
    device.screen = not device.screen
    device.negotiate()


TRICKS = [
    new_ssrcs,
    no_names,
    other_rids,
    crossed_lines,
    other_payload_types,
    as_repairs,
    rebuilt,
    restarted,
    offered_anew,
]


@pytest.mark.parametrize("trick", TRICKS)
def test_who_is_stopped_is_neither_heard_nor_seen_by_any_trick(
    rogue: SimulcastDevice, other: Device, trick: Callable[[SimulcastDevice], None]
) -> None:
    everything(rogue)
    assert {payload[:5] for payload in payloads(other)} == {b"voice", KEY_FRAME[:5]}
    allow(rogue, microphone=False, camera=False, screen=False)
    everything(rogue)
    trick(rogue)
    everything(rogue)
    assert payloads(other) == []
    # The presence of who is stopped is still witnessed.
    assert rogue.world.kinds("rogue") == ["first_packet"]


def test_a_seat_opened_without_leave_is_neither_heard_nor_seen_until_it_gets_it(
    world: World, other: Device
) -> None:
    def tries() -> list[bytes]:
        quiet.speak(b"voice")
        quiet.show_key()
        return payloads(other)

    quiet = Device(world, "quiet", is_allowed=False).join()
    assert tries() == []
    allow(quiet)
    assert tries() == [b"voice", KEY_FRAME]
    names = {"room": quiet.room, "connection": "quiet", "participant": quiet.participant}
    world.ask("connection.open", **names, microphone=False, camera=False)
    assert tries() == []


def test_each_track_is_stopped_alone(rogue: SimulcastDevice, other: Device) -> None:
    everything(rogue)
    payloads(other)
    allow(rogue, microphone=False, screen=True)
    everything(rogue)
    assert b"voice" not in payloads(other)
    allow(rogue, camera=False, screen=True)
    everything(rogue)
    seen = payloads(other)
    assert b"voice" in seen
    assert {payload for payload in seen if payload != b"voice"} == {KEY_FRAME + (0x300).to_bytes(4, "big")}


def test_a_stopped_screen_leaves_its_slot_and_an_unallowed_one_never_gets_it(
    world: World, rogue: SimulcastDevice, other: Device
) -> None:
    assert other.slots()["s0"] == "person-rogue"
    allow(rogue)
    everything(rogue)
    assert "s0" not in other.slots()
    honest = SimulcastDevice(world, "honest", screen=True)
    honest.publish()
    allow(honest, screen=True)
    assert other.slots()["s0"] == "person-honest"
    rogue.publish()
    assert other.slots()["s0"] == "person-honest"


def test_only_the_web_side_gives_a_voice_back(rogue: SimulcastDevice, other: Device) -> None:
    allow(rogue, microphone=False)
    rogue.publish()
    rogue.subscribe()
    everything(rogue)
    assert b"voice" not in payloads(other)
    allow(rogue)
    everything(rogue)
    assert b"voice" in payloads(other)


def test_who_is_removed_sends_and_receives_nothing_and_can_negotiate_nothing(
    world: World, rogue: SimulcastDevice, other: Device
) -> None:
    names = {"connection": "rogue", "generation": 2}
    text = rogue.text(rogue.publisher)
    world.ask("connection.close", connection="rogue", reason="removed")
    payloads(rogue), payloads(other)
    everything(rogue)
    other.speak(b"what is said among us")
    assert payloads(other) == []
    assert payloads(rogue) == []
    assert world.refused("publish.offer", **names, sdp=text) == "unknown_connection"
    assert world.refused("subscribe.offer", **names) == "unknown_connection"
    assert world.refused("connection.view", connection="rogue", tiles=[]) == "unknown_connection"


def test_an_older_generation_cannot_speak_for_a_newer_one(rogue: SimulcastDevice, other: Device) -> None:
    before = rogue.publisher
    rogue.publish()
    payloads(other)
    before.send_rtp(Layer(0x999, payload=111, mid="0", rate=48_000).packet(b"from the past"))
    assert payloads(other) == []
    stale = {"connection": "rogue", "generation": 1, "sdp": rogue.text(before)}
    assert rogue.world.refused("publish.offer", **stale) == "stale_generation"


def test_a_wish_of_the_subscriber_opens_no_other_room(world: World, rogue: SimulcastDevice) -> None:
    private = Device(world, "private", room="room-2")
    private.join()
    tiles = [
        {"participant": "person-private", "source": "camera", "width": 640, "height": 360, "pinned": True}
    ]
    world.ask("connection.view", connection="rogue", tiles=tiles)
    private.show(KEY_FRAME)
    private.show(DELTA_FRAME)
    private.speak(b"private")
    world.advance(1)
    assert payloads(rogue) == []
