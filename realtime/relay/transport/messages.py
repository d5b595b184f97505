"""Many datagrams in one system call, and those for one place as one message that the kernel cuts up.

Python names neither of the two: `sendmmsg` and UDP_SEGMENT are Linux' own. Elsewhere `load` returns None.
"""

import errno
import os
import socket
import struct
import sys
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from cffi import FFI

# Datagrams in one system call.
SLOTS = 64
SLOT_BYTES = 1504
UDP_SEGMENT = 103
# A control message with a number of 16 bits, which begins at the eighth of its twelve words.
_CONTROL = struct.Struct("=QiiH6x")
_CONTROL_LENGTH, _NUMBER_AT = 18, 8

_DECLARATIONS = """
struct part { void *place; size_t size; };
struct header { const void *name; uint32_t name_size; struct part *parts; size_t count;
                void *control; size_t control_size; int flags; };
struct message { struct header header; unsigned int sent; };
int sendmmsg(int socket, struct message *messages, unsigned int count, int flags);
"""


@dataclass(frozen=True, slots=True)
class Kernel:
    """The system's own function, and what makes memory for it."""

    ffi: FFI
    lib: Any  # cffi makes it at run time, from the declarations


@cache
def load() -> Kernel | None:
    """Return what sends messages, or None where there is no such thing."""
    if sys.platform != "linux":
        return None
    ffi = FFI()
    ffi.cdef(_DECLARATIONS)
    return Kernel(ffi, ffi.dlopen(None))


def can_segment(descriptor: int) -> bool:
    """Say whether the kernel cuts messages up for this socket, as Linux does since 4.18."""
    if sys.platform != "linux":
        return False
    try:
        with socket.socket(fileno=os.dup(descriptor)) as same:
            same.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, 0)  # 0: by no size that it is not told
    except OSError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Headers:
    """Messages to some places, of so many datagrams each; `kept` is what the array leads to."""

    array: Any  # of C
    packets: int
    kept: list[Any]


class Messages:
    """Send what lies in `places`: datagram `d` of message `m` is in place `m * packets + d`."""

    def __init__(self, kernel: Kernel, descriptor: int, places: Sequence[Any]) -> None:
        self._kernel = kernel
        self._descriptor = descriptor
        ffi = kernel.ffi
        self._parts = ffi.new("struct part[]", [{"place": place, "size": 0} for place in places])
        self._controls = ffi.new("uint8_t[]", len(places) * _CONTROL.size)
        controls = ffi.buffer(self._controls)
        controls[:] = _CONTROL.pack(_CONTROL_LENGTH, socket.IPPROTO_UDP, UDP_SEGMENT, 0) * len(places)
        # Sizes are written for all at once: they lie among other things, each as far from the last.
        self._sizes = memoryview(ffi.buffer(self._parts)).cast("Q")[1::2]
        self._segments = memoryview(controls).cast("H")[_NUMBER_AT :: _CONTROL.size // 2]

    def headers(self, names: Sequence[bytes], packets: int) -> Headers:
        """Prepare messages of so many datagrams, each to one socket address."""
        ffi = self._kernel.ffi
        made = ffi.new("struct message[]", len(names))
        kept: list[Any] = []
        for number, name in enumerate(names):
            kept.append(ffi.new("uint8_t[]", name))
            made[number].header = {
                "name": kept[-1],
                "name_size": len(name),
                "parts": self._parts + number * packets,
                "count": packets,
                "control": self._controls + number * _CONTROL.size if packets > 1 else ffi.NULL,
                "control_size": _CONTROL.size if packets > 1 else 0,
            }
        return Headers(made, packets, kept)

    def send(self, headers: Headers, sizes: Sequence[int]) -> list[tuple[int, int]]:
        """Send messages of datagrams of these sizes; return which were not sent, and the error of each."""
        count, packets = len(sizes) // headers.packets, headers.packets
        self._sizes[: len(sizes)] = array("Q", sizes)
        if packets > 1:
            self._segments[:count] = array("H", sizes[::packets])
        ffi, sendmmsg = self._kernel.ffi, self._kernel.lib.sendmmsg
        failed: list[tuple[int, int]] = []
        done = 0
        while done < count:
            sent = sendmmsg(self._descriptor, headers.array + done, count - done, socket.MSG_DONTWAIT)
            if sent > 0:
                done += sent
            elif ffi.errno != errno.EINTR:
                failed.append((done, ffi.errno))
                done += 1
        return failed
