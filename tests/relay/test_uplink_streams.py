"""Which stream a packet belongs to: simulcast, repairs, a screen, and what nobody has announced."""

from pathlib import Path
from typing import Any

import pytest

from realtime.relay.clock import SECOND
from realtime.relay.packets import rtcp
from realtime.relay.uplink.streams import MAX_STREAMS
from tests.relay.network import World
from tests.relay.peer import DELTA_FRAME, KEY_FRAME, FakePeer
from tests.relay.simulcast import Layer, SimulcastDevice


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
def device(world: World) -> SimulcastDevice:
    made = SimulcastDevice(world, "a")
    made.publish()
    return made


def published(world: World, **options: Any) -> SimulcastDevice:  # passed on as they are
    made = SimulcastDevice(world, "b", **options)
    made.publish()
    return made


def test_two_layers_are_told_apart_by_their_names_and_need_them_only_once(device: SimulcastDevice) -> None:
    small, full = device.watch(0), device.watch(1)
    device.start(0, 1)
    for layer in device.layers:
        layer.is_named = False
    for number in range(3):
        device.put(device.layers[0].packet(b"\x10\x01small-%d" % number))
        device.put(device.layers[1].packet(b"\x10\x01full-%d" % number))
    assert [packet[2] for packet in small.packets[1:]] == [b"\x10\x01small-%d" % each for each in range(3)]
    assert [packet[2] for packet in full.packets[1:]] == [b"\x10\x01full-%d" % each for each in range(3)]
    assert device.world.relay.connections["a"].producers["camera"].is_simulcast


def test_a_layer_without_a_name_is_not_guessed(device: SimulcastDevice) -> None:
    small, full = device.watch(0), device.watch(1)
    device.layers[1].is_named = False
    device.start(1)
    device.put(Layer(0x999, rid="x").packet(KEY_FRAME))
    assert small.packets == full.packets == []
    assert device.world.counters.dropped["unpublished"] == 2


def test_layers_that_announce_their_ssrcs_in_order_need_no_names(world: World) -> None:
    device = published(world, lines="\r\n".join(f"a=ssrc:{ssrc} cname:x" for ssrc in (0x200, 0x210)))
    small, full = device.watch(0), device.watch(1)
    for layer in device.layers:
        layer.is_named = False
    device.start(0, 1)
    assert (len(small.packets), len(full.packets)) == (1, 1)


def test_a_browser_without_simulcast_feeds_the_first_encoding(world: World) -> None:
    device = published(world, rids=())
    small, full = device.watch(0), device.watch(1)
    device.start(0)
    assert (len(small.packets), len(full.packets)) == (1, 0)
    assert not world.relay.connections["b"].producers["camera"].is_simulcast


def test_of_more_than_two_layers_the_smallest_and_the_largest_are_taken(world: World) -> None:
    device = published(world, rids=("q", "h", "f"))
    answer = device.negotiate()
    assert "a=simulcast:recv q;f\r\n" in answer
    assert "a=rid:h" not in answer
    full = device.watch(1)
    device.start(0, 1, 2)
    assert len(full.packets) == 1
    assert device.encoding(1).ssrc == device.layers[2].ssrc


def test_a_rebuilt_connection_goes_on_in_the_same_streams(device: SimulcastDevice) -> None:
    full = device.watch(1)
    device.start(1)
    device.publish()
    device.layers[1] = Layer(0x777, rid="f", sequence=9)
    device.start(1)
    device.put(device.layers[1].packet(DELTA_FRAME))
    first = full.sequences[0]
    assert full.sequences == [first, first + 1, first + 2]


def test_what_is_sent_again_fills_its_hole(device: SimulcastDevice) -> None:
    full = device.watch(1)
    device.start(1)
    layer = device.layers[1]
    layer.packet(b"\x10\x01lost")
    device.put(layer.packet(b"\x10\x01next"), layer.again((layer.sequence - 1) & 0xFFFF))
    assert full.payloads() == [KEY_FRAME, b"\x10\x01lost", b"\x10\x01next"]
    assert full.sequences[1] == full.sequences[0] + 2
    assert device.world.counters.happened["rtx_received"] == 1


@pytest.mark.parametrize("way", ["repaired rid", "group", "missing number"])
def test_a_stream_of_repairs_is_matched_to_its_layer(world: World, way: str) -> None:
    groups = ((0x200, 0x201), (0x210, 0x211)) if way == "group" else ()
    device = published(world, groups=groups)
    watched = [device.watch(0), device.watch(1)]
    device.start(0, 1)
    for layer in device.layers:
        layer.is_named = way == "repaired rid"
    layer = device.layers[1]
    device.layers[0].sequence = (device.layers[0].sequence + 500) & 0xFFFF  # the numbers alone do not tell
    layer.packet(b"\x10\x01lost")
    device.put(layer.packet(DELTA_FRAME), layer.again((layer.sequence - 1) & 0xFFFF))
    assert watched[1].payloads()[1] == b"\x10\x01lost"
    assert len(watched[0].packets) == 1


