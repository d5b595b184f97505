"""Two and more peers with real DTLS and SRTP over a network in memory."""

from itertools import pairwise
from pathlib import Path

import pytest

from realtime.relay.packets import rtcp
from tests.relay.device import Device
from tests.relay.network import World
from tests.relay.peer import AUDIO, VIDEO


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
def pair(world: World) -> tuple[Device, Device]:
    return Device(world, "a").join(), Device(world, "b").join()


def keyframe_requests(device: Device) -> int:
    parsed = [packet for data in device.publisher.rtcp for packet in rtcp.parse(data)]
    return sum(isinstance(packet, rtcp.KeyframeRequest) for packet in parsed)


def test_two_peers_hear_and_see_each_other(pair: tuple[Device, Device]) -> None:
    one, two = pair
    for number in range(5):
        one.speak(b"one-%d" % number)
        two.speak(b"two-%d" % number)
        one.show_key()
    assert [packet[3] for packet in two.received(AUDIO)] == [b"one-%d" % number for number in range(5)]
    assert [packet[3] for packet in one.received(AUDIO)] == [b"two-%d" % number for number in range(5)]
    assert len(two.received(VIDEO)) == 5
    assert one.received(VIDEO) == []


def test_numbers_are_contiguous_and_begin_below_half_across_the_wrap_of_the_source(
    pair: tuple[Device, Device],
) -> None:
    one, two = pair
    for _ in range(20):
        one.speak()
    sequences = [packet[0] for packet in two.received(AUDIO)]
    assert sequences == list(range(sequences[0], sequences[0] + 20))
    assert sequences[0] < 2**15
    timestamps = [packet[1] for packet in two.received(AUDIO)]
    assert [after - before for before, after in pairwise(timestamps)] == [960] * 19


def test_video_begins_with_a_key_frame_which_is_asked_for(pair: tuple[Device, Device], world: World) -> None:
    one, two = pair
    for _ in range(40):
        one.show()
        world.advance(0.02)
    assert two.received(VIDEO) == []
    # At once, then every 200 ms, two round trips as long as none is known, until one comes.
    assert keyframe_requests(one) == 5
    one.show_key()
    one.show()
    assert len(two.received(VIDEO)) == 2
    world.advance(2)
    assert keyframe_requests(one) == 5


def test_many_requests_for_a_key_frame_become_one_and_a_late_one(
    pair: tuple[Device, Device], world: World
) -> None:
    one, two = pair
    one.show_key()
    world.advance(1)
    before = keyframe_requests(one)
    ssrc = two.received(VIDEO)[0][2]
    for _ in range(5):
        two.subscriber.send_rtcp(rtcp.build_pli(1, ssrc))
        one.show()
        world.advance(0.02)
    assert keyframe_requests(one) == before + 1
    one.show_key()
    two.subscriber.send_rtcp(rtcp.build_pli(1, ssrc))
    world.advance(0.3)
    assert keyframe_requests(one) == before + 1
    world.advance(0.15)
    assert keyframe_requests(one) == before + 2


def test_a_publisher_that_comes_back_with_a_new_ssrc_goes_on_in_the_same_stream(
    pair: tuple[Device, Device], world: World
) -> None:
    one, two = pair
    for _ in range(3):
        one.speak()
        world.advance(0.02)
    one.voice.ssrc, one.voice.sequence, one.voice.timestamp = 0x9999, 100, 5
    world.advance(1)
    for _ in range(3):
        one.speak()
    packets = two.received(AUDIO)
    assert len({packet[2] for packet in packets}) == 1
    sequences = [packet[0] for packet in packets]
    assert sequences == list(range(sequences[0], sequences[0] + 6))
    assert packets[3][1] - packets[2][1] == pytest.approx(48_000, rel=0.05)


def test_a_rebuilt_path_with_a_higher_generation_goes_on_in_the_same_stream(
    pair: tuple[Device, Device], world: World
) -> None:
    one, two = pair
    one.speak(b"old path")
    one.show_key()
    one.publish()
    one.speak(b"new path")
    one.show_key()
    packets = two.received(AUDIO)
    assert [packet[3] for packet in packets] == [b"old path", b"new path"]
    assert packets[1][0] == packets[0][0] + 1
    assert [packet[0] for packet in two.received(VIDEO)] == [
        two.received(VIDEO)[0][0],
        two.received(VIDEO)[0][0] + 1,
    ]
    two.subscribe()
    one.speak(b"to the new one")
    assert two.received(AUDIO)[-1][3] == b"to the new one"


def test_the_old_path_carries_on_until_the_new_one_is_connected(
    pair: tuple[Device, Device], world: World
) -> None:
    one, two = pair
    one.publish_generation += 1
    one.negotiate(AUDIO, VIDEO)  # offered, but its network never comes up
    one.speak(b"still here")
    assert two.received(AUDIO)[-1][3] == b"still here"


