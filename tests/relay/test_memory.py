"""What people cost while they are still, and what is left of them: a relay runs for months."""

import gc
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from realtime.relay.packets.packet_cache import PacketCache
from realtime.wire.relay import REQUEST
from tests.relay.device import Device
from tests.relay.network import RELAY_ADDRESS, World, world
from tests.relay.peer import AUDIO


@pytest.fixture
def small(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as made:
        yield made


def ours() -> Counter[str]:
    """Count the live objects of the relay's own types."""
    gc.collect()
    kinds = (type(each) for each in gc.get_objects())
    return Counter(kind.__qualname__ for kind in kinds if str(kind.__module__).startswith("realtime."))


def caches(device: Device) -> list[PacketCache]:
    held = device.world.relay.connections[device.connection]
    return [encoding.cache for producer in held.producers.values() for encoding in producer.encodings]


def test_who_sends_nothing_has_no_history(small: World) -> None:
    one, two = Device(small, "a").join(), Device(small, "b").join()
    small.advance(1)
    assert two.subscriber.is_connected
    assert {sys.getsizeof(each._packets) for each in caches(one)} == {sys.getsizeof([])}
    assert all(each.get(7) is None for each in caches(one))
    one.speak()
    assert sum(bool(each._packets) for each in caches(one)) == 1, "only what is sent is kept"


def test_slots_that_were_never_filled_hold_nothing(small: World) -> None:
    device = Device(small, "a", kinds=(AUDIO,)).join()
    line = small.relay.connections["a"].subscribers[0]
    assert device.subscriber.is_connected
    assert all(not each._history._segments and not each._held for each in line._consumers())


def test_all_handshakes_share_one_context_that_remembers_nobody(small: World) -> None:
    devices = [Device(small, name, kinds=(AUDIO,)).join() for name in "ab"]
    held = [small.relay.connections[each.connection] for each in devices]
    peers = [line.peer for each in held for line in each._lines()]
    contexts = {each._dtls._ssl.get_context() for each in peers if each._dtls is not None}
    assert len(peers) == 4
    assert len(contexts) == 1
    assert contexts.pop().get_session_cache_mode() == 0


def test_fifty_joins_leave_no_object_behind(small: World) -> None:
    def come_and_go(first: int, last: int) -> Counter[str]:
        for number in range(first, last):
            device = Device(small, f"c{number}")
            device.publish()
            device.subscribe()
            device.show_key()
            device.speak(skip=1)
            small.advance(0.1, step=0.1)
            if number % 2:
                device.publish()  # anew, a generation higher
            small.ask("connection.close", connection=device.connection, reason="left")
            for address in small.network.nodes.keys() - {RELAY_ADDRESS}:
                del small.network.nodes[address]
            small.tickers.clear()
        small.events.clear()
        del device
        return ours()

    before = come_and_go(0, 5)
    after = come_and_go(5, 55)
    assert after - before == Counter()
    assert small.mux.size() == (0, 0)
    assert small.journals._last_at == {}


def test_the_ids_of_a_request_are_forgotten_with_it() -> None:
    def ask(number: int) -> None:
        REQUEST.validate_json(
            f'{{"id": 1, "op": "connection.close", "connection": "c-{number}", "reason": "left"}}'
        )

    ask(0)
    gc.collect()
    before = sys.getallocatedblocks()
    for number in range(500):
        ask(number)
    gc.collect()
    assert sys.getallocatedblocks() - before < 100


def test_a_hello_before_the_answer_waits_for_it(small: World) -> None:
    device = Device(small, "a", kinds=(AUDIO,))
    device.publish()
    names = {"connection": "a", "generation": 1}
    offer = str(small.ask("subscribe.offer", **names)["sdp"])
    device.subscriber = device._peer("early")
    device.subscriber.connect(offer)
    before = device.subscriber.is_connected
    small.ask("subscribe.answer", **names, sdp=device.subscriber.answer(offer))
    small.network.deliver()
    assert (before, device.subscriber.is_connected) == (False, True), "and no time has passed"
    assert small.counters.dropped["dtls_too_early"] == 0


def test_only_so_many_early_datagrams_are_kept(small: World) -> None:
    device = Device(small, "a", kinds=(AUDIO,))
    names = {"connection": "a", "generation": 1}
    device.subscriber = device._peer("early")
    device.subscriber.connect(str(small.ask("subscribe.offer", **names)["sdp"]))
    for _ in range(20):
        device.subscriber.send(b"\x16" * 100)
    small.network.deliver()
    assert len(small.relay.connections["a"].subscribers[0].peer._early) == 4
    assert small.counters.dropped["dtls_too_early"] == 17
