"""The relay with a window in it: on SIGUSR2 it writes what it holds into the file that CENSUS_FILE names.

`python -m tests.load.observed` takes the relay's own arguments. Nothing of the relay is changed: the handler
finds its objects through the garbage collector.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import signal
import sys
import threading
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from realtime.relay.__main__ import main
from realtime.relay.facts.journal import Journals
from realtime.relay.relay import Relay
from realtime.relay.transport.udp_mux import UdpMux

VARIABLE = "CENSUS_FILE"
WITHIN_SECONDS = 30
# `struct mallinfo2` of glibc, in its order.
_MALLINFO = (
    "arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Census:
    """Count what one process holds at one moment; `native` are bytes that C libraries have allocated."""

    kinds: dict[str, int] = field(default_factory=dict)
    indexes: dict[str, int] = field(default_factory=dict)
    blocks: int = 0
    native: int = 0
    threads: int = 0


def take_census() -> Census:
    """Count objects by type, and what every index of the relay holds."""
    gc.unfreeze()
    gc.collect()
    everything = gc.get_objects()
    kinds = Counter(f"{type(each).__module__}.{type(each).__qualname__}" for each in everything)
    indexes: dict[str, int] = {}
    for each in everything:
        if isinstance(each, Relay):
            indexes |= {
                "rooms": len(each.rooms),
                "connections": len(each.connections),
                "locks": len(each._locks._lists),
            }
        elif isinstance(each, UdpMux):
            indexes["user fragments"], indexes["addresses"] = each.size()
        elif isinstance(each, Journals):
            indexes["journals"] = len(each._files)
            indexes["seats in the journal"] = len(each._last_at)
            indexes["facts waiting"] = each.current.waiting
    return Census(
        kinds=dict(kinds),
        indexes=indexes,
        blocks=sys.getallocatedblocks(),
        native=_native_bytes(),
        threads=threading.active_count(),
    )


def _native_bytes() -> int:
    """Ask glibc how much its users hold: OpenSSL, libsrtp and Python's larger blocks."""

    class Info(ctypes.Structure):
        _fields_ = [(name, ctypes.c_size_t) for name in _MALLINFO]

    try:
        mallinfo = ctypes.CDLL(None).mallinfo2
    except AttributeError:
        return 0  # another C library
    mallinfo.restype = Info
    info = mallinfo()
    return int(info.uordblks + info.hblkhd)


def ask_census(pid: int, file: Path) -> Census:
    """Have the process write its census, and read it."""
    file.unlink(missing_ok=True)
    os.kill(pid, signal.SIGUSR2)
    deadline = time.monotonic() + WITHIN_SECONDS
    while not file.exists():
        assert time.monotonic() < deadline, "the relay has written no census"
        time.sleep(0.02)
    return Census(**json.loads(file.read_text()))


def _write(number: int, frame: FrameType | None) -> None:
    file = Path(os.environ[VARIABLE])
    census: dict[str, Any] = asdict(take_census())  # JSON
    half = file.with_suffix(".half")
    half.write_text(json.dumps(census))
    half.rename(file)


if __name__ == "__main__":
    signal.signal(signal.SIGUSR2, _write)
    sys.exit(main())
