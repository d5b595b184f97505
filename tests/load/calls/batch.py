"""Read many datagrams of a socket with one system call, each with the kernel's stamp of its arrival.

A generator that read them one by one would be full before the relay is. Linux only.
"""

import errno
import os
import socket
import struct

from cffi import FFI

from realtime.relay.clock import SECOND

DATAGRAMS = 64
SLOT = 2048
_CONTROL = 64
_SO_TIMESTAMPNS = 35
_STAMP = struct.Struct("@QiiQQ")
_NAME = struct.Struct("=H2s4s8x")

ffi = FFI()
ffi.cdef(
    """
    struct iovec { void *iov_base; size_t iov_len; };
    struct msghdr { void *msg_name; unsigned int msg_namelen; struct iovec *msg_iov; size_t msg_iovlen;
                    void *msg_control; size_t msg_controllen; int msg_flags; };
    struct mmsghdr { struct msghdr msg_hdr; unsigned int msg_len; };
    int recvmmsg(int, struct mmsghdr *, unsigned int, int, void *);
    int sendmmsg(int, struct mmsghdr *, unsigned int, int);
    """
)
libc = ffi.dlopen(None)


def ask_for_stamps(made: socket.socket) -> None:
    """Let the kernel stamp what arrives at a socket."""
    made.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)


class Batch:
    """Memory for a batch; datagram `i` starts at `i * SLOT` of `data`. One serves all sockets in turn."""

    def __init__(self) -> None:
        self._bytes = ffi.new("unsigned char[]", DATAGRAMS * SLOT)
        self._controls = ffi.new("unsigned char[]", DATAGRAMS * _CONTROL)
        self._names = ffi.new("unsigned char[]", DATAGRAMS * _NAME.size)
        self._vectors = ffi.new("struct iovec[]", DATAGRAMS)
        self._headers = ffi.new("struct mmsghdr[]", DATAGRAMS)
        for index in range(DATAGRAMS):
            self._vectors[index].iov_base = self._bytes + index * SLOT
            self._vectors[index].iov_len = SLOT
            header = self._headers[index].msg_hdr
            header.msg_name, header.msg_namelen = self._names + index * _NAME.size, _NAME.size
            header.msg_iov, header.msg_iovlen = self._vectors + index, 1
            header.msg_control, header.msg_controllen = self._controls + index * _CONTROL, _CONTROL
        # The kernel overwrites the lengths; this is how they were.
        self._pristine = ffi.new("struct mmsghdr[]", DATAGRAMS)
        self._header_size = ffi.sizeof("struct mmsghdr")
        ffi.memmove(self._pristine, self._headers, DATAGRAMS * self._header_size)
        self.data = memoryview(ffi.buffer(self._bytes))
        self._control_data = memoryview(ffi.buffer(self._controls))
        self._name_data = memoryview(ffi.buffer(self._names))
        self._used = 0

    def read(self, descriptor: int) -> int:
        """Take what waits at a socket, and return how many datagrams it was."""
        if self._used:
            ffi.memmove(self._headers, self._pristine, self._used * self._header_size)
        count: int = libc.recvmmsg(descriptor, self._headers, DATAGRAMS, socket.MSG_DONTWAIT, ffi.NULL)
        if count < 0:
            self._used = 0
            # A port that nobody listens on any more is reported once, and is not ours to judge.
            if ffi.errno in (errno.EAGAIN, errno.ECONNREFUSED, errno.EINTR):
                return 0
            raise OSError(ffi.errno, os.strerror(ffi.errno))
        self._used = count
        return count

    def datagram(self, index: int) -> bytes:
        """Return one datagram of the batch."""
        start = index * SLOT
        return bytes(self.data[start : start + self._headers[index].msg_len])

    def source(self, index: int) -> tuple[str, int]:
        """Return where one came from."""
        _, port, host = _NAME.unpack_from(self._name_data, index * _NAME.size)
        return socket.inet_ntoa(host), int.from_bytes(port, "big")

    def stamp_ns(self, index: int) -> int:
        """Return when one arrived, by the wall clock."""
        _, level, kind, seconds, rest = _STAMP.unpack_from(self._control_data, index * _CONTROL)
        if (level, kind) != (socket.SOL_SOCKET, _SO_TIMESTAMPNS):
            raise OSError("the kernel does not stamp datagrams")
        return int(seconds) * SECOND + int(rest)
