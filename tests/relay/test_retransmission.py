"""What a subscriber lost comes again: in time, from the right stream, and within every bound."""

from pathlib import Path

import pytest

from realtime.relay.clock import MILLISECOND, SECOND
from realtime.relay.downlink.feedback import KEYFRAME_REQUESTS_PER_SECOND, NACKED_PER_SECOND
from realtime.relay.downlink.retransmission import BUDGET_FLOOR_BYTES, VOICE_COPIES, Allowance
from realtime.relay.packets import rtcp
from tests.relay.device import Device
from tests.relay.impairment import Impairment
from tests.relay.network import World
from tests.relay.peer import AUDIO
from tests.relay.receiver import Receiver

DELAY, DEADLINE = 50 * MILLISECOND, 200 * MILLISECOND
FRAME_PACKETS = 4


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


class Call:
    """One device that speaks and shows, and one that receives; packets say when they were sent."""

    def __init__(self, world: World, *, has_rtx: bool = True) -> None:
        self.world = world
        self.speaker = Device(world, "a")
        self.speaker.publish()
        self.receiver = Receiver(Device(world, "b", kinds=()), has_rtx=has_rtx)
        self.sent: dict[str, list[bytes]] = {"a0": [], "v0": []}
        self._step = 0

    def speak(self) -> None:
        mark = self.world.clock().to_bytes(8, "big")
        self.sent["a0"].append(mark)
        self.speaker.speak(mark + bytes(70))

    def show(self, *, is_key: bool = False) -> None:
        for index in range(FRAME_PACKETS):
            mark = self.world.clock().to_bytes(8, "big") + bytes([index])
            self.sent["v0"].append(mark)
            start = b"\x10" + bytes([not is_key]) if index == 0 else b"\x00\x01"
            packet = self.speaker.picture.packet(
                start + mark + bytes(1000),
                marker=index == FRAME_PACKETS - 1,
                advance=0.04 if index == 0 else 0,
            )
            self.speaker.publisher.send_rtp(packet)

    def go_on(self, seconds: float) -> None:
        """Speak every 20 ms and show a frame every 40 ms."""
        for _ in range(round(seconds / 0.02)):
            self.speak()
            if self._step % 2 == 0:
                self.show(is_key=self._step % 200 == 0)
            self._step += 1
            self.world.advance(0.02, step=0.01)

    def missing(self, mid: str, deadline_ns: int) -> float:
        """Return the share of packets that were not there when they had to be played."""
        stream, size = self.receiver.stream(mid), 9 if mid == "v0" else 8
        at = 2 if mid == "v0" else 0
        came = {stream.payloads[each][at : at + size]: when for each, when in stream.came.items()}
        sent = self.sent[mid]
        late = [
            mark
            for mark in sent
            if came.get(mark, 1 << 62) > int.from_bytes(mark[:8], "big") + DELAY + deadline_ns
        ]
        return len(late) / len(sent)


def intercept(call: Call) -> list[bytes]:
    """Return the list in which everything for the receiver ends from now on, encrypted."""
    got: list[bytes] = []
    call.world.network.nodes[call.receiver.peer.address] = lambda data, source: got.append(data)
    return got


@pytest.mark.parametrize("has_rtx", [True, False])
def test_at_five_percent_loss_and_100_ms_hardly_anything_is_missing_when_it_is_played(
    world: World, has_rtx: bool
) -> None:
    call = Call(world, has_rtx=has_rtx)
    bad = Impairment(loss=0.05, delay=0.05)
    call.go_on(0.2)
    world.network.impair(call.receiver.peer.address, up=bad, down=bad, seed=1)
    call.go_on(20)
    subscriber = world.relay.connections["b"].subscribers[0]
    round_trip_ns, loss = subscriber.round_trip_ns, subscriber.loss
    world.network.impair(call.receiver.peer.address)
    call.go_on(1)
    for mid in ("a0", "v0"):
        assert call.missing(mid, 0) > 0.03, "the network has lost too little to prove anything"
        assert call.missing(mid, DEADLINE) < 0.005
        assert call.missing(mid, 5 * SECOND) == 0
        # An answer that was under way when the question was put again; of plain copies SRTP drops the second.
        assert call.receiver.stream(mid).twice <= (len(call.sent[mid]) * 0.01 if has_rtx else 0)
    assert (call.receiver.repaired > 0) == has_rtx
    numbers = sorted(call.receiver.rtx_numbers)
    assert len(set(numbers)) == len(numbers)
    assert round_trip_ns == pytest.approx(100 * MILLISECOND, rel=0.1)
    if has_rtx:
        assert 0.01 < loss < 0.15


