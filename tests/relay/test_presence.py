"""The facts of a connection, by a clock that is moved by hand."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from realtime.relay.clock import SECOND, parse_iso
from tests.relay.device import Device
from tests.relay.network import STARTED_AT, World
from tests.relay.peer import AUDIO, VIDEO


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def of(world: World, connection: str, kind: str) -> list[dict[str, Any]]:  # JSON
    return [fact for fact in world.facts() if fact["kind"] == kind and fact["connection"] == connection]


def media_states(world: World, connection: str) -> list[str]:
    return [
        event.state for event in world.events if event.event == "media" and event.connection == connection
    ]


def test_the_first_packet_is_a_fact_before_the_handshake_is_over(world: World) -> None:
    device = Device(world, "a")
    assert world.facts() == []
    device.publish()
    first = world.facts()[0]
    assert (first["seq"], first["kind"], first["connection"]) == (1, "first_packet", "a")
    assert first["at"] == STARTED_AT.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert first["data"]["last_packet_at"] == STARTED_AT.strftime("%Y-%m-%dT%H:%M:%S.000000Z")


def test_a_beat_comes_every_five_seconds_and_when_the_tracks_change(world: World) -> None:
    device = Device(world, "a", kinds=(AUDIO,)).join()
    device.speak()
    world.advance(11)
    beats = of(world, "a", "beat")
    assert [set(beat["data"]["tracks"]) for beat in beats] == [{"microphone"}] * 3
    assert beats[-1]["data"]["tracks"]["microphone"] == {"packets": 1, "bytes": 16}
    device.negotiate(AUDIO, VIDEO)
    beats = of(world, "a", "beat")
    assert set(beats[-1]["data"]["tracks"]) == {"microphone", "camera"}
    assert len(beats) == 4


def test_silence_splits_presence_after_ten_seconds_and_the_next_packet_begins_another(world: World) -> None:
    device = Device(world, "a", kinds=(AUDIO,)).join()
    world.advance(3)
    device.go_away()
    last = of(world, "a", "beat")
    world.advance(9)
    assert of(world, "a", "silent") == []
    world.advance(3)
    (silent,) = [fact for fact in of(world, "a", "silent") if fact["data"]["track"] is None]
    assert silent["data"]["last_packet_at"] >= last[-1]["data"]["last_packet_at"]
    beats = len(of(world, "a", "beat"))
    world.advance(20)
    assert len(of(world, "a", "beat")) == beats, "a silent connection has nothing to say"
    device.speak()
    resumed = of(world, "a", "resumed")[-1]
    assert resumed["data"] == {"track": None}
    assert resumed["at"] > silent["at"]
    assert media_states(world, "a") == ["connected", "silent", "resumed"]


def test_ice_checks_alone_are_presence(world: World) -> None:
    device = Device(world, "a", kinds=(AUDIO,)).join()
    world.advance(60)
    assert of(world, "a", "silent") == []
    device.go_away()
    world.advance(12)
    assert len(of(world, "a", "silent")) == 1


def test_a_gap_that_the_process_slept_through_is_a_gap(world: World) -> None:
    device = Device(world, "a", kinds=(AUDIO,)).join()
    world.clock.ns += 30_000_000_000
    device.speak()
    kinds = [kind for kind in world.kinds("a") if kind in ("silent", "resumed")]
    assert kinds == ["silent", "resumed"]
    silent, resumed = of(world, "a", "silent")[0], of(world, "a", "resumed")[0]
    assert silent["data"]["last_packet_at"][:19] == "2026-11-17T14:00:00"
    assert resumed["at"] == "2026-11-17T14:00:30Z"


def test_a_published_camera_without_packets_is_silent_by_itself(world: World) -> None:
    device = Device(world, "a").join()
    device.show_key()
    for _ in range(60):
        device.speak()
        world.advance(0.2)
    (silent,) = of(world, "a", "silent")
    assert silent["data"]["track"] == "camera"
    assert silent["data"]["last_packet_at"] == STARTED_AT.strftime("%Y-%m-%dT%H:%M:%S.000000Z")
    device.show()
    (resumed,) = of(world, "a", "resumed")
    assert resumed["data"] == {"track": "camera"}


def test_a_camera_that_was_never_published_cannot_be_silent(world: World) -> None:
    Device(world, "a", kinds=(AUDIO,)).join()
    world.advance(30)
    assert of(world, "a", "silent") == []


@pytest.mark.parametrize("reason", ["left", "removed", "ended", "superseded", "consent_revoked"])
def test_the_end_is_written_once_with_its_reason(world: World, reason: str) -> None:
    device = Device(world, "a").join()
    device.speak()
    world.ask("connection.close", connection="a", reason=reason)
    world.ask("connection.close", connection="a", reason="left")
    (closed,) = of(world, "a", "closed")
    assert closed["data"]["reason"] == reason
    assert closed["data"]["inferred"] is False
    assert media_states(world, "a")[-1] == "closed"


def test_a_connection_that_never_sent_a_packet_leaves_no_fact(world: World) -> None:
    Device(world, "a")
    world.ask("connection.close", connection="a", reason="left")
    assert world.facts() == []


def test_a_seat_nobody_comes_back_to_is_closed_at_its_last_packet(world: World) -> None:
    device = Device(world, "a").join()
    device.go_away()
    world.advance(200, step=0.5)
    (closed,) = of(world, "a", "closed")
    assert closed["data"]["reason"] == "timeout"
    assert closed["data"]["last_packet_at"] < closed["at"]
    assert world.ask("stats")["connections"] == 0


def test_packets_after_the_end_are_nobodys(world: World) -> None:
    device = Device(world, "a").join()
    world.ask("connection.close", connection="a", reason="removed")
    count = len(world.facts())
    device.speak()
    device.publisher.check()
    world.network.deliver()
    assert len(world.facts()) == count
    assert world.counters.dropped["unproven_address"] >= 1


def test_a_clock_that_is_set_back_does_not_take_time_back(world: World) -> None:
    device = Device(world, "a", kinds=(AUDIO,)).join()
    world.advance(6)
    world.ask("clock.set", offset_ns=0)
    device.speak()
    world.advance(6)
    times = [parse_iso(fact["at"]) for fact in world.facts()]
    assert times == sorted(times)


def test_a_clock_that_is_put_forward_does_not_move_the_last_packet_before_it(world: World) -> None:
    device = Device(world, "a", kinds=(AUDIO,))
    device.publish()
    device.publisher.is_muted = True
    world.advance(3)
    ahead = STARTED_AT + timedelta(seconds=63)
    world.ask("clock.set", offset_ns=int(ahead.timestamp()) * SECOND - world.clock.ns)
    world.advance(200)
    said = {
        fact["kind"]: parse_iso(str(fact["data"]["last_packet_at"]))
        for fact in world.facts()
        if fact["kind"] in ("silent", "closed")
    }
    assert said == {"silent": STARTED_AT, "closed": STARTED_AT}


def test_without_a_clock_nobody_can_be_witnessed(world: World) -> None:
    world.web_clock._offsets.clear()
    refused = world.refused(
        "connection.open", room="r", connection="x", participant="p", microphone=True, camera=True
    )
    assert refused == "clock_not_set"


def test_speakers_are_named_on_change_only(world: World) -> None:
    one, two = Device(world, "a").join(), Device(world, "b").join()
    one.voice.level = 0x80 | 20
    two.voice.level = 0x80 | 90
    for _ in range(50):
        one.speak()
        two.speak()
        world.advance(0.02)
    world.advance(2)
    spoken = [event.participants for event in world.events if event.event == "speakers"]
    assert spoken == [["person-a"], []]


def test_a_web_process_that_says_hello_is_told_the_state(world: World) -> None:
    Device(world, "a").join()
    Device(world, "b").join()
    answers = world.dispatch.answer('{"id": 1, "op": "hello", "version": 1}')
    assert [text.split('"event":"')[1].split('"')[0] for text in answers[1:]] == [
        "media", "slots", "quality", "media", "slots", "quality", "speakers", "facts",
    ]  # fmt: skip
    assert '"participant":"person-b"' in answers[2]
