"""`manage.py worker`: ingest the relay's facts and do what time asks for, in a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from realtime.runtime import get_runtime
from realtime.worker import start_worker
from telehealth.core.start import settle


class Command(BaseCommand):
    """Run the worker until it is told to stop."""

    help = "Run the background work of the live rooms (only beside web processes that share a Redis)."

    def handle(self, *_args: Any, **_options: Any) -> None:  # Any: Django passes every option
        """Refuse what cannot work, then run."""
        if not settings.REDIS_URL:
            raise CommandError(
                "Without REDIS_URL presence lives inside the web process, and so does the worker."
                " Set REDIS_URL, or EMBEDDED_WORKER=1 on the web process."
            )
        if settings.EMBEDDED_WORKER:
            raise CommandError("EMBEDDED_WORKER is set: the web process does this work already.")
        settle()
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(_run())


async def _run() -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, stopped.set)
    runtime = get_runtime()
    start_worker(runtime)
    await stopped.wait()
    await runtime.stop()
