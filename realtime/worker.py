"""Run the background work of the rooms: the ingester and the sweeper, in this process's event loop."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from django.conf import settings

from realtime.ingest import Ingester, LiveMedia
from realtime.runtime import Runtime, get_runtime
from realtime.sweeper import Sweeper
from telehealth.core import clock


def start_worker(runtime: Runtime) -> None:
    """Start the work once; it ends with the runtime."""
    if runtime.ingester is not None:
        return
    live: LiveMedia = {}
    sweeper = Sweeper(presence=runtime.presence, desk=runtime.desk, live=live, now=clock.now)
    ingester = Ingester(
        relay=runtime.relay, presence=runtime.presence, now=clock.now, settles=sweeper.wake, live=live
    )
    runtime.ingester = ingester
    runtime.own("ingester", ingester.run)
    runtime.own("sweeper", sweeper.run)


def start_embedded() -> Runtime:
    """Start the link to the relay, and the worker where the settings embed it. Call it on the event loop."""
    runtime = get_runtime()
    if settings.EMBEDDED_WORKER:
        start_worker(runtime)
    return runtime


# Any: ASGI's own shapes.
Asgi = Callable[[Any, Any, Any], Awaitable[None]]


def with_runtime(application: Asgi) -> Asgi:
    """Start the process's runtime with its first request: daphne tells an application nothing sooner."""

    async def started(scope: Any, receive: Any, send: Any) -> None:
        start_embedded()
        await application(scope, receive, send)

    return started
