"""Publishers as C has them, and all that is theirs: in any state, and with numbers of any size."""

import random
import socket
import struct
from typing import Any

from aiortc.rtcdtlstransport import SRTP_PROFILES

from realtime.relay.compiled.library import Library, address_of
from realtime.relay.transport.address import socket_address
from realtime.relay.transport.srtp import Srtp, protect_address, unprotect_address
from tests.fuzz.arrivals import Sender
from tests.fuzz.lanes import disturb
from tests.fuzz.model import FLOW, payload_at

PUBLISHERS, FLOWS = 4, 8
_LANES = 64
_ENDS = (0, 0, 1, -1, 70_000, 2**31, 2**32, 2**63 - 1, -(2**63))
_SHIFTS = (0, 0, 1, -1, 127, 255, 0x7FFF, 2**31 - 1, -(2**31))
_RATES = (48_000, 48_000, 90_000, 90_000, 0, 1, 2**32 - 1)
_LANE_COUNTS = (0, 1, 1, 2, 3, 3, 7, 8, 9, -1, -(2**31))
_PATH = struct.Struct("=28siQ")


class Publishers:
    """Hold C's memory, and turn in it what Python turns, and what it never would.

    What C may rely on stays as it should be: pointers, the sorted table, no more lanes than there are.
    """

    def __init__(self, library: Library, rng: random.Random) -> None:
        self.rng = rng
        self._ffi = ffi = library.ffi
        self.memory = ffi.new("struct intake *")
        self.batch = self.memory.batch = ffi.new("struct batch *")
        self.memory.voice = b"\xbe\xde\x00\x01\x10VOI"
        self.memory.picture = b"\xbe\xde\x00\x01\x22PIC"
        self.extensions = bytes(self.memory.voice), bytes(self.memory.picture)
        self._call = "int (*)(void *, void *, int *)"
        # Instead of libsrtp: one keeps what it was to encrypt, for lanes whose session is their own number;
        # the other finds everything authentic, and leaves hardly anything of it.
        self._record = ffi.callback("int(void *, void *, int *)", self._keep)
        self._shorten = ffi.callback("int(void *, void *, int *)", self._cut)
        self.made: list[tuple[int, bytes]] = []
        self.cut: dict[bytes, bytes] = {}
        self.publishers = ffi.new("struct publisher[]", PUBLISHERS)
        self.flows = [
            (publisher, flow, memoryview(ffi.buffer(ffi.addressof(flow))))
            for publisher in range(PUBLISHERS)
            for flow in self.publishers[publisher].flow
        ]
        assert ffi.sizeof("struct flow") == FLOW.size
        self.senders: list[Sender] = []
        self._open_sockets()
        self.owners: dict[bytes, tuple[int, int]] = {}
        self.strangers = [socket_address(("203.0.113.9", 9)).ljust(32, b"\0"), bytes(32), b"\xff" * 32]
        self._table = self._tabulate()
        self._keys = [
            Srtp(profile=SRTP_PROFILES[number % 3], receive_key=bytes(64), send_key=bytes(64))
            for number in range(3)
        ]
        self.lanes = ffi.new("struct lane[]", _LANES)
        self.renew()

    def close(self) -> None:
        """Let go of the sockets."""
        for each in (self.inlet, *self.wires, *self._outlets, *self._sinks):
            each.close()

    def _open_sockets(self) -> None:
        self.inlet = _bound()
        self.wires = [_bound() for _ in range(PUBLISHERS + 1)]
        self._sinks = [_bound(), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)]
        self._sinks[1].bind("")
        # Out to where anything goes, to where all is full, and to nobody.
        self._outlets = [_bound(), *(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) for _ in range(2))]
        full = self._sinks[1].getsockname()
        self._outlets[1].setblocking(False)
        try:
            while True:
                self._outlets[1].sendto(b"", full)
        except BlockingIOError:
            pass
        self._ways = [
            name_of(self._sinks[0]),
            struct.pack("=H", socket.AF_UNIX) + full,
            b"\1\0",
            b"\xff" * 28,
        ]

    def _tabulate(self) -> Any:  # memory of C
        """Write the table of addresses as Python does; several are one publisher's, one is nobody's."""
        names = [name_of(each) for each in self.wires]
        names += [socket_address((f"203.0.113.{number}", 5000)) for number in range(6)]
        names += [socket_address((f"2001:db8::{number}", 5000)) for number in (1, 2, 3)]
        # Two that differ in their last byte only.
        names += [names[-1][:27] + bytes([each]) for each in (1, 2)]
        self.unknown = names.pop(PUBLISHERS).ljust(32, b"\0")
        padded = sorted(name.ljust(28, b"\0") for name in names)
        order = {name.ljust(28, b"\0"): number % PUBLISHERS for number, name in enumerate(names)}
        self.owners = {name.ljust(32, b"\0"): (row, order[name]) for row, name in enumerate(padded)}
        pointers = [address_of(self._ffi, self.publishers + number) for number in range(PUBLISHERS)]
        written = b"".join(_PATH.pack(name, row, pointers[order[name]]) for row, name in enumerate(padded))
        table = self._ffi.new("struct path[]", len(padded))
        self._ffi.memmove(table, written, len(written))
        self.memory.paths, self.memory.path_count = table, len(padded)
        return table

    def renew(self) -> None:
        """Start again with new keys, which take numbers in that the old ones have left behind."""
        self.senders = [Sender(self.rng, number) for number in range(PUBLISHERS)]
        for number, (publisher, flow, _) in enumerate(self.flows):
            self._start(flow, self.senders[publisher], number)
        for lane in self.lanes:
            disturb(self.rng, self._ffi, lane, self._keys, self._ways)

    def disturb(self) -> None:
        """Turn what Python turns, and what it never would."""
        rng, memory, batch = self.rng, self.memory, self.batch
        if rng.random() < 0.1:
            memory.changes = rng.choice((0, 1, 7, 2**63 - 1, -(2**63)))
        self.is_recorded = rng.random() < 0.2
        outlet = self._outlets[0] if self.is_recorded else rng.choice((None, *self._outlets))
        batch.socket = -1 if outlet is None else outlet.fileno()
        batch.is_segmenting = rng.random() < 0.8
        batch.payload_at = 8 if self.is_recorded else rng.choice((8, 8, 8, 0, -1, 1400))
        batch.protect = self._record if self.is_recorded else self._ffi.cast(self._call, protect_address())
        address = self._ffi.cast(self._call, unprotect_address())
        self.is_cut = rng.random() < 0.1
        self.cut.clear()
        memory.unprotect = self._shorten if self.is_cut else address
        for number, sender in enumerate(self.senders):
            publisher = self.publishers[number]
            is_open = rng.random() < 0.98
            publisher.session = self._ffi.cast("void *", sender.relay.receiver if is_open else 0)
            publisher.is_spent = rng.choice((0,) * 60 + (1, -1))
            publisher.flows = rng.choice((8,) * 60 + (9, 1000, 2**31 - 1, 3, 1, 0, -1, -(2**31)))
        for number, (owner, flow, _) in enumerate(self.flows):
            if (not flow.is_on and rng.random() < 0.7) or rng.random() < 0.01:
                self._start(flow, self.senders[owner], number)
            if self.is_recorded or rng.random() < 0.1:
                self._lead(flow)
        for _ in range(4):
            lane = rng.choice(self.lanes)
            disturb(rng, self._ffi, lane, self._keys, self._ways)
        for number, lane in enumerate(self.lanes):
            session = address_of(self._ffi, lane.session)
            if self.is_recorded and session:
                lane.session = self._ffi.cast("void *", number + 1)
            elif 0 < session <= _LANES:
                disturb(rng, self._ffi, lane, self._keys, self._ways)

    def _start(self, flow: Any, sender: Sender, number: int) -> None:  # a struct of C
        """Let a flow stand right before what its stream sends next, with numbers as large as can be."""
        rng = self.rng
        # Mostly each has one of its own.
        own = number % FLOWS if rng.random() < 0.95 else rng.randrange(FLOWS)
        stream = sender.streams[own % len(sender.streams)]
        flow.is_on, flow.number = rng.choice((1, 1, 1, 5, -1)), 1000 + number
        flow.ssrc, flow.payload = stream.ssrc, stream.payload if rng.random() < 0.97 else 2**32 - 1
        flow.rate = rng.choice(_RATES)
        flow.head = rng.choice((0x8060, 0x806F, 0x8060, 2**32 - 1, 1))
        flow.is_picture = stream.is_picture if rng.random() < 0.97 else not stream.is_picture
        flow.level_id = rng.choice((1, 1, 1, 0, 2, 14, 15, -1, 2**31 - 1))
        flow.picture_shift, flow.index_shift = rng.choice(_SHIFTS), rng.choice(_SHIFTS)
        flow.sequence_shift, flow.timestamp_shift = rng.choice(_ENDS), rng.choice(_ENDS)
        flow.sequence = _ending(rng.choice(_ENDS), stream.sequence - 1, 16)
        flow.timestamp = _ending(rng.choice(_ENDS), stream.timestamp, 32)
        flow.longest_step = rng.choice((900_000,) * 50 + (2**31 - 1, 2**63 - 1, 959, 0, -1, -(2**63)))
        flow.transit, flow.jitter = rng.randrange(2**32), rng.choice((0.0, 0.0, 1e300, -1e9))
        # What C notes in each call; only `round` may not be the next one's.
        flow.round, flow.first, flow.last = 0, rng.choice((0, -1, 2**31 - 1)), rng.choice((0, -1, 2**31 - 1))
        self._lead(flow)

    def _lead(self, flow: Any) -> None:  # a struct of C
        rng = self.rng
        flow.lane_count = rng.choice((64, 63, 22) if rng.random() < 0.05 else _LANE_COUNTS)
        # They end where this memory does, so that a lane too many is seen.
        flow.lanes = self.lanes + (_LANES - max(0, flow.lane_count))
        flow.changes = self.memory.changes
        if rng.random() < 0.1:
            flow.lanes = self._ffi.NULL

    def _keep(self, session: Any, packet: Any, size: Any) -> int:  # pointers of C
        number = address_of(self._ffi, session) - 1
        self.made.append((number, bytes(self._ffi.buffer(packet, size[0]))))
        return 0

    def _cut(self, session: Any, packet: Any, size: Any) -> int:  # pointers of C
        data = bytes(self._ffi.buffer(packet, size[0]))
        left = payload_at(data) + self.rng.choice((-4, 0, 1, 2, 6, 7, 8, 9, 2000))
        # The same one is cut once.
        size[0] = len(self.cut.setdefault(data, data[: max(16, left)]))
        return 0


def _ending(high: int, low: int, bits: int) -> int:
    """Return a number like the one, that ends in the bits of the other."""
    return high >> bits << bits | low & (1 << bits) - 1


def name_of(bound: socket.socket) -> bytes:
    """Return where a socket is, as the kernel wants it."""
    return socket_address(bound.getsockname())


def _bound() -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setblocking(False)
    made.bind(("127.0.0.1", 0))
    return made
