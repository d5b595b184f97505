"""Bad input of every kind: it is dropped, counted, and hurts nobody but its sender."""

import dataclasses
from pathlib import Path

import pytest
from aioice import stun
from aiortc import RTCCertificate
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from realtime.relay.packets import rtp
from realtime.relay.transport.dtls import split_records
from realtime.relay.transport.ice_lite import MAX_TUPLES
from realtime.relay.uplink.streams import MAX_STREAMS
from tests.relay.device import Device
from tests.relay.network import RELAY_ADDRESS, World
from tests.relay.peer import AUDIO, KEY_FRAME, FakePeer, FakeTrack

STRANGER = ("198.51.100.1", 4000)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
def pair(world: World) -> tuple[Device, Device]:
    return Device(world, "a").join(), Device(world, "b").join()


def throw(world: World, data: bytes, source: tuple[str, int] = STRANGER) -> None:
    world.network.send(source, data, RELAY_ADDRESS)
    world.network.deliver()


def still_works(one: Device, two: Device) -> bool:
    one.speak(b"after all that")
    return two.received(AUDIO)[-1][3] == b"after all that"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"\x80", "size"),
        (b"\x80" * 1501, "size"),
        (b"\x64" * 40, "first_byte"),
        (b"\xff" * 40, "first_byte"),
        (b"\x80" * 40, "unproven_address"),
        (b"\x16" * 40, "unproven_address"),
        (b"\x00\x01" + bytes(40), "stun_unknown"),
        (b"\x01\x01" + bytes(40), "stun_unknown"),
    ],
)
def test_a_strangers_datagram_is_dropped_early(
    world: World, pair: tuple[Device, Device], data: bytes, reason: str
) -> None:
    before = world.counters.dropped[reason]
    throw(world, data)
    assert world.counters.dropped[reason] == before + 1
    assert still_works(*pair)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(st.binary(max_size=200))
def test_no_datagram_raises_and_none_is_answered(world: World, data: bytes) -> None:
    answered: list[bytes] = []
    world.network.nodes[STRANGER] = lambda answer, source: answered.append(answer)
    throw(world, data)
    assert answered == []
    assert world.counters.dropped["datagram_fault"] == 0


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100)
@given(st.binary(max_size=120), st.integers(0, 255))
def test_a_proven_peer_can_send_any_bytes_without_harm_to_others(
    world: World, pair: tuple[Device, Device], data: bytes, first: int
) -> None:
    throw(world, bytes([first]) + data, pair[0].publisher.address)
    assert world.counters.dropped["datagram_fault"] == 0
    if not 19 < first < 64:  # a broken handshake record may cost the sender its own connection
        assert still_works(*pair)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100)
@given(st.binary(max_size=80), st.booleans())
def test_authentic_packets_with_any_content_harm_nobody(
    world: World, pair: tuple[Device, Device], content: bytes, is_rtcp: bool
) -> None:
    one, two = pair
    if is_rtcp:
        one.publisher.send_rtcp(b"\x80\xc8\x00\x01\x00\x00\x11\x11" + content)
        two.subscriber.send_rtcp(b"\x81\xce\x00\x01\x00\x00\x11\x11" + content)
    else:
        one.publisher.send_rtp(FakeTrack(AUDIO, 0x1111).packet(content))
    assert world.counters.dropped["datagram_fault"] == 0
    assert still_works(two, one)


def request(ufrag: str, password: str, **change: object) -> bytes:
    attributes = {"USERNAME": f"{ufrag}:p1", "PRIORITY": 1, "ICE-CONTROLLING": 1, "USE-CANDIDATE": None}
    message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST, attributes={**attributes, **change})
    message.add_message_integrity(password.encode())
    return bytes(message)


def test_a_check_must_have_the_right_password_integrity_and_fingerprint(
    world: World, pair: tuple[Device, Device]
) -> None:
    ufrag, password = pair[0].publisher._credentials
    right = request(ufrag, password)
    bare = stun.Message(
        stun.Method.BINDING, stun.Class.REQUEST, attributes={"USERNAME": f"{ufrag}:p1", "USE-CANDIDATE": None}
    )
    without_integrity = bytes(bare)
    bare.add_fingerprint()
    for broken in (
        request(ufrag, "x" * 24),
        request("nobody", password),
        request(ufrag, password, USERNAME=f"{ufrag}:stranger"),
        without_integrity,
        bytes(bare),
        right[:-8],
        right[:-1],
        right[:30] + b"\xff" + right[31:],
    ):
        throw(world, broken)
    assert not world.mux.is_proven(STRANGER)
    throw(world, right)
    assert world.mux.is_proven(STRANGER)


def test_an_unauthenticated_check_is_no_presence(world: World) -> None:
    device = Device(world, "a", kinds=(AUDIO,)).join()
    device.go_away()
    ufrag, _ = device.publisher._credentials
    for _ in range(30):
        world.advance(0.5)
        throw(world, request(ufrag, "wrong password, many times"), device.publisher.address)
    assert "silent" in world.kinds("a")


def test_a_replayed_or_forged_packet_is_no_presence(world: World) -> None:
    device = Device(world, "a", kinds=(AUDIO,)).join()
    recorded: list[bytes] = []
    world.network.is_lost = lambda source, data, destination: recorded.append(data) is not None
    device.speak()
    device.go_away()
    for _ in range(30):
        world.advance(0.5)
        throw(world, recorded[-1], device.publisher.address)
        throw(world, recorded[-1][:-1] + b"\0", device.publisher.address)
    assert "silent" in world.kinds("a")
    assert world.counters.dropped["srtp_or_rtp_invalid"] > 50


