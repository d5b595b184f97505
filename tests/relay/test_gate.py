"""The gate before everything: who is looked at, how often, and what strangers can do to others."""

import dataclasses
import struct
from pathlib import Path

import pytest
from aioice import stun as other_stun
from aiortc import RTCCertificate
from cryptography.hazmat.primitives import hashes

from realtime.relay.transport import gate, stun
from realtime.relay.transport.dtls import Fingerprint
from realtime.relay.transport.ice_lite import PATH_STALE_NS
from tests.relay.device import Device
from tests.relay.network import RELAY_ADDRESS, World
from tests.relay.peer import AUDIO, FakePeer

STRANGER = ("198.51.100.1", 4000)
PASSWORD = "p" * 24


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
def pair(world: World) -> tuple[Device, Device]:
    return Device(world, "a", kinds=(AUDIO,)).join(), Device(world, "b", kinds=(AUDIO,)).join()


def throw(world: World, data: bytes, source: tuple[str, int] = STRANGER) -> None:
    world.network.send(source, data, RELAY_ADDRESS)
    world.network.deliver()


def hears(one: Device, two: Device, words: bytes) -> bool:
    one.speak(words)
    return bool(two.received(AUDIO)) and two.received(AUDIO)[-1][3] == words


def request(ufrag: str, password: str, **change: object) -> bytes:
    attributes = {"USERNAME": f"{ufrag}:p1", "PRIORITY": 1, "ICE-CONTROLLING": 1, "USE-CANDIDATE": None}
    attributes.update(change)
    message = other_stun.Message(
        other_stun.Method.BINDING,
        other_stun.Class.REQUEST,
        attributes={name: value for name, value in attributes.items() if value != "absent"},
    )
    message.add_message_integrity(password.encode())
    return bytes(message)


def resigned(data: bytes) -> bytes:
    """Give changed bytes the right length and fingerprint, as somebody without the password can."""
    data = data[:2] + struct.pack("!H", len(data) - 20 + 8) + data[4:]
    return data + struct.pack("!HHI", 0x8028, 4, stun._crc(data))


def test_two_readers_of_stun_agree() -> None:
    right = request("local", PASSWORD)
    read = stun.read_request(right)
    assert (read.ufrag, read.remote_ufrag, read.is_nominating) == ("local", "p1", True)
    assert read.is_signed_with(PASSWORD.encode())
    assert not read.is_signed_with(b"another")
    answer = other_stun.parse_message(stun.success(read.transaction, "2001:db8::7", 9, PASSWORD.encode()))
    assert answer.check_message_integrity(PASSWORD.encode())
    assert answer.attributes["XOR-MAPPED-ADDRESS"] == ("2001:db8::7", 9)
    mapped = other_stun.parse_message(stun.success(read.transaction, "::ffff:192.0.2.1", 9, b"x"))
    assert mapped.attributes["XOR-MAPPED-ADDRESS"] == ("192.0.2.1", 9)


def test_only_what_is_signed_is_read() -> None:
    signed = request("local", PASSWORD, **{"USE-CANDIDATE": "absent"})[:-8]
    smuggled = stun.read_request(resigned(signed + b"\x00\x25\x00\x00"))
    assert smuggled.is_signed_with(PASSWORD.encode())
    assert not smuggled.is_nominating


@pytest.mark.parametrize(
    "broken",
    [
        request("local", PASSWORD)[:-8],
        request("local", PASSWORD)[:-4] + b"\0\0\0\0",
        request("local", PASSWORD) + b"\x00\x25\x00\x00",
        resigned(request("local", PASSWORD)[:-32]),
        resigned(request("local", PASSWORD)[:-32] + b"\x00\x08\x00\x10" + bytes(16)),
        resigned(request("local", PASSWORD)[:-32] + b"\x00\x25\x7f\xff"),
        resigned(request("", "x", USERNAME="no colon")[:-8]),
        resigned(b"\x00\x01\x00\x00\x21\x12\xa4\x42" + bytes(12)),
    ],
)
def test_a_request_without_integrity_or_a_right_last_fingerprint_is_none(broken: bytes) -> None:
    with pytest.raises(ValueError):
        stun.read_request(broken)