def test_a_browser_without_rtx_gets_the_same_packet_again_and_one_with_it_another_stream(
    world: World, tmp_path: Path
) -> None:
    for has_rtx in (True, False):
        call = Call(World(tmp_path / str(has_rtx)), has_rtx=has_rtx)
        call.receiver.is_asking = False
        call.show(is_key=True)
        lost = next(iter(call.receiver.streams))
        low = max(call.receiver.streams[lost].came) & 0xFFFF
        got = intercept(call)
        call.receiver.peer.send_rtcp(rtcp.build_nack(1, lost, [low]))
        ssrc = next(rtx for rtx, original in call.receiver.originals.items() if original == lost)
        assert [int.from_bytes(data[8:12], "big") for data in got] == [ssrc if has_rtx else lost]


def test_voice_is_sent_again_as_it_was_and_twice(world: World) -> None:
    call = Call(world)
    for _ in range(3):
        call.speak()
    (ssrc,) = call.receiver.streams
    got = intercept(call)
    low = min(call.receiver.streams[ssrc].came) & 0xFFFF
    call.receiver.peer.send_rtcp(rtcp.build_nack(1, ssrc, [low]))
    # Two copies: there is no time to ask a second time before it is played.
    numbers = [(int.from_bytes(data[2:4], "big"), int.from_bytes(data[8:12], "big")) for data in got]
    assert numbers == [(low, ssrc)] * VOICE_COPIES


def test_a_resend_costs_at_most_fifteen_percent_of_what_is_sent_or_the_floor() -> None:
    allowance = Allowance()
    sent, resent = 0, 0
    for tick in range(10 * 50):
        sent += 2_000  # 100 000 bytes a second
        for number in range(20):
            if allowance.take(
                tick * 20 + number, 1000, sent=sent, round_trip_ns=0, now_ns=(tick + 100) * 20 * MILLISECOND
            ):
                resent += 1000
    assert 0.12 * sent < resent <= 0.15 * sent + BUDGET_FLOOR_BYTES
    quiet = Allowance()
    granted = sum(
        quiet.take(number, 1000, sent=0, round_trip_ns=0, now_ns=100 * SECOND) for number in range(50)
    )
    assert granted * 1000 == BUDGET_FLOOR_BYTES


def test_one_browser_can_ask_for_no_more_than_so_many_packets_and_key_frames_a_second(world: World) -> None:
    call = Call(world)
    call.show(is_key=True)
    ssrc = next(iter(call.receiver.streams))
    for _ in range(10):
        call.receiver.peer.send_rtcp(rtcp.build_nack(1, ssrc, range(1000, 1200)))
    assert world.counters.happened["nack_received"] == 2000
    assert world.counters.dropped["nack_rate"] == 2000 - NACKED_PER_SECOND
    for _ in range(100):
        call.receiver.peer.send_rtcp(rtcp.build_pli(1, ssrc))
    assert world.counters.happened["pli_received"] == KEYFRAME_REQUESTS_PER_SECOND
    assert world.counters.dropped["pli_rate"] == 100 - KEYFRAME_REQUESTS_PER_SECOND


def test_a_number_that_was_never_sent_is_counted_and_nothing_more(world: World) -> None:
    call = Call(world)
    call.show(is_key=True)
    ssrc = next(iter(call.receiver.streams))
    newest = max(call.receiver.streams[ssrc].came)
    call.receiver.peer.send_rtcp(rtcp.build_nack(1, ssrc, [(newest + 1) & 0xFFFF, (newest - 5000) & 0xFFFF]))
    assert world.counters.dropped["nack_unanswered"] == 2
    assert call.receiver.repaired == 0


def test_the_rate_counts_everything_that_went_to_the_browser(world: World) -> None:
    call = Call(world)
    subscriber = world.relay.connections["b"].subscribers[0]
    for _ in range(20):
        call.go_on(0.1)
        rate = subscriber.sent_bitrate(world.clock())
    wanted = 8 * (50 * (78 + 12) + 100 * (1011 + 20))
    assert rate == pytest.approx(wanted, rel=0.1)
    world.advance(2, step=0.1)
    subscriber.sent_bitrate(world.clock())
    world.advance(1, step=0.1)
    assert subscriber.sent_bitrate(world.clock()) == 0


def test_reports_count_payloads_and_their_clock_never_goes_back(world: World) -> None:
    call = Call(world)
    call.go_on(3)
    reports = [report for _, report in call.receiver.reports]
    stream, ssrc = call.receiver.stream("v0"), None
    for ssrc in {report.ssrc for report in reports}:
        times = [report.rtp_timestamp for report in reports if report.ssrc == ssrc]
        assert times == sorted(times)
        assert len(times) >= 2
    last = next(
        (at, report)
        for at, report in reversed(call.receiver.reports)
        if call.receiver.slots[report.ssrc] == "v0"
    )
    before = [each for each, at in stream.came.items() if at <= last[0]]
    assert last[1].packets == len(before)
    assert last[1].octets == sum(len(stream.payloads[each]) for each in before)
    assert call.receiver.device.received(AUDIO) == []
