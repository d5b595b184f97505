"""ICE restarts in place: media never waits, and old credentials live until the new ones are used."""

from pathlib import Path

import pytest

from realtime.relay.transport.ice_lite import MAX_CREDENTIALS, OVERLAP_NS
from tests.relay.device import Device
from tests.relay.network import World
from tests.relay.peer import AUDIO, FakePeer

OVERLAP_SECONDS = OVERLAP_NS / 1e9


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
def pair(world: World) -> tuple[Device, Device]:
    return Device(world, "a").join(), Device(world, "b").join()


def hears(one: Device, two: Device, words: bytes) -> bool:
    one.speak(words)
    return bool(two.received(AUDIO)) and two.received(AUDIO)[-1][3] == words


def is_answered(peer: FakePeer) -> bool:
    """Send one check, and say whether the relay knows it."""
    peer.mapped = None
    peer.check()
    peer.world.network.deliver()
    return peer.mapped == peer.address


Identity = tuple[tuple[str, str], str]


def identity(peer: FakePeer) -> Identity:
    return peer._credentials, peer.ufrag


def use(peer: FakePeer, ice: Identity) -> None:
    peer._credentials, peer.ufrag = ice


def test_media_flows_before_during_and_after_a_restart_of_both(
    world: World, pair: tuple[Device, Device]
) -> None:
    one, two = pair
    before = identity(one.publisher), identity(two.subscriber)
    one.restart_publish()
    two.restart_subscribe()
    assert hears(one, two, b"nobody has checked yet")
    assert before[0][0] != one.publisher._credentials
    assert before[1][0] != two.subscriber._credentials
    one.publisher.rebind(("192.0.2.77", 1))
    two.subscriber.rebind(("192.0.2.77", 2))
    assert is_answered(one.publisher)
    assert is_answered(two.subscriber)
    assert hears(one, two, b"on the new path")
    assert world.counters.happened["ice_restart"] == 2
    assert world.counters.happened["path_moved"] == 2
    assert world.relay.connections["a"].publishers[0].peer.generation == 1


def test_a_restart_that_the_network_never_lets_through_costs_nothing(
    world: World, pair: tuple[Device, Device]
) -> None:
    one, two = pair
    old = identity(one.publisher)
    one.restart_publish()
    use(one.publisher, old)
    world.advance(60, step=0.5)
    assert is_answered(one.publisher)
    assert hears(one, two, b"still the old path")


def test_old_credentials_end_a_little_after_the_new_ones_are_used(
    world: World, pair: tuple[Device, Device]
) -> None:
    one, _ = pair
    old = identity(one.publisher)
    one.restart_publish()
    new = identity(one.publisher)
    assert is_answered(one.publisher)
    use(one.publisher, old)
    assert is_answered(one.publisher), "checks that were under way"
    world.advance(OVERLAP_SECONDS + 0.5, step=0.5)
    assert not is_answered(one.publisher)
    use(one.publisher, new)
    assert is_answered(one.publisher)


def test_the_same_offer_again_is_answered_as_before(pair: tuple[Device, Device]) -> None:
    one, _ = pair
    one.restart_publish()
    first = identity(one.publisher)
    one.publisher.adopt(one.negotiate(*one.kinds))
    assert identity(one.publisher) == first


def test_an_offer_that_goes_back_gets_the_credentials_of_before(
    world: World, pair: tuple[Device, Device]
) -> None:
    one, two = pair
    before = identity(one.publisher)
    one.restart_publish()
    use(one.publisher, before)
    one.publisher.adopt(one.negotiate(*one.kinds))
    assert identity(one.publisher) == before
    assert is_answered(one.publisher)
    assert hears(one, two, b"rolled back")


def test_of_two_restarts_in_a_row_either_may_be_the_one_that_is_used(pair: tuple[Device, Device]) -> None:
    one, two = pair
    one.restart_publish()
    first = identity(one.publisher)
    one.restart_publish()
    second = identity(one.publisher)
    for ice, words in ((first, b"1"), (second, b"2")):
        use(one.publisher, ice)
        assert is_answered(one.publisher)
        assert hears(one, two, words)


def test_restarts_that_are_never_used_do_not_pile_up(world: World, pair: tuple[Device, Device]) -> None:
    one, two = pair
    old = identity(one.publisher)
    before = world.mux.size()
    for _ in range(20):
        one.restart_publish()
        two.restart_subscribe()
    ufrags, paths = world.mux.size()
    assert ufrags - before[0] == 2 * (MAX_CREDENTIALS - 1)
    assert paths == before[1]
    newest = identity(one.publisher)
    use(one.publisher, old)
    assert is_answered(one.publisher), "what is in use is never given up"
    use(one.publisher, newest)
    assert is_answered(one.publisher)
    assert hears(one, two, b"after all of them")


def test_an_answer_that_is_lost_or_late_does_not_lock_the_browser_out(
    world: World, pair: tuple[Device, Device]
) -> None:
    one, two = pair
    names = {"connection": "b", "generation": 1}
    first = str(world.ask("subscribe.offer", **names, restart=True)["sdp"])
    second = str(world.ask("subscribe.offer", **names, restart=True)["sdp"])
    assert first != second
    assert str(world.ask("subscribe.offer", **names)["sdp"]) == second, "the newest is what stands"
    subscriber = two.subscriber
    subscriber.ufrag = "first"
    world.ask("subscribe.answer", **names, sdp=subscriber.answer(first))
    subscriber.ufrag = "second"
    subscriber.adopt(second)
    assert is_answered(subscriber), "its check was faster than its answer"
    world.ask("subscribe.answer", **names, sdp=subscriber.answer(second))
    assert hears(one, two, b"restarted twice")
    third = str(world.ask("subscribe.offer", **names, restart=True)["sdp"])
    subscriber.ufrag = "third, whose answer never comes"
    subscriber.adopt(third)
    assert is_answered(subscriber)
    assert hears(one, two, b"restarted without an answer")


def test_new_credentials_that_answer_no_restart_are_refused(pair: tuple[Device, Device]) -> None:
    _, two = pair
    names = {"connection": "b", "generation": 1}
    two.subscriber.ufrag = "unasked"
    answer = two.subscriber.answer(two.offered)
    assert two.world.refused("subscribe.answer", **names, sdp=answer) == "bad_sdp"


def test_a_restart_cannot_bring_another_certificate(pair: tuple[Device, Device]) -> None:
    one, _ = pair
    offer = one.publisher.offer(*one.kinds).replace("a=ice-ufrag:p1", "a=ice-ufrag:p2")
    digest = offer.split("a=fingerprint:sha-256 ")[1][:5]
    other = offer.replace(digest, "00:00" if digest != "00:00" else "11:11")
    names = {"connection": "a", "generation": 1}
    assert one.world.refused("publish.offer", **names, sdp=other) == "bad_sdp"
    assert is_answered(one.publisher)


def test_a_restart_of_a_connection_that_is_over_is_refused(world: World, pair: tuple[Device, Device]) -> None:
    one, two = pair
    assert two.subscriber.dtls is not None
    two.subscriber.dtls.close()
    world.network.deliver()
    names = {"connection": "b", "generation": 1}
    assert world.refused("subscribe.offer", **names, restart=True) == "stale_generation"
    two.subscribe()
    assert hears(one, two, b"rebuilt")