def test_a_repair_that_could_be_of_either_layer_is_not_guessed(device: SimulcastDevice) -> None:
    device.start(0, 1)
    for layer in device.layers:
        layer.is_named = False
        layer.packet(DELTA_FRAME)
        device.put(layer.packet(DELTA_FRAME))
    device.put(device.layers[1].again((device.layers[1].sequence - 1) & 0xFFFF))
    assert device.world.counters.happened["rtx_received"] == 0
    assert device.world.counters.dropped["unpublished"] == 1


def test_probes_in_the_stream_of_repairs_are_counted_and_go_nowhere(device: SimulcastDevice) -> None:
    full = device.watch(1)
    device.start(1)
    layer = device.layers[1]
    producer = device.world.relay.connections["a"].producers["camera"]
    before = producer.packets
    device.put(layer.repair(b"", padding=200), layer.again(layer.sequence), layer.repair(b"\x01"))
    happened = device.world.counters.happened
    assert (happened["rtx_padding"], happened["rtx_unneeded"]) == (2, 1)
    assert len(full.packets) == 1
    assert producer.packets == before


def test_a_repair_before_its_stream_starts_nothing(device: SimulcastDevice) -> None:
    full = device.watch(1)
    layer = device.layers[1]
    layer.packet(KEY_FRAME)
    device.put(layer.again(layer.sequence))
    assert full.packets == []


def test_a_repair_does_not_begin_the_stream_of_a_rebuilt_connection(device: SimulcastDevice) -> None:
    device.start(1)
    device.publish()
    device.put(device.layers[1].again(device.layers[1].sequence))
    assert device.encoding(1).ssrc is None


def test_of_two_lines_with_one_payload_type_a_stream_without_a_name_is_neither(world: World) -> None:
    device = published(world, screen=True, rids=())
    device.layers[0].is_named = False
    device.start(0)
    assert world.counters.dropped["unpublished"] == 1


def test_padding_alone_makes_no_hole(device: SimulcastDevice) -> None:
    full = device.watch(1)
    device.start(1)
    layer = device.layers[1]
    lost = layer.packet(b"\x10\x01late")
    device.put(layer.packet(b"", padding=255), layer.packet(b"", padding=255), layer.packet(b"\x10\x01two"))
    device.put(lost, layer.packet(b"\x10\x01three"))
    first = full.sequences[0]
    assert [(sequence - first, payload) for sequence, _, payload in sorted(full.packets)] == [
        (0, KEY_FRAME),
        (1, b"\x10\x01late"),
        (2, b"\x10\x01two"),
        (3, b"\x10\x01three"),
    ]
    assert device.world.counters.dropped["padding"] == 2


def test_much_padding_shifts_what_follows_and_forgets_what_is_long_gone(device: SimulcastDevice) -> None:
    full = device.watch(1)
    device.start(1)
    layer = device.layers[1]
    lost = layer.packet(b"\x10\x01late")
    for _ in range(100):
        device.put(layer.packet(b"", padding=50, advance=0))
    device.put(layer.packet(DELTA_FRAME), lost)
    assert [sequence - full.sequences[0] for sequence in full.sequences] == [0, 2]
    assert device.world.counters.dropped["too_late"] == 1


def test_padding_that_comes_late_fills_the_hole_it_made(device: SimulcastDevice) -> None:
    full = device.watch(1)
    device.start(1)
    layer = device.layers[1]
    late = layer.packet(b"", padding=100)
    device.put(layer.packet(DELTA_FRAME), late)
    assert [sequence - full.sequences[0] for sequence in full.sequences] == [0, 2, 1]
    assert full.packets[-1][2] == b""


def test_the_second_video_line_is_the_screen_even_while_the_camera_is_off(world: World) -> None:
    device = published(world, screen=True, camera_direction="inactive")
    screen = device.watch(0, "screen")
    device.put(device.screen_layer.packet(KEY_FRAME))
    assert len(screen.packets) == 1
    assert world.relay.connections["b"].tracks == {"microphone", "screen"}


def test_a_line_that_says_slides_is_the_screen_wherever_it_stands(world: World) -> None:
    device = published(world, screen=True, rids=(), lines="a=content:slides")
    screen, camera = device.watch(0, "screen"), device.watch(0, "camera")
    device.put(device.layers[0].packet(KEY_FRAME))
    device.put(device.screen_layer.packet(KEY_FRAME), device.screen_layer.packet(DELTA_FRAME))
    assert (len(screen.packets), len(camera.packets)) == (1, 2)


def test_a_still_screen_flows_where_a_camera_would_be_gone(world: World) -> None:
    device = published(world, screen=True)
    device.put(device.screen_layer.packet(KEY_FRAME))
    device.start(0)
    now_ns = world.clock()
    camera, screen = device.encoding(0), device.encoding(0, "screen")
    assert camera.is_flowing(now_ns)
    assert not camera.is_flowing(now_ns + SECOND)
    assert screen.is_flowing(now_ns + 5 * SECOND)


def test_a_slow_screen_is_asked_for_a_key_frame_until_it_sends_one(world: World) -> None:
    device = published(world, screen=True)
    device.put(device.screen_layer.packet(KEY_FRAME))
    world.advance(5)
    device.encoding(0, "screen").requests.want_keyframe(world.clock())
    world.advance(3)
    assert len(device.asked(rtcp.KeyframeRequest)) >= 6


