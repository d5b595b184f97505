"""When the kernel took a datagram in: the time it then waits for us belongs to the delay we add."""

import socket
import struct
import sys
import time

from realtime.relay.clock import SECOND

# Linux's number, which Python does not name; other systems get the time at which the datagram was read.
_SO_TIMESTAMPNS = 35
_TIMESPEC = struct.Struct("@qq")
_LONGEST_NS = 10 * SECOND

Stamped = tuple[bytes, tuple[str, int], int]


def enable(made: socket.socket) -> None:
    """Ask for stamps, where they are to be had."""
    if sys.platform == "linux":
        made.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)


def receive(made: socket.socket, size: int) -> Stamped:
    """Read one datagram with its source and its stamp, in wall-clock nanoseconds."""
    data, ancillary, _, address = made.recvmsg(size, socket.CMSG_SPACE(_TIMESPEC.size))
    for level, kind, value in ancillary:
        if level == socket.SOL_SOCKET and kind == _SO_TIMESTAMPNS and len(value) >= _TIMESPEC.size:
            seconds, rest = _TIMESPEC.unpack_from(value)
            return data, address, int(seconds) * SECOND + int(rest)
    return data, address, time.time_ns()


def seconds_since(stamp_ns: int) -> float | None:
    """Return the time since a stamp; None when the wall clock was set meanwhile."""
    passed = time.time_ns() - stamp_ns
    return passed / SECOND if 0 <= passed < _LONGEST_NS else None