def test_a_flood_of_strangers_keeps_no_known_peer_from_its_checks(
    world: World, pair: tuple[Device, Device]
) -> None:
    one, two = pair
    ufrag, _ = one.publisher._credentials
    before = world.mux.size()
    for number in range(3000):
        throw(world, request(ufrag, "guessed", USERNAME=f"{ufrag}:p1"), (f"203.0.113.{number % 250}", number))
        throw(world, request(f"guess{number}", "guessed"), (f"203.0.113.{number % 250}", number))
    assert world.mux.size() == before
    assert len(one.publisher.world.relay.connections["a"].publishers[0].peer.strange_checks._hosts) <= 32
    assert world.counters.dropped["stun_unauthenticated"] <= gate.STRANGE_CHECKS_PER_SECOND
    one.publisher.mapped = None
    one.publisher.check()
    world.network.deliver()
    assert one.publisher.mapped == one.publisher.address
    throw(world, request(*two.publisher._credentials))
    assert world.mux.is_proven(STRANGER), "the flood has named another peer"
    assert hears(one, two, b"all the while")


def test_a_stranger_never_gets_more_bytes_than_it_has_sent(world: World, pair: tuple[Device, Device]) -> None:
    got: list[bytes] = []
    for source in (STRANGER, ("2001:db8::66", 4000)):
        world.network.nodes[source] = lambda data, _: got.append(data)
    credentials = pair[0].publisher._credentials
    smallest = request(
        *credentials, **dict.fromkeys(("PRIORITY", "ICE-CONTROLLING", "USE-CANDIDATE"), "absent")
    )
    for data in (smallest, request(*credentials), request(*credentials, **{"ICE-CONTROLLED": 1})):
        for source in (STRANGER, ("2001:db8::66", 4000)):
            got.clear()
            throw(world, data, source)
            assert sum(map(len, got)) <= len(data)
    assert world.counters.dropped["stun_amplifying"] == 1, "an answer about an IPv6 address is longer"


def test_an_address_in_use_cannot_be_claimed_by_another_participant(
    world: World, pair: tuple[Device, Device]
) -> None:
    one, two = pair
    claim = request(*two.publisher._credentials)
    throw(world, claim, one.publisher.address)
    assert world.counters.dropped["stun_address_held"] == 1
    assert hears(one, two, b"still mine")
    one.publisher.is_muted = True
    world.advance(10, step=0.5)
    del world.network.nodes[one.publisher.address]
    throw(world, request(*two.publisher._credentials), one.publisher.address)
    assert world.counters.dropped["stun_address_held"] == 1
    assert not hears(one, two, b"the address is another's now")


def test_packets_of_one_address_are_limited_far_above_what_a_browser_sends(
    world: World, pair: tuple[Device, Device]
) -> None:
    one, two = pair
    for second in range(4):
        for _ in range(
            1350 if second == 2 else 450
        ):  # 3 Mbit/s, and once what a stalled Wi-Fi lets go at once
            one.speak()
        world.clock.ns += 1_000_000_000
        world.relay.tick()
    assert world.counters.dropped["packet_rate"] == 0
    for _ in range(gate.PACKETS_PER_SECOND + 100):
        throw(world, b"\x80" * 40, one.publisher.address)
    assert world.counters.dropped["packet_rate"] >= 100
    world.clock.ns += 1_000_000_000
    assert hears(one, two, b"a second later")


def test_rtcp_and_dtls_of_a_peer_are_limited(world: World, pair: tuple[Device, Device]) -> None:
    one, two = pair
    for _ in range(gate.RTCP_PER_SECOND + 50):
        two.subscriber.send_rtcp(b"\x80\xc9\x00\x01\x00\x00\x11\x11")
    assert world.counters.dropped["rtcp_rate"] == 50
    for _ in range(gate.DTLS_PER_SECOND + 50):
        throw(world, b"\x16\xfe\xfd" + bytes(30), two.subscriber.address)
    assert world.counters.dropped["dtls_rate"] == 50
    assert hears(one, two, b"the voice is another matter")