def test_ssrcs_nobody_announced_fill_neither_table_nor_memory(world: World) -> None:
    device = published(world, rids=())
    for ssrc in range(200):
        device.put(Layer(0x4000 + ssrc, payload=111, mid="0").packet(b"x"))
        device.put(Layer(0x8000 + ssrc, payload=13, mid="0").packet(b"x"))
    publisher = world.relay.connections["b"].publishers[-1]
    assert len(publisher._streams.known) == MAX_STREAMS
    assert world.counters.dropped["datagram_fault"] == 0


def test_bitrate_and_loss_are_those_of_the_layer(device: SimulcastDevice, world: World) -> None:
    layer = device.layers[1]
    device.start(0, 1)
    for number in range(100):
        packet = layer.packet(DELTA_FRAME + bytes(1000))
        if number % 10:
            device.put(packet)
        world.advance(0.02)
    full = device.encoding(1)
    assert full.bitrate == pytest.approx(1050 * 8 * 45, rel=0.15)
    assert full.loss == pytest.approx(0.1, abs=0.03)
    assert device.encoding(0).bitrate < 1000
    world.advance(3)
    assert full.bitrate < 10_000


def test_a_virtual_timestamp_tells_when_it_was_captured(device: SimulcastDevice, world: World) -> None:
    full, encoding = device.watch(1), device.encoding(1)
    device.start(1)
    layer = device.layers[1]
    assert encoding.capture_ns(full.packets[0][1]) is None
    sent_ns = world.clock()
    report = rtcp.SenderReport(layer.ssrc, 5000 << 32, layer.timestamp, 1, 1)
    device.publisher.send_rtcp(rtcp.build_sender_report(report))
    device.put(layer.packet(DELTA_FRAME, advance=0.5))
    assert encoding.capture_ns(full.packets[0][1]) == sent_ns
    assert encoding.capture_ns(full.packets[1][1]) == sent_ns + SECOND // 2


def test_nobody_watching_is_no_work_and_watching_again_begins_with_a_key_frame(
    device: SimulcastDevice, world: World
) -> None:
    encoding, layer = device.encoding(1), device.layers[1]
    full = device.watch(1)
    device.start(1)
    report = rtcp.SenderReport(layer.ssrc, 5000 << 32, layer.timestamp, 1, 1)
    device.publisher.send_rtcp(rtcp.build_sender_report(report))
    encoding.subscribers.remove(full)
    world.advance(3)
    device.publisher.rtcp.clear()
    device.put(layer.packet(KEY_FRAME, advance=3))
    layer.packet(DELTA_FRAME)
    device.put(layer.packet(DELTA_FRAME))
    world.advance(0.5)
    encoding.requests.want_keyframe(world.clock())
    device.put(layer.packet(KEY_FRAME))
    asked = len(device.asked(rtcp.KeyframeRequest))
    world.advance(2)
    device.put(layer.packet(DELTA_FRAME, advance=2))
    assert device.asked(rtcp.Nack) == []
    assert len(device.asked(rtcp.KeyframeRequest)) == asked <= 1
    assert encoding.is_flowing(world.clock())
    assert encoding.keyframes == 1
    encoding.subscribers.append(full)
    device.put(layer.packet(DELTA_FRAME, advance=0.5))
    assert device.asked(rtcp.KeyframeRequest)
    device.put(layer.packet(KEY_FRAME))
    assert full.sequences[1] == full.sequences[0] + 1
    # The report is of the source's clock, so a pause of watching leaves it true.
    captured = encoding.capture_ns(full.packets[1][1])
    assert captured is not None
    assert captured == pytest.approx(world.clock(), abs=SECOND // 5)


def test_a_report_of_another_time_is_not_believed(device: SimulcastDevice, world: World) -> None:
    encoding, layer = device.encoding(1), device.layers[1]
    device.start(1)
    for shift in (2**31, 60 * 90_000, -60 * 90_000):
        report = rtcp.SenderReport(layer.ssrc, 5000 << 32, (layer.timestamp + shift) & 0xFFFFFFFF, 1, 1)
        device.publisher.send_rtcp(rtcp.build_sender_report(report))
        assert encoding.capture_ns(0) is None


def test_a_removed_line_lets_its_streams_go(device: SimulcastDevice) -> None:
    device.start(0, 1)
    device.camera_direction = "inactive"
    device.negotiate()
    device.put(device.layers[1].packet(DELTA_FRAME))
    assert device.world.counters.dropped["unpublished"] == 1
    device.camera_direction = "sendonly"
    device.negotiate()
    full = device.watch(1)
    device.start(1)
    assert len(full.packets) == 1


def test_a_peer_that_offers_no_rtx_is_answered_without(world: World) -> None:
    device = SimulcastDevice(world, "c", has_rtx=False)
    device.publisher = FakePeer(world, ("192.0.2.7", 7), ufrag="x")
    device.publish_generation = 1
    assert "rtx" not in device.negotiate()
