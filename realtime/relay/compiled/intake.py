"""What C takes in by itself: the next packet of each stream that simply goes on; all else is Python's."""

import errno
import itertools
import struct
from collections.abc import Sequence
from typing import Any

from realtime.relay.compiled.flow import CompiledFlow, CompiledInlet
from realtime.relay.compiled.library import Library, address_of
from realtime.relay.counters import Counters
from realtime.relay.packets import rtp
from realtime.relay.transport.address import read_socket_address, socket_address
from realtime.relay.transport.gate import Rate
from realtime.relay.transport.ice_lite import Address
from realtime.relay.transport.inlet import Datagram, Packet
from realtime.relay.transport.srtp import unprotect_address
from realtime.relay.uplink.encoding import VIDEO_EXTENSION, VOICE_EXTENSION

# `struct path`, and `struct taken`.
_PATH = struct.Struct("=28siQ")
_ROW = struct.Struct("=qqdI14i4x")
# What became of one call, from `left_count` on.
_COUNTS = struct.Struct("=6i3q")


class Intake:
    """Hold C's memory for datagrams, and the table of whose address is whose."""

    def __init__(
        self, library: Library, *, counters: Counters, batch: object, unprotect: int | None = None
    ) -> None:
        self.library = library
        self.flows: dict[int, CompiledFlow] = {}
        self.number = itertools.count(1).__next__
        self._counters = counters
        ffi = library.ffi
        self.memory = ffi.new("struct intake *")
        function = unprotect_address() if unprotect is None else unprotect
        self.memory.unprotect = ffi.cast("int (*)(void *, void *, int *)", function)
        self.memory.batch = batch
        self.memory.voice = VOICE_EXTENSION + bytes(3)
        # Named once: to name a part of a struct is dear.
        self._picture = memoryview(ffi.buffer(self.memory.picture))
        counts = ffi.addressof(self.memory, "left_count")
        self._counts = memoryview(ffi.buffer(counts, _COUNTS.size))
        self._rows = memoryview(ffi.buffer(self.memory.taken))
        self._data = [memoryview(ffi.buffer(each.data)) for each in self.memory.datagrams]
        self._names = [memoryview(ffi.buffer(each.address)) for each in self.memory.datagrams]
        self._held = 0
        # By a socket address: whose it is, and how much may come from there. C has it as a sorted table.
        self._paths: dict[bytes, tuple[CompiledInlet, Rate]] = {}
        self._rates: list[Rate] = []
        # Who has used up what may come in a second.
        self._spent: dict[CompiledInlet, Rate] = {}
        self._table: Any = None
        self._tabulate()

    def add(self, address: Address, inlet: CompiledInlet, rate: Rate) -> None:
        """Take in what comes from there for this inlet."""
        self._paths[socket_address(address)] = inlet, rate
        self._tabulate()

    def remove(self, address: Address, inlet: CompiledInlet) -> None:
        """Take nothing in from there for this inlet; idempotent."""
        name = socket_address(address)
        if name in self._paths and self._paths[name][0] is inlet:
            del self._paths[name]
            self._tabulate()

    def read(self, descriptor: int, first: Sequence[Datagram]) -> int:
        """Hold these and what waits in a socket; return how many it is in all."""
        self.hold(first)
        ffi = self.library.ffi
        ffi.errno = 0  # that of the last call stays where this one has none
        self._held = held = self.library.lib.read_in(self.memory, descriptor, self._held)
        if ffi.errno not in (0, errno.EAGAIN, errno.EWOULDBLOCK):
            self._counters.drop("receive_failed")
        return int(held)

    def hold(self, datagrams: Sequence[Datagram]) -> None:
        """Hold these, of which there are no more than a wake-up brings."""
        self._held = len(datagrams)
        for number, (data, address) in enumerate(datagrams):
            name, size = socket_address(address), min(len(data), len(self._data[number]))
            self._names[number][:] = name.ljust(len(self._names[number]), b"\0")
            self._data[number][:size] = data[:size]
            self.memory.bytes[number] = size

    def take(self, now_ns: int) -> list[Datagram]:
        """Take in what is held; return what is left for the gate."""
        memory, counters, held = self.memory, self._counters, self._held
        self._held = 0
        if self._spent:
            self._renew(now_ns)
        self._picture[:] = VIDEO_EXTENSION + rtp.abs_send_time(now_ns)
        self.library.lib.take_in(memory, held, now_ns)
        left, taken, refused = self._count()
        sent: dict[int, list[Packet]] = {}
        for row in _ROW.iter_unpack(self._rows[: taken * _ROW.size]):
            try:
                self._note(row, sent, now_ns)
            except Exception:  # noqa: BLE001 - the fence: `fault` logs it, and the next datagram is another's
                counters.fault("datagram_fault")
        no_room = self._no_room() if refused else {}
        for number, packets in sent.items():
            try:
                self.flows[number].incoming.sent(packets, no_room.get(number, ()))
            except Exception:  # noqa: BLE001 - the fence: `fault` logs it, and the next flow is another's
                counters.fault("forward_fault")
        return self._left() if left else []

    def _count(self) -> tuple[int, int, int]:
        """Count what became of the call; return how many were left, taken, and had no room."""
        counters = self._counters
        left, taken, forged, refused, failed, unprotectable, taken_bytes, sent, sent_bytes = (
            _COUNTS.unpack_from(self._counts)
        )
        counters.packets_in += taken + forged
        counters.bytes_in += taken_bytes
        counters.packets_out += sent
        counters.bytes_out += sent_bytes
        if forged:
            counters.dropped["srtp_or_rtp_invalid"] += forged
        if refused or failed or unprotectable:
            counters.unsent(unprotectable=unprotectable, failed=failed, no_room=refused)
        return left, taken, refused

    def _note(self, row: tuple[Any, ...], sent: dict[int, list[Packet]], now_ns: int) -> None:
        """Take note of one packet; what has been sent on is kept in `sent`, by its flow."""
        head, (datagram, body_at, body_bytes, octets, level, number, path, is_sent, _) = row[3], row[9:]
        flow, rate = self.flows[number], self._rates[path]
        if not rate.passes(now_ns):
            flow.inlet.publisher.is_spent = True
            self._spent[flow.inlet] = rate
        body = bytes(self._data[datagram][body_at : body_at + body_bytes])
        incoming = flow.incoming
        if not head:
            incoming.decrypted(body, now_ns)
            return
        packet = incoming.went_on(row[:9], body, octets, level, now_ns)
        if not is_sent:
            incoming.forward(packet)
        elif number in sent:
            sent[number].append(packet)
        else:
            sent[number] = [packet]

    def _no_room(self) -> dict[int, list[tuple[int, int]]]:
        """Say by flow which lane had no room for which of its packets."""
        memory = self.memory
        of_flow: dict[int, list[int]] = {}
        for number in range(memory.taken_count):
            if memory.taken[number].is_sent:
                of_flow.setdefault(memory.taken[number].flow, []).append(number)
        found: dict[int, list[tuple[int, int]]] = {}
        for number in range(memory.refused):
            each = memory.no_room[number]
            flow = memory.taken[each.taken].flow
            found.setdefault(flow, []).append((each.lane, of_flow[flow].index(each.taken)))
        return found

    def _left(self) -> list[Datagram]:
        memory = self.memory
        left: list[Datagram] = []
        for number in self.library.ffi.unpack(memory.left, memory.left_count):
            data = bytes(self._data[number][: memory.bytes[number]])
            left.append((data, read_socket_address(bytes(self._names[number]))))
        return left

    def _renew(self, now_ns: int) -> None:
        """Let those come again whose rate counts anew."""
        for inlet in [inlet for inlet, rate in self._spent.items() if rate.is_new(now_ns)]:
            inlet.publisher.is_spent = False
            del self._spent[inlet]

    def _tabulate(self) -> None:
        ffi = self.library.ffi
        rows = sorted(self._paths.items(), key=lambda each: each[0].ljust(28, b"\0"))
        self._rates = [rate for _, (_, rate) in rows]
        written = b"".join(
            _PATH.pack(name, number, address_of(ffi, inlet.publisher))
            for number, (name, (inlet, _)) in enumerate(rows)
        )
        table = ffi.new("struct path[]", max(len(rows), 1))
        ffi.memmove(table, written, len(written))
        self.memory.paths, self.memory.path_count = table, len(rows)
        self._table = table
