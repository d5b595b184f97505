"""A way narrows from 2000 to 400 to 80 kbit/s and is wide again: what is given up, when, and for what."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from realtime.relay.clock import SECOND
from realtime.wire.relay import QualityEvent, SlotsEvent
from tests.relay.device import Device
from tests.relay.impairment import Impairment, Link
from tests.relay.network import World
from tests.relay.receiving import Receiving
from tests.relay.sending import Sending
from tests.relay.simulcast import SimulcastDevice


@dataclass
class Scene:
    """Two people who send, and one who watches them over a bad way."""

    world: World
    senders: list[Sending] = field(default_factory=list)

    def __post_init__(self) -> None:
        for name in "ab":
            device = SimulcastDevice(self.world, name)
            device.publish()
            self.senders.append(Sending(device))
        self.senders[1].is_speaking = False
        self.watcher = Device(self.world, "c", kinds=())
        self.watcher.subscribe()
        self.receiving = Receiving(self.watcher)
        self.link: Link | None = None

    def narrow(self, bits: int, *, loss: float = 0) -> None:
        bad = Impairment(rate=bits, delay=0.02, loss=loss, queue=64_000)
        _, self.link = self.world.network.impair(self.watcher.subscriber.address, down=bad)

    @property
    def ranks(self) -> list[int | None]:
        """What is sent of each camera: 1 in full, 0 the quarter, None nothing."""
        (line,) = self.world.relay.connections["c"].subscribers
        carried = [each.target or each.encoding for each in line.video if each.producer is not None]
        return [each.rank if each is not None else None for each in carried]

    @property
    def downlink(self) -> str:
        event = self.world.last_event("quality", "c")
        return event.downlink if isinstance(event, QualityEvent) else "good"

    def seconds_until(self, wanted: list[int | None] | str, *, within: float) -> float:
        """Let time pass until the cameras, or the word that is said about them, are as wanted."""
        start = self.world.clock()
        while (self.downlink if isinstance(wanted, str) else self.ranks) != wanted:
            assert self.world.clock() - start < within * SECOND, (self.ranks, self.downlink)
            self.world.advance(0.1)
        return (self.world.clock() - start) / SECOND

    def paused(self) -> list[bool]:
        event = self.world.last_event("slots", "c")
        assert isinstance(event, SlotsEvent)
        return [slot.paused for slot in event.slots if slot.participant and slot.source == "camera"]


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(World(tmp_path, audio_slots=2, video_slots=2))


def test_pictures_shrink_then_stop_voices_go_on_and_everything_returns_by_itself(scene: Scene) -> None:
    world, receiving = scene.world, scene.receiving
    scene.narrow(2_000_000)
    scene.seconds_until([1, 1], within=8)
    world.advance(3)

    scene.narrow(400_000)
    assert scene.seconds_until([0, 0], within=2) <= 1
    world.advance(4)
    assert scene.downlink == "reduced"
    assert scene.paused() == [False, False]

    scene.narrow(80_000)
    assert scene.seconds_until("sound_only", within=3) <= 2
    assert scene.ranks == [None, None]
    assert scene.paused() == [True, True]
    world.advance(3)
    assert scene.link is not None
    assert (scene.link.refused, receiving.voice_lost) == (0, 0)
    heard = len(receiving.voice)
    world.advance(4)
    assert len(receiving.voice) - heard > 4 * 50 * 0.9
    assert receiving.voice_lost == 0

    scene.narrow(2_000_000)
    scene.seconds_until("reduced", within=20)
    scene.seconds_until([1, 1], within=15)
    scene.seconds_until("good", within=5)
    assert receiving.voice_lost == 0
    assert scene.paused() == [False, False]
    # Each change of layer asks for one key frame; a path that narrows must not make the others pay.
    assert all(sender.keyframes <= 12 for sender in scene.senders)


def test_loss_that_lasts_ends_in_sound_only_and_pictures_return_when_it_ends(scene: Scene) -> None:
    scene.narrow(5_000_000, loss=0.3)
    scene.seconds_until("sound_only", within=20)
    scene.narrow(5_000_000)
    scene.seconds_until([1, 1], within=40)


def test_who_wants_sound_only_gets_it_at_once_and_pictures_again_at_once(scene: Scene) -> None:
    scene.world.advance(1)
    before = list(scene.receiving.pictures.values())
    assert len(before) == 2
    scene.world.ask("connection.view", connection="c", tiles=[], sound_only=True)
    assert (scene.ranks, scene.paused()) == ([None, None], [True, True])
    scene.receiving.pictures.clear()
    scene.world.advance(1)
    assert scene.receiving.pictures == {}
    assert scene.downlink == "good"
    scene.world.ask("connection.view", connection="c", tiles=[], sound_only=False)
    assert scene.paused() == [False, False]
    scene.world.advance(1)
    assert len(scene.receiving.pictures) == 2


def test_who_sends_over_a_bad_way_is_told_so_and_that_it_is_over(scene: Scene) -> None:
    def uplink() -> str:
        event = scene.world.last_event("quality", "a")
        return event.uplink if isinstance(event, QualityEvent) else "good"

    address = scene.senders[0].device.publisher.address
    scene.world.network.impair(address, up=Impairment(loss=0.2))
    scene.world.advance(3)
    assert uplink() == "good"
    scene.world.advance(4)
    assert uplink() == "weak"
    scene.world.network.impair(address)
    scene.world.advance(8)
    assert uplink() == "good"


def test_a_way_that_was_cut_is_not_judged_by_what_was_lost_meanwhile(scene: Scene) -> None:
    address = scene.watcher.subscriber.address
    scene.seconds_until([1, 1], within=8)
    scene.world.network.impair(address, up=Impairment(loss=1), down=Impairment(loss=1))
    scene.world.advance(20)
    scene.world.network.impair(address)
    scene.world.advance(4)
    for _ in range(10):
        scene.world.advance(1)
        assert scene.ranks == [1, 1]
    assert scene.downlink == "good"
