"""The ladder: resume, restart in place, rebuild, another relay; on bad Wi-Fi, with the facts unbroken."""

import itertools
from pathlib import Path

import pytest

from realtime.relay.clock import SECOND, parse_iso
from tests.relay.device import Device
from tests.relay.impairment import Impairment
from tests.relay.network import STARTED_AT, World
from tests.relay.peer import AUDIO

HOTEL = Impairment(loss=0.05, delay=0.05, jitter=0.02, reorder=0.01, duplicate=0.01, rate=2_000_000)
DEAD = Impairment(loss=1)
FAR = Impairment(delay=1)
STEP = 0.02


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def talk(world: World, device: Device, seconds: float) -> None:
    """Speak fifty times a second, as far as there are keys."""
    for _ in range(round(seconds / STEP)):
        if device.publisher.is_connected:
            device.speak(b"voice at %d" % world.clock.ns)
        world.advance(STEP)


def until_heard(world: World, one: Device, two: Device, limit: float = 20) -> float:
    """Let one speak until two hears something said from now on; return how long that took."""
    begun = world.clock.ns
    while world.clock.ns - begun < limit * SECOND:
        talk(world, one, STEP)
        said = [payload for *_, payload in two.received(AUDIO)]
        if any(int(each.split()[-1]) >= begun for each in said if each.startswith(b"voice")):
            return (world.clock.ns - begun) / SECOND
    raise AssertionError("nothing was heard")


def breaks(world: World, connection: str) -> list[str]:
    """Return what interrupts somebody's presence: in an unbroken one nothing but its first packet is told."""
    facts = [fact for fact in world.facts() if fact["connection"] == connection]
    return [
        fact["kind"] for fact in facts if fact["kind"] != "beat" and fact["data"].get("track") != "camera"
    ]


def longest_gap(world: World, connection: str) -> float:
    """Return the longest time between what two facts in a row know of the last packet."""
    known = [
        parse_iso(str(fact["data"]["last_packet_at"]))
        for fact in world.facts()
        if fact["connection"] == connection and "last_packet_at" in fact["data"]
    ]
    return max((later - earlier).total_seconds() for earlier, later in itertools.pairwise(known))


def joined(world: World, connection: str, bad: Impairment | None = HOTEL) -> Device:
    device = Device(world, connection, kinds=(AUDIO,), bad=bad).join()
    world.advance(0)
    return device


def pair(world: World, bad: Impairment | None = HOTEL) -> tuple[Device, Device]:
    one, two = joined(world, "a", bad), joined(world, "b", bad)
    until_heard(world, one, two)
    until_heard(world, two, one)
    return one, two


def test_a_join_over_a_hotels_wifi_is_quick_though_packets_are_lost(tmp_path: Path) -> None:
    world = World(tmp_path, audio_slots=12)
    listener = joined(world, "listener", None)
    times = [until_heard(world, joined(world, f"guest-{number}"), listener) for number in range(12)]
    assert sorted(times)[6] < 0.8, "two round trips of DTLS and one of ICE, at 100 ms"
    assert max(times) < 2.5


def test_nothing_happens_to_media_when_the_web_side_is_gone(world: World) -> None:
    one, two = pair(world)
    heard = len(two.received(AUDIO))
    talk(world, one, 20)
    assert len(two.received(AUDIO)) - heard > 20 * 50 * 0.88
    events = world.dispatch.answer('{"id": 1, "op": "hello", "version": 1}')[1:]
    assert sum('"state":"connected"' in event for event in events) == 2
    assert breaks(world, "a") == ["first_packet"]
    assert longest_gap(world, "a") < 6


def test_a_restart_in_place_carries_on_from_another_network(world: World) -> None:
    one, two = pair(world)
    for device, restart in ((one, one.restart_publish), (two, two.restart_subscribe)):
        peer = device.publisher if device is one else device.subscriber
        world.network.impair(peer.address, up=DEAD, down=DEAD)
        talk(world, one, 4)
        peer.rebind(("203.0.113.5", peer.address[1]))
        world.network.impair(peer.address, up=HOTEL, down=HOTEL)
        restart()
        assert until_heard(world, one, two) < 1
    talk(world, one, 5)
    assert breaks(world, "a") == breaks(world, "b") == ["first_packet"]
    assert world.counters.happened["ice_restart"] == 2


def test_a_new_nat_binding_needs_no_restart_at_all(world: World) -> None:
    one, two = pair(world)
    one.publisher.rebind(("203.0.113.5", 1))
    two.subscriber.rebind(("203.0.113.5", 2))
    assert until_heard(world, one, two) < 3, "the next checks of both move their paths"
    assert breaks(world, "a") == breaks(world, "b") == ["first_packet"]


