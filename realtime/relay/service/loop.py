"""The event loop of the process: uvloop where it can be had, asyncio's own elsewhere; both do the same."""

import asyncio


def new_loop() -> asyncio.AbstractEventLoop:
    """Make a loop; a quiet relay mostly wakes up, which uvloop does for less."""
    try:
        import uvloop
    except ImportError:  # no wheel for this system
        return asyncio.new_event_loop()
    loop: asyncio.AbstractEventLoop = uvloop.new_event_loop()
    return loop
