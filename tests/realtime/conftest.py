"""A room with its people, and this process's runtime on a relay in memory."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Iterator
from copy import deepcopy

import pytest
from django.db import connection
from pytest_django import Settings

from realtime import runtime as process
from realtime.presence import MemoryPresence
from realtime.runtime import Runtime
from telehealth.core import clock
from tests import cast as casting
from tests.cast import Cast
from tests.realtime.ending import end
from tests.realtime.fake_relay import FakeRelay
from tests.realtime.stage import Room

_kept: list[tuple[Cast, sqlite3.Connection]] = []


@pytest.fixture
def cast(transactional_db: None) -> Iterator[Cast]:
    """Give everybody around a session that begins in ten minutes.

    Built once; on SQLite the next test gets a copy of the database, which takes no time.
    """
    if connection.vendor != "sqlite":
        yield casting.build(at=clock.now(), patients=2)
        return
    connection.ensure_connection()
    if not _kept:
        built, copy = casting.build(at=clock.now(), patients=2), sqlite3.connect(":memory:")
        connection.connection.backup(copy)
        _kept.append((built, copy))
    else:
        _kept[0][1].backup(connection.connection)
    yield deepcopy(_kept[0][0])


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