def test_an_older_generation_is_refused(pair: tuple[Device, Device], world: World) -> None:
    one, _ = pair
    one.publish()
    names = {"connection": "a", "generation": 1}
    assert world.refused("publish.offer", **names, sdp=one.publisher.offer(AUDIO)) == "stale_generation"
    one.subscribe()
    assert world.refused("subscribe.offer", **names) == "stale_generation"
    assert (
        world.refused("subscribe.answer", **names, sdp=one.subscriber.answer(one.offered))
        == "stale_generation"
    )


def test_lost_packets_are_answered_from_the_cache_under_their_outgoing_numbers(
    pair: tuple[Device, Device],
) -> None:
    one, two = pair
    one.show_key()
    for number in range(5):
        one.show(b"\x10\x01frame-%d" % number)
    packets = two.received(VIDEO)
    lost = packets[2]
    two.subscriber.rtp.clear()
    # A browser that lost a packet has not seen its number, so its replay window lets the copy in.
    assert two.subscriber.dtls is not None
    sent: list[bytes] = []
    two.world.network.nodes[two.subscriber.address] = lambda data, source: sent.append(data)
    two.subscriber.send_rtcp(rtcp.build_nack(1, lost[2], [lost[0], packets[-1][0] + 7]))
    assert len(sent) == 1
    assert int.from_bytes(sent[0][2:4], "big") == lost[0]
    assert two.world.counters.dropped["nack_unanswered"] == 1


def test_a_hole_in_the_source_is_asked_for_again(pair: tuple[Device, Device], world: World) -> None:
    one, two = pair
    one.show_key()
    one.show(skip=2)
    world.advance(0.1)
    nacks = [
        packet for data in one.publisher.rtcp for packet in rtcp.parse(data) if isinstance(packet, rtcp.Nack)
    ]
    first = one.picture.sequence
    assert nacks[0].sequences == ((first - 2) & 0xFFFF, (first - 1) & 0xFFFF)
    sequences = [packet[0] for packet in two.received(VIDEO)]
    assert sequences[1] - sequences[0] == 3


def test_what_is_not_allowed_is_not_forwarded_but_counts_as_presence(
    pair: tuple[Device, Device], world: World
) -> None:
    one, two = pair
    one.speak(b"before")
    world.ask("connection.allow", connection="a", microphone=False, camera=True)
    for _ in range(3):
        one.speak(b"muted by the therapist")
    world.ask("connection.allow", connection="a", microphone=True, camera=True)
    one.speak(b"after")
    packets = two.received(AUDIO)
    assert [packet[3] for packet in packets] == [b"before", b"after"]
    assert packets[1][0] == packets[0][0] + 1
    world.advance(5)
    beats = [fact for fact in world.facts() if fact["kind"] == "beat" and fact["connection"] == "a"]
    assert beats[-1]["data"]["tracks"]["microphone"]["packets"] == 5


def test_rooms_do_not_hear_each_other(world: World) -> None:
    devices = [Device(world, f"{room}{who}", room=room).join() for room in ("x", "y", "z") for who in "12"]
    for device in devices:
        device.speak(device.connection.encode())
    for device in devices:
        assert [packet[3] for packet in device.received(AUDIO)] == [
            other.connection.encode()
            for other in devices
            if other.room == device.room and other is not device
        ]
    world.ask("room.close", room="x", reason="ended")
    assert world.ask("stats")["rooms"] == 2
    devices[2].speak(b"on")
    assert devices[3].received(AUDIO)[-1][3] == b"on"


def test_a_listener_without_a_publish_connection_gets_everything(world: World) -> None:
    speaker = Device(world, "a").join()
    listener = Device(world, "b")
    listener.subscribe()
    speaker.speak(b"hello")
    assert [packet[3] for packet in listener.received(AUDIO)] == [b"hello"]
    assert world.kinds("b") == ["first_packet"]


def test_reports_let_both_sides_measure(pair: tuple[Device, Device], world: World) -> None:
    one, two = pair
    one.publisher.send_rtcp(
        rtcp.build_sender_report(rtcp.SenderReport(0x1111, 5_000 << 32, one.voice.timestamp, 1, 1))
    )
    one.speak()
    one.publisher.send_rtcp(
        rtcp.build_sender_report(rtcp.SenderReport(0x1111, 5_001 << 32, one.voice.timestamp, 1, 1))
    )
    world.advance(1.1)
    to_publisher = [packet for data in one.publisher.rtcp for packet in rtcp.parse(data)]
    blocks = [packet for packet in to_publisher if isinstance(packet, rtcp.ReportBlock)]
    assert blocks[-1].ssrc == 0x1111
    assert blocks[-1].last_sr == (5_001 << 16) & 0xFFFFFFFF
    remb = [packet for packet in to_publisher if isinstance(packet, rtcp.Remb)][-1]
    assert remb.bitrate == pytest.approx(1_200_000, rel=0.01)
    to_subscriber = [packet for data in two.subscriber.rtcp for packet in rtcp.parse(data)]
    report = next(packet for packet in to_subscriber if isinstance(packet, rtcp.SenderReport))
    assert report.ssrc == two.received(AUDIO)[0][2]
    assert report.packets == 1
    assert report.rtp_timestamp >= two.received(AUDIO)[0][1]
