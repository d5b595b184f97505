"""A room with its people, and this process's runtime on a relay in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from copy import deepcopy

import pytest
from pytest_django import Settings

from realtime import runtime as process
from realtime.presence import MemoryPresence
from realtime.runtime import Runtime
from telehealth.core import clock
from tests import cast as casting
from tests.cast import Cast
from tests.kept_rows import keep
from tests.realtime.ending import end
from tests.realtime.fake_relay import FakeRelay
from tests.realtime.stage import Room

_kept: list[tuple[Cast, Callable[[], None]]] = []


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    """Give everybody around a session that begins in ten minutes: built once, for each test brought back."""
    if _kept:
        _kept[0][1]()
    else:
        _kept.append((casting.build(at=clock.now(), patients=2), keep()))
    return deepcopy(_kept[0][0])


@pytest.fixture
async def relay() -> FakeRelay:
    """Give the relay in memory."""
    return FakeRelay()


@pytest.fixture
async def runtime(relay: FakeRelay, settings: Settings) -> AsyncIterator[Runtime]:
    """Give the runtime that the sockets of a test use; no worker runs unless a test starts one."""
    settings.EMBEDDED_WORKER = False
    made = Runtime(relay=relay, presence=MemoryPresence())
    process.install(made)
    made.start()
    yield made
    await end(made)


@pytest.fixture
async def room(cast: Cast, relay: FakeRelay, runtime: Runtime) -> AsyncIterator[Room]:
    """Give a therapist and a patient on their tabs, who has not been admitted yet."""
    made = Room(cast, relay, runtime)
    await made.open()
    yield made
    await made.therapist.cut()
    await made.patient.cut()
