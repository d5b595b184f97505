"""Which data plane the relays of a test forward with: Python's, or the compiled one without a socket.

Without a socket C leaves its datagrams to Python to send, so the network in memory carries those of either.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from realtime.relay.compiled import library
from realtime.relay.compiled.plane import CompiledPlane
from realtime.relay.counters import Counters
from realtime.relay.plane import DataPlane
from realtime.relay.python_plane import PythonPlane
from realtime.relay.transport.peer import Send

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


def make(*, counters: Counters, send: Send, name: str | None = None) -> DataPlane:
    """Make the plane that was chosen; a library that was not built is a failure, and the failure says so."""
    chosen = name or _chosen[-1]
    if chosen == "python":
        return PythonPlane(counters=counters, send=send)
    if chosen == "alone":
        return DataPlane()
    path = chosen if isinstance(chosen, Path) else None
    return CompiledPlane(library.load(path), counters=counters, send=send)
