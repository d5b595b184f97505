"""What REMB and loss say about a path, and what is told of it."""

import pytest

from realtime.relay.clock import SECOND
from realtime.relay.downlink.bandwidth import (
    HELD_NS,
    LOWEST,
    RETRIES_AFTER_NS,
    RETRIES_LATEST_NS,
    START,
    Bandwidth,
    Feedback,
)
from realtime.relay.downlink.quality import Quality

VOICES = 50_000


class Path:
    """Feed a bandwidth five times a second."""

    def __init__(self) -> None:
        self.now_ns = 0
        self.bandwidth = Bandwidth(0)

    def hear(
        self, remb: int | None, video: int, *, loss: float = 0, seconds: float = 0.2, reports: bool = True
    ) -> None:
        for _ in range(max(round(seconds * 5), 1)):
            self.now_ns += SECOND // 5
            feedback = Feedback(remb=remb, video=video, audio=VOICES, loss=loss, has_reported=reports)
            self.bandwidth.update(feedback, self.now_ns)

    def grow(self, remb: int, video: int, *, seconds: float) -> int:
        """Hear an estimate that grows as a browser's does; return where it ends."""
        for _ in range(round(seconds * 5)):
            remb = remb * 102 // 100
            self.hear(remb, video)
        return remb

    def plan(self, video: int, *, has_risen: bool = False) -> None:
        self.bandwidth.planned(VOICES + video, has_risen=has_risen, now_ns=self.now_ns)

    @property
    def may_try(self) -> bool:
        return self.bandwidth.may_try(self.now_ns)


@pytest.fixture
def path() -> Path:
    return Path()


def test_without_any_word_the_budget_is_cautious_and_nothing_is_tried(path: Path) -> None:
    path.plan(500_000)
    path.hear(None, 500_000, seconds=60, reports=False)
    assert path.bandwidth.budget == START
    assert not path.may_try


def test_an_estimate_that_is_merely_low_limits_nothing(path: Path) -> None:
    path.plan(120_000)
    path.grow(100_000, 120_000, seconds=10)
    assert path.bandwidth.budget == START


def test_an_estimate_that_falls_below_what_is_sent_limits_at_once(path: Path) -> None:
    path.plan(900_000)
    path.hear(950_000, 900_000, seconds=5)
    path.hear(340_000, 900_000)
    assert path.bandwidth.budget == 340_000 + VOICES
    assert path.bandwidth.held(path.now_ns) == 340_000 + VOICES


def test_a_fall_while_pictures_stand_still_is_a_share_and_not_the_rest(path: Path) -> None:
    path.plan(400_000)
    path.hear(60_000, 20_000, seconds=2)
    path.hear(17_000, 20_000)
    assert path.bandwidth.budget == 400_000 * 85 // 100 + VOICES


def test_an_estimate_that_no_longer_grows_below_what_is_sent_limits_in_time(path: Path) -> None:
    path.plan(600_000)
    path.hear(200_000, 600_000, seconds=2)
    assert path.bandwidth.budget == START
    path.hear(200_000, 600_000, seconds=1)
    assert path.bandwidth.budget < 600_000


def test_more_counts_only_when_it_has_held(path: Path) -> None:
    path.hear(2_000_000, 900_000)
    assert path.bandwidth.budget == 2_000_000 + VOICES
    path.hear(3_000_000, 900_000)
    assert path.bandwidth.held(path.now_ns) == 2_000_000 + VOICES
    path.hear(3_000_000, 900_000, seconds=HELD_NS / SECOND + 0.2)
    assert path.bandwidth.held(path.now_ns) == 3_000_000 + VOICES


def test_what_failed_is_left_alone_for_longer_each_time_and_what_worked_is_kept(path: Path) -> None:
    pauses = []
    for _ in range(6):
        path.plan(120_000)
        waited = path.now_ns
        while not path.may_try:
            path.hear(150_000, 120_000)
        pauses.append((path.now_ns - waited) / SECOND)
        path.plan(600_000, has_risen=True)
        assert not path.may_try
        path.hear(160_000, 600_000, seconds=1)
        path.hear(100_000, 600_000)
        assert path.bandwidth.budget >= 120_000 + VOICES
        assert path.bandwidth.held(path.now_ns) < 600_000
    assert pauses == sorted(pauses)
    assert pauses[0] == pytest.approx(RETRIES_AFTER_NS / SECOND, abs=0.5)
    assert pauses[-1] == pytest.approx(RETRIES_LATEST_NS / SECOND, abs=0.5)


def test_what_worked_is_built_upon_without_a_pause(path: Path) -> None:
    path.plan(120_000)
    remb = path.grow(150_000, 120_000, seconds=6)
    assert path.may_try
    path.plan(240_000, has_risen=True)
    path.grow(remb, 240_000, seconds=3.2)
    assert path.may_try
    assert path.bandwidth.budget >= 240_000 + VOICES


def test_lasting_loss_cuts_by_half_of_it_and_little_loss_raises_where_there_is_no_estimate(
    path: Path,
) -> None:
    path.plan(800_000)
    path.hear(None, 800_000, loss=0.2, seconds=1)
    assert path.bandwidth.budget == START
    path.hear(None, 800_000, loss=0.2, seconds=1)
    assert path.bandwidth.budget == pytest.approx((800_000 + VOICES) * 0.9, rel=0.01)
    before = path.bandwidth.budget
    path.hear(None, 750_000, seconds=1)
    assert path.bandwidth.budget == pytest.approx(before * 1.05, rel=0.01)
    path.hear(None, 750_000, loss=0.05, seconds=5)
    assert path.bandwidth.budget == pytest.approx(before * 1.05, rel=0.01)
    assert not path.may_try


def test_a_budget_never_falls_below_a_voice_and_old_knowledge_is_forgotten(path: Path) -> None:
    path.plan(0)
    path.hear(None, 0, loss=1, seconds=20)
    assert path.bandwidth.budget == LOWEST
    wide = Path()
    wide.hear(5_000_000, 900_000)
    wide.hear(500_000, 50_000, seconds=29)
    assert wide.bandwidth.budget == 5_000_000 + VOICES
    wide.hear(500_000, 50_000, seconds=2)
    assert wide.bandwidth.budget == START


def test_words_are_said_with_patience_but_sound_only_at_once() -> None:
    quality = Quality()
    assert not quality.received("reduced", 0)
    assert not quality.received("good", 1 * SECOND)
    assert not quality.received("reduced", 2 * SECOND)
    assert quality.received("reduced", 5 * SECOND)
    assert quality.received("sound_only", 6 * SECOND)
    assert not quality.received("reduced", 7 * SECOND)
    assert not quality.received("sound_only", 8 * SECOND)
    assert quality.downlink == "sound_only"


def test_an_uplink_is_weak_when_loss_stays_high_and_good_when_it_stays_low() -> None:
    quality = Quality()
    assert [quality.sent(0.1, second * SECOND) for second in range(4)] == [False, False, False, True]
    assert not any(quality.sent(0.05, second * SECOND) for second in range(4, 20))
    assert quality.uplink == "weak"
    assert [quality.sent(0.01, second * SECOND) for second in range(20, 26)] == [False] * 5 + [True]
