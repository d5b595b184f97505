"""The load counts what it claims: what is lost is seen as lost, what is delayed as delayed."""

import socket
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from realtime.relay.clock import SECOND
from tests.load.calls import media, sdp
from tests.load.calls.batch import DATAGRAMS, Batch
from tests.load.calls.call import Calls, Shape, Window
from tests.load.calls.client import ClientPeer
from tests.load.calls.relays import Place
from tests.load.calls.relays.ours import OurRelay
from tests.patience import PATIENCE_SECONDS
from tests.relay.impairment import Impairment
from tests.relay.proxy import UdpProxy

_LOCAL = sdp.Local("ufrag", "password-of-some-length", ":".join(["AB"] * 32), ("127.0.0.1", 9))
_LOST, _WAY_SECONDS = 0.3, 0.1


@pytest.fixture(scope="module")
def footage() -> media.Footage:
    return media.encode(frames=30, voices=30)


@pytest.fixture
def receiver() -> Iterator[ClientPeer]:
    peer = ClientPeer("127.0.0.1", is_offerer=False)
    peer.answer(sdp.write(_LOCAL, sdp.publishing([(sdp.AUDIO, 1), (sdp.VIDEO, 2)]), setup="actpass"))
    yield peer
    peer.close()


def arrive(receiver: ClientPeer, ssrc: int, payload: int, *sequences: int) -> None:
    """Let these packets arrive at a receiver, in this order."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for sequence in sequences:
            sender.sendto(struct.pack("!BBHII", 0x80, payload, sequence, 0, ssrc), receiver.address)
    receiver.receive(Batch())


@pytest.mark.parametrize(
    ("sequences", "received", "span"),
    [
        ((7, 8, 9), 3, 3),
        ((7, 9, 10), 3, 4),
        ((65_534, 65_535, 1), 3, 4),
        ((7, 9, 8), 3, 3),
        ((7, 12, 8, 9, 13), 5, 7),
    ],
)
def test_a_hole_in_the_numbers_is_a_loss_and_another_order_is_none(
    receiver: ClientPeer, sequences: tuple[int, ...], received: int, span: int
) -> None:
    arrive(receiver, 2, sdp.VP8_PAYLOAD, *sequences)
    stream = receiver.streams[2]
    assert (stream.received, stream.span) == (received, span)


def test_more_than_a_batch_is_read_at_once(receiver: ClientPeer) -> None:
    arrive(receiver, 2, sdp.VP8_PAYLOAD, *range(2 * DATAGRAMS + 1))
    assert receiver.streams[2].received == 2 * DATAGRAMS + 1


def test_what_is_no_media_of_the_answer_is_not_counted_as_forwarded(receiver: ClientPeer) -> None:
    arrive(receiver, 3, 97, 1, 2, 3)
    assert receiver.streams == {}
    assert receiver.strange == 3


def test_the_first_packet_is_stamped_by_the_kernel(receiver: ClientPeer) -> None:
    assert receiver.first_packet_ns is None
    arrive(receiver, 2, sdp.VP8_PAYLOAD, 1)
    first = receiver.first_packet_ns
    arrive(receiver, 2, sdp.VP8_PAYLOAD, 2)
    assert first is not None
    assert receiver.first_packet_ns == first


def window_in_which(calls: Calls, holds: Callable[[Window], bool]) -> Window:
    """Give the first window in which this holds: the machine may stand still in one; or the last of many."""
    window = calls.window(1)
    for _ in range(int(PATIENCE_SECONDS)):
        if holds(window):
            break
        window = calls.window(1)
    return window


def all_in_time(window: Window) -> bool:
    """Say whether as much arrived as was sent, but for what is on its way as a window begins or ends."""
    is_whole = abs(window.arrived - window.expected) < 0.2 * window.expected
    return is_whole and min(window.delays_ns, default=SECOND) < _WAY_SECONDS * SECOND


def some_lost(window: Window) -> bool:
    """Say whether about as much was lost as the way is told to lose."""
    return 0.1 * window.span < window.span - window.arrived < 0.5 * window.span


def all_late(window: Window) -> bool:
    """Say whether nothing took less time than the way does, but for what was on its way before."""
    return len(window.delays_ns) > 2 and min(window.delays_ns[2:]) >= _WAY_SECONDS * SECOND


def test_loss_and_delay_of_a_real_call_are_measured(tmp_path: Path, footage: media.Footage) -> None:
    with UdpProxy(target=("127.0.0.1", 0)) as proxy:
        way = f"127.0.0.1:{proxy.address[1]}"
        relay = OurRelay(Place("127.0.0.1", tmp_path), options=("--candidate", way))
        relay.start()
        proxy.target = relay.udp
        calls = Calls(relay, Shape("two", 1, 2), "127.0.0.1", footage)
        try:
            calls.join()
            ports = {each.subscriber.address[1] for each in calls.people if each.subscriber is not None}
            clean = window_in_which(calls, all_in_time)
            proxy.impair(ports, up=Impairment(), down=Impairment(loss=_LOST))
            lossy = window_in_which(calls, some_lost)
            proxy.clear()
            proxy.impair(ports, up=Impairment(), down=Impairment(delay=_WAY_SECONDS))
            slow = window_in_which(calls, all_late)
        finally:
            calls.close()
            relay.stop()
    assert all_in_time(clean)
    assert clean.span == clean.arrived
    assert clean.relay_cpu > 0
    assert len(clean.joins_ns) == 2
    assert min(clean.joins_ns) > 0
    assert clean.refused == slow.refused == 0
    assert some_lost(lossy)
    assert all_late(slow)
