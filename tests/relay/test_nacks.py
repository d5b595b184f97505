"""Asking again for what was lost: voice and video, over the whole range of numbers, within bounds."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from realtime.relay.clock import MILLISECOND, SECOND
from realtime.relay.packets import rtcp
from realtime.relay.packets.reception import (
    MAX_MISSING,
    MAX_MISSING_AUDIO,
    MAX_NACKS_PER_PACKET,
    VIDEO_NACK_BURST,
    NackList,
)
from tests.relay.impairment import Impairment
from tests.relay.network import World
from tests.relay.peer import DELTA_FRAME, KEY_FRAME
from tests.relay.simulcast import SimulcastDevice


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
def device(world: World) -> SimulcastDevice:
    made = SimulcastDevice(world, "a")
    made.publish()
    return made


def asked_at(missing: NackList, until_ms: int, received: int = 1000) -> list[int]:
    return [ms for ms in range(0, until_ms, 20) if missing.due(ms * MILLISECOND, received)[0]]


def test_video_waits_for_a_neighbour_to_overtake_and_voice_does_not() -> None:
    for is_video, first in ((True, 20), (False, 0)):
        missing = NackList(is_video=is_video)
        assert missing.gap(5, 8, 0)
        missing.arrived(6, 0)
        assert asked_at(missing, 40)[0] == first
        assert missing.due(SECOND // 4, 1000)[0] == [5, 7]


def test_a_packet_is_asked_for_more_and_more_rarely_and_a_bounded_number_of_times() -> None:
    missing = NackList(is_video=True)
    missing.round_trip_ns = 20 * MILLISECOND
    assert missing.gap(5, 6, 0)
    at = asked_at(missing, 2000)
    assert at == [20, 60, 100, 180, 340, 660]
    assert len(at) <= MAX_NACKS_PER_PACKET
    assert not missing


def test_what_is_given_up_is_told_once() -> None:
    missing = NackList(is_video=False)
    assert missing.gap(7, 9, 0)
    told = [missing.due(ms * MILLISECOND, 1000)[1] for ms in range(0, 2000, 20)]
    assert [each for each in told if each is not None] == [8]


def test_repeats_follow_the_round_trip_also_when_the_first_guess_was_too_short() -> None:
    missing = NackList(is_video=False)
    for number in range(60):
        now_ns = number * SECOND
        assert missing.gap(number, number + 1, now_ns)
        for ms in range(0, 300, 20):
            missing.due(now_ns + ms * MILLISECOND, 50 * number)
        missing.arrived(number, now_ns + 300 * MILLISECOND)
    assert missing.round_trip_ns == pytest.approx(300 * MILLISECOND, rel=0.05)
    assert missing.gap(100, 101, 100 * SECOND)
    now_ns = 100 * SECOND
    asked = [ms for ms in range(0, 380, 20) if missing.due(now_ns + ms * MILLISECOND, 9000)[0]]
    assert asked == [0]


def test_a_hole_too_large_is_given_up_and_of_a_lost_speech_only_the_end_is_asked_for() -> None:
    missing = NackList(is_video=True)
    assert not missing.gap(0, MAX_MISSING + 1, 0)
    assert not missing
    voice = NackList(is_video=False)
    assert voice.gap(0, MAX_MISSING + 1, 0)
    assert len(voice.due(0, 1000)[0]) == MAX_MISSING_AUDIO


def test_on_a_hopeless_path_only_a_share_is_asked_for() -> None:
    missing = NackList(is_video=True)
    asked = 0
    for tick in range(1000):  # 20 s in which two of four packets are lost every tick
        assert missing.gap(4 * tick, 4 * tick + 2, tick * 20 * MILLISECOND)
        asked += len(missing.due(tick * 20 * MILLISECOND, 2 * tick)[0])
    assert asked <= VIDEO_NACK_BURST + 2000 * 20 // 100 + 1


@settings(max_examples=50)
@given(st.integers(0, 2**16 - 1), st.lists(st.booleans(), min_size=20, max_size=60))
def test_exactly_the_lost_packets_are_asked_for_across_the_wrap(first: int, lost: list[bool]) -> None:
    missing = NackList(is_video=True)
    newest = first
    for offset, is_lost in enumerate(lost, start=first + 1):
        if not is_lost:
            if offset > newest + 1:
                assert missing.gap(newest + 1, offset, 0)
            newest = offset
    wanted = [sequence & 0xFFFF for sequence in missing.due(SECOND // 10, 1000)[0]]
    expected = [
        offset & 0xFFFF for offset, is_lost in enumerate(lost, start=first + 1) if is_lost and offset < newest
    ]
    assert wanted == expected
    if wanted:
        (parsed,) = rtcp.parse(rtcp.build_nack(1, 2, wanted))
        assert isinstance(parsed, rtcp.Nack)
        assert list(parsed.sequences) == wanted


def test_a_lost_voice_packet_is_asked_for_and_comes_in_under_its_own_number(
    device: SimulcastDevice, world: World
) -> None:
    heard = device.watch(0, "microphone")
    layer = device.voice_layer
    device.put(layer.packet(b"one"))
    layer.packet(b"two")
    device.put(layer.packet(b"three"))
    world.advance(0.02)
    assert device.answer_nacks(layer) == 1
    assert heard.payloads() == [b"one", b"two", b"three"]
    world.advance(0.5)
    assert device.answer_nacks(layer) == 0


def test_voice_without_nack_in_the_offer_is_not_asked_for(device: SimulcastDevice, world: World) -> None:
    plain = device.text(device.publisher).replace("a=rtcp-fb:111 nack\r\n", "")
    answer = world.ask("publish.offer", connection="a", generation=1, sdp=plain)["sdp"]
    assert "a=rtcp-fb:111 nack" not in answer
    device.put(device.voice_layer.packet(b"one"))
    device.voice_layer.packet(b"two")
    device.put(device.voice_layer.packet(b"three"))
    world.advance(0.2)
    assert device.asked(rtcp.Nack) == []


def test_a_key_frame_does_not_make_what_is_missing_be_forgotten(
    device: SimulcastDevice, world: World
) -> None:
    full = device.watch(1)
    device.start(1)
    layer = device.layers[1]
    layer.packet(b"\x10\x01lost")
    device.put(layer.packet(DELTA_FRAME), layer.packet(KEY_FRAME))
    world.advance(0.1)
    assert device.answer_nacks(layer) == 1
    assert full.payloads()[1] == b"\x10\x01lost"


def test_only_what_pictures_still_build_on_costs_a_key_frame_when_it_is_given_up(
    device: SimulcastDevice, world: World
) -> None:
    device.watch(1)
    device.start(1)
    layer = device.layers[1]
    layer.packet(DELTA_FRAME)
    device.put(layer.packet(DELTA_FRAME), layer.packet(KEY_FRAME))
    world.advance(2)
    assert device.asked(rtcp.KeyframeRequest) == []
    layer.packet(DELTA_FRAME)
    device.put(layer.packet(DELTA_FRAME))
    world.advance(1.2)
    assert device.asked(rtcp.KeyframeRequest)


@pytest.mark.parametrize("round_trip", [0.04, 0.1, 0.2])
def test_at_five_percent_loss_both_ways_nearly_everything_arrives(
    device: SimulcastDevice, world: World, round_trip: float
) -> None:
    heard, seen = device.watch(0, "microphone"), device.watch(1)
    device.start(1)
    voice, layer = device.voice_layer, device.layers[1]
    bad = Impairment(loss=0.05, delay=round_trip / 2, jitter=0.005, reorder=0.005, duplicate=0.005)
    world.network.impair(device.publisher.address, up=bad, down=bad)
    resent = 0
    for number in range(500):
        device.put(voice.packet(b"v%d" % number, advance=0.02))
        if number % 2:
            device.put(*(layer.packet(b"\x10\x01%d %d" % (number, part), advance=0) for part in range(3)))
        world.advance(0.02)
        resent += device.answer_nacks(voice, layer)
    for _ in range(60):
        world.advance(0.02)
        resent += device.answer_nacks(voice, layer)
    assert len(heard.packets) >= 495
    assert len(seen.packets) >= 748
    assert len(set(heard.sequences)) == len(heard.packets)
    # About 63 are lost; asking for each little more than once does not feed the congestion.
    assert resent < 110
