"""The least a forwarded packet can cost on this machine: to encrypt it and to hand it to the kernel.

The mix is that of a group of twelve: one session and one address for each of eleven receivers, sizes as in
the footage. Nothing is received, rewritten, counted or decided here. Once as plain Python does it (a copy in
and out, a system call for each packet), once with as little as possible around it: encrypted where it lies,
eleven packets a system call. What the calls from Python cost, some tenths of a microsecond, is in it.
"""

import itertools
import os
import socket
import struct
import time
from collections.abc import Sequence
from dataclasses import dataclass

from aiortc.rtcdtlstransport import SRTP_PROFILES

from realtime.relay.transport.srtp import Srtp, protect_address
from tests.load.calls.batch import Batch, ffi, libc
from tests.load.calls.media import Footage

RECEIVERS = 11
_PUBLISHERS = 12
_SLOT = 2048
_HEADER = struct.Struct("!BBHII")
_SOCKET_BUFFER_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Floor:
    """Microseconds of CPU a packet, and how many were sent."""

    python_us: float
    tight_us: float
    tight_protect_us: float
    tight_send_us: float
    packets: int


def measure(footage: Footage, address: str, packets: int) -> Floor:
    """Send so many packets each way to sockets that are emptied between the timed parts."""
    bench = _Bench(footage, address)
    try:
        rounds = packets // RECEIVERS
        python = sum(bench.python() for _ in range(rounds))
        tight = [bench.tight() for _ in range(rounds)]
    finally:
        bench.close()
    sent = rounds * RECEIVERS
    protect, send = (1e6 * sum(each[part] for each in tight) / sent for part in (0, 1))
    return Floor(1e6 * python / sent, protect + send, protect, send, sent)


class _Bench:
    """Hold sessions, sockets and memory."""

    def __init__(self, footage: Footage, address: str) -> None:
        self._sessions = [_session() for _ in range(RECEIVERS)]
        self._targets = [_udp(address) for _ in range(RECEIVERS)]
        self._addresses = [each.getsockname() for each in self._targets]
        self._sender = _udp(address)
        self._batch = Batch()
        self._packets = _packets(footage)
        self._protect = ffi.cast("int (*)(void *, void *, int *)", protect_address())
        self._lengths = ffi.new("int[]", RECEIVERS)
        self._arena = ffi.new("unsigned char[]", RECEIVERS * _SLOT)
        self._places = [self._arena + index * _SLOT for index in range(RECEIVERS)]
        self._counts = [self._lengths + index for index in range(RECEIVERS)]
        self._names = [ffi.from_buffer(_name(each)) for each in self._addresses]
        self._vectors = ffi.new("struct iovec[]", RECEIVERS)
        self._messages = ffi.new("struct mmsghdr[]", RECEIVERS)
        for index, name in enumerate(self._names):
            self._vectors[index].iov_base = self._places[index]
            header = self._messages[index].msg_hdr
            header.msg_name, header.msg_namelen = name, len(name)
            header.msg_iov, header.msg_iovlen = self._vectors + index, 1

    def python(self) -> float:
        """Send one packet to everybody as plain Python; return the CPU time of it."""
        packet = next(self._packets)
        sendto = self._sender.sendto
        started = time.thread_time()
        for session, address in zip(self._sessions, self._addresses, strict=True):
            sendto(session.protect_rtp(packet), address)
        took = time.thread_time() - started
        self._drain()
        return took

    def tight(self) -> tuple[float, float]:
        """Send one packet to everybody with one system call; return CPU times of encrypting and sending."""
        packet = next(self._packets)
        size, protect = len(packet), self._protect
        ssrc = int.from_bytes(packet[8:12], "big")
        senders = [ffi.cast("void *", each.sender(ssrc)) for each in self._sessions]
        jobs = list(zip(senders, self._places, self._counts, strict=True))
        for index, place in enumerate(self._places):
            ffi.memmove(place, packet, size)
            self._lengths[index] = size
        started = time.thread_time()
        for sender, place, count in jobs:
            protect(sender, place, count)
        protected = time.thread_time()
        for index in range(RECEIVERS):
            self._vectors[index].iov_len = self._lengths[index]
        prepared = time.thread_time()
        if libc.sendmmsg(self._sender.fileno(), self._messages, RECEIVERS, 0) != RECEIVERS:
            raise OSError(ffi.errno, os.strerror(ffi.errno))
        sent = time.thread_time()
        self._drain()
        return protected - started, sent - prepared

    def close(self) -> None:
        """Close all sockets."""
        for each in (self._sender, *self._targets):
            each.close()

    def _drain(self) -> None:
        for each in self._targets:
            self._batch.read(each.fileno())


def _packets(footage: Footage) -> itertools.chain[bytes]:
    """Return packets of twelve publishers without end: two voice packets for each frame."""
    return itertools.chain.from_iterable(_second(footage, number) for number in itertools.count())


def _second(footage: Footage, number: int) -> Sequence[bytes]:
    """Return one frame and two voice packets of everybody."""
    frame = footage.frames[1 + number % (len(footage.frames) - 1)]
    voice = footage.voices[number % len(footage.voices)]
    made = []
    for publisher in range(_PUBLISHERS):
        ssrc = 0x1000 + 2 * publisher
        for part, payload in enumerate(frame):
            sequence = (number * 32 + part) & 0xFFFF
            made.append(_HEADER.pack(0x80, 96, sequence, number * 3600 & 0xFFFFFFFF, ssrc) + payload)
        for part in range(2):
            sequence = (number * 2 + part) & 0xFFFF
            made.append(_HEADER.pack(0x80, 111, sequence, number * 960 & 0xFFFFFFFF, ssrc + 1) + voice)
    return made


def _session() -> Srtp:
    profile = SRTP_PROFILES[0]
    size = profile.key_length + profile.salt_length
    return Srtp(profile=profile, receive_key=os.urandom(size), send_key=os.urandom(size))


def _udp(address: str) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SOCKET_BUFFER_BYTES)
    made.bind((address, 0))
    return made


def _name(address: tuple[str, int]) -> bytes:
    """Return an IPv4 address as the kernel takes it."""
    host, port = address
    return struct.pack("=H", socket.AF_INET) + struct.pack("!H4s8x", port, socket.inet_aton(host))