@pytest.mark.parametrize("line", ["publisher", "subscriber"])
def test_one_peer_connection_is_rebuilt_while_the_other_stays(world: World, line: str) -> None:
    one, two = pair(world)
    device, rebuild = (one, one.publish) if line == "publisher" else (two, two.subscribe)
    dead = getattr(device, line).address
    world.network.impair(dead, up=DEAD, down=DEAD)
    talk(world, one, 5)
    rebuild()
    assert until_heard(world, one, two) < 2
    talk(world, one, 5)
    assert until_heard(world, two, one) < 1, "the other way was never in question"
    assert breaks(world, "a") == breaks(world, "b") == ["first_packet"]
    held = world.relay.connections[device.connection]
    assert (len(held.publishers), len(held.subscribers)) == (1, 1)
    assert not world.mux.is_proven(dead)


def test_another_relay_takes_the_same_seats_and_both_have_witnessed(tmp_path: Path) -> None:
    before = World(tmp_path)
    one, two = pair(before)
    talk(before, one, 10)
    last_known = max(str(fact["data"]["last_packet_at"]) for fact in before.facts())
    before.journals.close()  # as kill -9 leaves it: nothing is said any more

    after = World(tmp_path, boot="boot-2")
    after.clock.ns = before.clock.ns + 3 * SECOND
    after.ask("clock.set", offset_ns=int(STARTED_AT.timestamp()) * SECOND - 1000 * SECOND)
    again = [Device(after, each.connection, kinds=(AUDIO,), bad=HOTEL).join() for each in (one, two)]
    assert until_heard(after, *again) < 2
    talk(after, again[0], 5)
    closed = [fact for fact in after.facts("boot-1") if fact["kind"] == "closed"]
    assert {fact["connection"] for fact in closed} == {"a", "b"}
    assert all(fact["data"]["reason"] == "boot_ended" and fact["data"]["inferred"] for fact in closed)
    ended = max(str(fact["data"]["last_packet_at"]) for fact in closed)
    assert ended == last_known
    first = {fact["connection"]: fact for fact in after.facts("boot-2") if fact["kind"] == "first_packet"}
    gap = parse_iso(str(first["a"]["at"])) - parse_iso(ended)
    assert 3 <= gap.total_seconds() < 12, "the restart, and at most one beat that was never written"


@pytest.mark.parametrize("seconds", [60, 170])
def test_a_phone_that_slept_comes_back_with_the_same_peer_connections(world: World, seconds: int) -> None:
    one, two = pair(world, None)
    two.go_away()
    for _ in range(seconds):
        one.speak(b"to a sleeper")
        world.advance(1, step=0.5)
    heard = len(two.received(AUDIO))
    assert heard <= 32, "nothing is sent to who has not been heard for half a minute"
    two.publisher.is_muted = two.subscriber.is_muted = False
    two.publisher.rebind(("203.0.113.5", 1))
    two.subscriber.rebind(("203.0.113.5", 2))
    assert until_heard(world, one, two) < 0.2
    assert until_heard(world, two, one) < 0.1
    world.advance(1)
    sequences = [sequence for sequence, *_ in two.received(AUDIO)]
    assert sequences[-1] - sequences[0] < 100, "the numbers have waited too"
    assert breaks(world, "b") == ["first_packet", "silent", "resumed"]
    assert world.relay.connections["b"].subscribers[0].peer.generation == 1
    assert len(two.received(AUDIO)) > heard
    assert world.counters.happened["peer_dead"] == 0


def test_a_phone_that_slept_too_long_takes_its_seat_anew(world: World) -> None:
    one, two = pair(world, None)
    two.go_away()
    for _ in range(185):
        one.speak(b"to a sleeper")
        world.advance(1, step=0.5)
    refused = world.refused("subscribe.offer", connection="b", generation=2)
    assert refused == "unknown_connection"
    assert breaks(world, "b") == ["first_packet", "silent", "closed"]
    again = joined(world, "b-again", None)
    assert until_heard(world, one, again) < 0.1
    assert until_heard(world, again, one) < 0.1


@pytest.mark.parametrize("line", ["publisher", "subscriber"])
def test_a_peer_connection_that_stays_dead_is_over_while_its_seat_lives(world: World, line: str) -> None:
    one, _ = pair(world, None)
    getattr(one, line).is_muted = True
    held = world.relay.connections["a"]
    peer = (held.publishers if line == "publisher" else held.subscribers)[0].peer
    world.advance(28, step=0.5)
    assert not peer.is_ended
    world.advance(5, step=0.5)
    assert peer.is_ended
    assert not world.mux.is_proven(getattr(one, line).address)
    assert world.counters.happened["peer_dead"] == 1
    assert breaks(world, "a") == ["first_packet"]


def test_two_seconds_of_round_trip_are_no_reason_to_be_cut(world: World) -> None:
    one, two = pair(world, FAR)
    for _ in range(6):
        talk(world, one, 1)
        world.advance(19, step=0.1)
    assert until_heard(world, one, two) < 2.5
    assert breaks(world, "a") == breaks(world, "b") == ["first_packet"]
    assert world.counters.dropped["handshake_deadline"] == 0
    assert world.counters.happened["peer_dead"] == 0
