"""How a test of the rooms ends: nothing of it is at work any more when the tables are emptied."""

from __future__ import annotations

import asyncio

from asgiref.sync import SyncToAsync

from realtime import runtime as process
from realtime.runtime import Runtime
from tests.realtime.tabs import let_go_all


async def end(runtime: Runtime) -> None:
    """Let go of the tabs, stop the runtime, and wait for what is cancelled but still at the database."""
    await let_go_all()
    await runtime.stop()
    process.install(None)
    await asyncio.wrap_future(SyncToAsync.single_thread_executor.submit(lambda: None))