def test_a_client_that_claims_to_be_controlled_is_told_of_the_conflict(
    world: World, pair: tuple[Device, Device]
) -> None:
    answers: list[bytes] = []
    world.network.nodes[STRANGER] = lambda data, source: answers.append(data)
    throw(world, request(*pair[0].publisher._credentials, **{"ICE-CONTROLLED": 5}))
    assert stun.parse_message(answers[0]).attributes["ERROR-CODE"][0] == 487
    assert not world.mux.is_proven(STRANGER)


def test_an_authenticated_check_moves_the_path_and_media_alone_never_does(
    world: World, pair: tuple[Device, Device]
) -> None:
    one, two = pair
    subscriber = two.subscriber
    old, new = subscriber.address, ("192.0.2.200", 5)
    world.network.nodes[new] = subscriber.receive
    subscriber.address = new
    one.speak(b"to the old address")
    world.network.nodes.pop(old)
    count = len(subscriber.rtp)
    one.speak(b"lost")
    assert len(subscriber.rtp) == count
    subscriber.check()
    world.network.deliver()
    one.speak(b"to the new address")
    assert subscriber.rtp[-1].endswith(b"to the new address")


def test_addresses_of_a_peer_are_few(world: World, pair: tuple[Device, Device]) -> None:
    credentials = pair[0].publisher._credentials
    for port in range(50):
        throw(world, request(*credentials), ("198.51.100.7", 1000 + port))
    held = [port for port in range(50) if world.mux.is_proven(("198.51.100.7", 1000 + port))]
    assert 0 < len(held) <= MAX_TUPLES


def test_checks_of_one_source_are_limited(world: World, pair: tuple[Device, Device]) -> None:
    for _ in range(300):
        throw(world, request(*pair[0].publisher._credentials))
    assert world.counters.dropped["stun_rate"] == 199, "the first has proven the address, then it is 100"


def test_ssrcs_of_a_peer_are_few(world: World, pair: tuple[Device, Device]) -> None:
    one, _ = pair
    for ssrc in range(200):
        one.publisher.send_rtp(FakeTrack(AUDIO, 1 + ssrc, sequence=1).packet(b"x"))
    packets = one.world.relay.connections["a"].producers["microphone"].packets
    assert packets == MAX_STREAMS


def test_a_handshake_with_the_wrong_certificate_is_refused(world: World) -> None:
    device = Device(world, "a")
    device.publish_generation = 1
    honest = FakePeer(world, ("192.0.2.1", 9))
    device.publisher = honest
    answer = device.negotiate(AUDIO)
    thief = dataclasses.replace(
        honest, certificate=RTCCertificate.generateCertificate(), address=("192.0.2.1", 10)
    )
    thief.connect(answer)
    assert world.counters.dropped["handshake_failed"] == 1
    assert world.relay.connections["a"].is_connected is False


def test_a_handshake_that_does_not_end_is_given_up(world: World) -> None:
    device = Device(world, "a")
    device.publish_generation = 1
    device.publisher = FakePeer(world, ("192.0.2.1", 9))
    world.network.is_lost = lambda source, data, destination: 19 < data[0] < 64
    device.publisher.connect(device.negotiate(AUDIO))
    world.advance(11)
    assert world.counters.dropped["handshake_deadline"] == 1
    names = {"connection": "a", "generation": 1}
    assert world.refused("publish.offer", **names, sdp=device.publisher.offer(AUDIO)) == "stale_generation"


def test_the_other_side_may_close_and_come_back(world: World, pair: tuple[Device, Device]) -> None:
    one, two = pair
    assert one.publisher.dtls is not None
    one.publisher.dtls.close()
    world.network.deliver()
    one.publish()
    assert still_works(one, two)


def test_a_packet_too_long_to_protect_is_dropped(world: World, pair: tuple[Device, Device]) -> None:
    one, two = pair
    one.show(KEY_FRAME + b"x" * 1338)  # what is added for subscribers makes it too long
    assert world.counters.dropped["send_unprotectable"] == 1
    assert still_works(one, two)


def test_packets_of_a_foreign_payload_type_are_dropped(world: World, pair: tuple[Device, Device]) -> None:
    one, two = pair
    packet = bytearray(one.voice.packet(b"x"))
    packet[1] = 63
    one.publisher.send_rtp(bytes(packet))
    assert world.counters.dropped["unpublished"] == 1
    assert two.received(AUDIO) == []


def test_a_track_is_found_by_its_mid(world: World) -> None:
    one, two = Device(world, "a", kinds=(AUDIO, AUDIO)).join(), Device(world, "b").join()
    second = FakeTrack(AUDIO, 5, mid="1")
    one.publisher.send_rtp(second.packet(b"the second line is nobody"))
    assert two.received(AUDIO) == []
    one.publisher.send_rtp(FakeTrack(AUDIO, 6, mid="0").packet(b"the first is the microphone"))
    assert [packet[3] for packet in two.received(AUDIO)] == [b"the first is the microphone"]


def test_media_on_the_subscribe_connection_goes_nowhere(world: World, pair: tuple[Device, Device]) -> None:
    one, two = pair
    one.subscriber.send_rtp(FakeTrack(AUDIO, 5).packet(b"x"))
    assert world.counters.dropped["rtp_on_subscribe"] == 1
    assert two.received(AUDIO) == []


def test_a_flight_is_cut_between_records() -> None:
    def record(size: int) -> bytes:
        return b"\x16\xfe\xfd" + bytes(8) + size.to_bytes(2, "big") + bytes(size)

    flight = record(700) + record(600) + record(100)
    assert split_records(flight) == [record(700), record(600) + record(100)]
    unified = b"\x2c\x00\x01" + (3).to_bytes(2, "big") + b"abc"
    assert split_records(unified + unified) == [unified + unified]
    assert split_records(b"") == []
    assert rtp.is_rtcp(b"\x80\xc8")