def test_there_are_no_data_channels(world: World, pair: tuple[Device, Device]) -> None:
    one, two = pair
    assert one.publisher.dtls is not None
    one.publisher.dtls._ssl.send(b"SCTP INIT, say")
    one.publisher.dtls._flush()
    world.network.deliver()
    assert world.counters.dropped["dtls_unwanted"] == 1
    assert hears(one, two, b"and nothing else has changed")


def test_a_path_moves_only_on_nomination_or_when_the_old_one_is_stale(
    world: World, pair: tuple[Device, Device]
) -> None:
    _, two = pair
    second = ("198.51.100.9", 9)
    world.network.nodes[second] = two.subscriber.receive
    ufrag, password = two.subscriber._credentials
    unnominated = {"USERNAME": f"{ufrag}:s1", "USE-CANDIDATE": "absent"}
    throw(world, request(ufrag, password, **unnominated), second)
    path = world.relay.connections["b"].subscribers[0].peer.ice
    assert path.selected == two.subscriber.address, "a second interface is only tried"
    two.subscriber.is_muted = True
    world.advance(PATH_STALE_NS / 1e9 - 1, step=0.5)
    throw(world, request(ufrag, password, **unnominated), second)
    assert path.selected == two.subscriber.address
    world.advance(4, step=0.5)
    throw(world, request(ufrag, password, **unnominated), second)
    assert path.selected == second
    throw(world, request(ufrag, password, USERNAME=f"{ufrag}:s1"), two.subscriber.address)
    assert path.selected == two.subscriber.address
    assert world.counters.happened["path_moved"] == 2


def test_a_new_nat_binding_moves_the_path_at_the_next_check_and_media_from_it_does_not(
    world: World, pair: tuple[Device, Device]
) -> None:
    one, two = pair
    one.publisher.rebind(("192.0.2.50", 5000))
    one.speak(b"from an address that has proven nothing")
    assert two.received(AUDIO) == []
    world.advance(3)
    assert hears(one, two, b"after its next check")
    assert one.publisher.mapped == ("192.0.2.50", 5000)


def test_ipv6_carries_media(world: World) -> None:
    one, two = Device(world, "a", kinds=(AUDIO,)).join(), Device(world, "b", kinds=(AUDIO,)).join()
    one.publisher.rebind(("2001:db8::1", 7))
    two.subscriber.rebind(("2001:db8::2", 7))
    for peer in (one.publisher, two.subscriber):
        peer.check()
    world.network.deliver()
    assert two.subscriber.mapped == ("2001:db8::2", 7)
    assert hears(one, two, b"six")


@pytest.mark.parametrize("algorithm", ["sha-1", "md5", "sha-224"])
def test_a_weak_fingerprint_proves_nobody(world: World, algorithm: str) -> None:
    device = Device(world, "a", kinds=(AUDIO,))
    device.publish_generation = 1
    device.publisher = FakePeer(world, ("192.0.2.1", 9))
    answer = device.negotiate(AUDIO)
    digest = device.publisher.certificate._cert.fingerprint(hashes.SHA1()).hex(":").upper()  # noqa: S303
    peer = world.relay.connections["a"].publishers[0].peer
    peer.fingerprints = [Fingerprint(algorithm, digest)]
    device.publisher.connect(answer)
    assert not peer.is_connected
    assert world.counters.dropped["handshake_failed"] == 1


def test_one_wrong_fingerprint_among_right_ones_proves_nobody(world: World) -> None:
    device = Device(world, "a", kinds=(AUDIO,))
    device.publish_generation = 1
    device.publisher = FakePeer(world, ("192.0.2.1", 9))
    answer = device.negotiate(AUDIO)
    peer = world.relay.connections["a"].publishers[0].peer
    peer.fingerprints = [*peer.fingerprints, Fingerprint("sha-512", "00" + ":00" * 63)]
    thief = dataclasses.replace(
        device.publisher, certificate=RTCCertificate.generateCertificate(), address=("192.0.2.1", 10)
    )
    thief.connect(answer)
    assert not peer.is_connected
