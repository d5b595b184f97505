"""A room with its people, and this process's runtime on a relay in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from pytest_django import Settings

from realtime import runtime as process
from realtime.presence import MemoryPresence
from realtime.runtime import Runtime
from telehealth.core import clock
from tests import cast as casting
from tests.cast import Cast
from tests.realtime.fake_relay import FakeRelay


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    """Give everybody around a session that begins in ten minutes."""
    return casting.build(at=clock.now(), patients=2)


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
    await made.stop()
    process.install(None)
