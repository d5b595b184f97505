"""Which data plane the relays of a test forward with: Python's, or the compiled one.

Both send on a real socket where there is a wire from it to the network in memory; without one what they have
made goes through `send`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from realtime.relay.compiled import library
from realtime.relay.compiled.plane import CompiledPlane
from realtime.relay.counters import Counters
from realtime.relay.plane import DataPlane
from realtime.relay.python_plane import PythonPlane
from realtime.relay.transport.peer import Send
from tests.relay.loopback import Loopback

NAMES = ("python", "compiled")
_chosen: list[str | Path] = ["python"]


@contextmanager
def forwarding(name: str | Path) -> Iterator[None]:
    """Let every relay that is made meanwhile forward with this plane; a path names another library."""
    _chosen.append(name)
    try:
        yield
    finally:
        _chosen.pop()


def make(
    *, counters: Counters, send: Send, name: str | None = None, wire: Loopback | None = None
) -> DataPlane:
    """Make the plane that was chosen; a library that was not built is a failure, and the failure says so.

    With a wire it sends by itself.
    """
    chosen = name or _chosen[-1]
    way: dict[str, Any] = {} if wire is None else {"descriptor": wire.descriptor, "name": wire.name}
    if chosen == "python":
        return PythonPlane(counters=counters, send=send, **way)
    if chosen == "alone":
        return DataPlane()
    path = chosen if isinstance(chosen, Path) else None
    return CompiledPlane(library.load(path), counters=counters, send=send, **way)
