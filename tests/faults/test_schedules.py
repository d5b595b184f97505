"""Two hundred schedules of people and faults: little lost, none invented, nothing counted twice.

Each is rolled from its number alone, lives in simulated time and breaks the same things at the same steps
whenever it runs. A failure prints the whole story. To look at one, or for new ones by hand:

    python -m pytest tests/faults -k seed-017
    FAULT_SEEDS=200-999 python -m pytest tests/faults/test_schedules.py

`python -m tests.faults.live` does the like to the real processes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from pytest_django import Settings

from tests.cast import STARTS_IN, Cast
from tests.factories import freeze_terms, kept_for_module
from tests.faults.plan import make_plan
from tests.faults.simulated_time import BASE
from tests.faults.verdict import Verdict, judge
from tests.faults.web_host import Loop
from tests.faults.world import TERMS, World

pytestmark = pytest.mark.django_db

FIRST, _, LAST = os.environ.get("FAULT_SEEDS", "0-199").partition("-")
SEEDS = range(int(FIRST), int(LAST or FIRST) + 1)
CALM_SEEDS = range(8)


def named(seed: int) -> str:
    return f"seed-{seed:03}"


@pytest.fixture(scope="module")
def kept(django_db_setup: None, django_db_blocker: Any) -> Iterator[Cast]:  # Any: pytest-django's own
    at = BASE + timedelta(minutes=1) - STARTS_IN
    with kept_for_module(django_db_blocker, at=at, patients=3) as cast:
        freeze_terms(cast.group_session, **TERMS)
        yield cast


@pytest.fixture(scope="module")
def loop() -> Iterator[Loop]:
    with pytest.MonkeyPatch.context() as patch:
        # Channels' own test tools do the same: a test's transaction must not be closed under it.
        patch.setattr("channels.db.close_old_connections", lambda: None)
        made = Loop()
        yield made
        made.close()


@pytest.fixture
def cast(db: None, kept: Cast, settings: Settings) -> Cast:
    settings.CHANNEL_LAYERS = {}
    return kept


def live_through(
    seed: int, cast: Cast, loop: Loop, folder: Path, *, with_faults: bool
) -> tuple[World, Verdict]:
    world = World(make_plan(seed, with_faults=with_faults), cast, folder, loop)
    try:
        world.run()
        return world, judge(world)
    finally:
        world.close()


@pytest.mark.parametrize("seed", SEEDS, ids=named)
def test_faults_lose_little_and_invent_nothing(seed: int, cast: Cast, loop: Loop, tmp_path: Path) -> None:
    world, verdict = live_through(seed, cast, loop, tmp_path, with_faults=True)
    assert not verdict.complaints, verdict.told(world)


@pytest.mark.parametrize("seed", CALM_SEEDS, ids=named)
def test_without_faults_every_second_is_counted(seed: int, cast: Cast, loop: Loop, tmp_path: Path) -> None:
    world, verdict = live_through(seed, cast, loop, tmp_path, with_faults=False)
    assert not verdict.complaints, verdict.told(world)
    assert [each.true for each in verdict.counts] == [each.counted for each in verdict.counts]


def test_one_seed_is_one_story(cast: Cast, loop: Loop, tmp_path: Path) -> None:
    told = []
    for name in ("first", "second"):
        with transaction.atomic():
            world, verdict = live_through(11, cast, loop, tmp_path / name, with_faults=True)
            told.append((verdict.counts, world.relay.count(), world.clocks.ms, world.confirmed))
            transaction.set_rollback(True)
    assert told[0] == told[1]
