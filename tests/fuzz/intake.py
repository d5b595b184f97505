"""C's `take_in` and `read_in` alone, called as Python never would, next to a model of what they may do."""

import random
import select
import struct
from collections import Counter, deque
from collections.abc import Callable
from typing import Any

from realtime.relay.compiled.library import Library, address_of
from realtime.relay.packets import vp8
from tests.fuzz.arrivals import stray
from tests.fuzz.model import FLOW, KNOWN, Expected, Flow, is_plain_rtp, known, wrapped
from tests.fuzz.publishers import FLOWS, PUBLISHERS, Publishers, name_of

_DATAGRAMS, _ROOM = 64, 2048
_LARGEST_BODY = 1344
# A second may pass between two packets of a flow, and no more.
_PAUSES = (0, 1, 10**9) * 200 + (10**9 + 1, -1, 2**63)
_NOW = (10**9, 10**15, 10**15 + 1, 0, -1, 2**63 - 1, -(2**63))
_COUNTS = (-1, 0, 1, 63, 64, 65, -(2**31), 2**31 - 1)

Row = tuple[int, bytes, Expected, Flow]


class Intake:
    """Hold publishers in any state; what becomes of each datagram must be what the model says, and add up."""

    def __init__(self, library: Library, seed: int) -> None:
        self.rng = random.Random(seed)
        self.told: Counter[str] = Counter()
        self._lib = library.lib
        self._ffi = library.ffi
        self._world = Publishers(library, self.rng)
        self._memory = self._world.memory

    def run(self, cases: int, progress: Callable[[int], None] = lambda done: None) -> None:
        """Call it that often, on what lies there and on what comes from a socket."""
        for case in range(1, cases + 1):
            if case % 250 == 0:
                self._world.renew()
            self._world.disturb()
            self._wire() if self.rng.random() < 0.05 else self._lay()
            progress(case)

    def close(self) -> None:
        """Let go of the sockets."""
        self._world.close()

    def _arrivals(self, count: int) -> list[tuple[int, bytes]]:
        """Make about so many datagrams, and say from whom each comes; the last number is a stranger's."""
        rng, made = self.rng, list[tuple[int, bytes]]()
        is_calm = rng.random() < 0.6
        while len(made) < count:
            number = rng.choice((0, 0, 0, rng.randrange(PUBLISHERS)))
            source = number if is_calm or rng.random() < 0.95 else rng.randrange(PUBLISHERS + 1)
            made += [(source, each) for each in self._world.senders[number].arrivals(is_calm=is_calm)]
            if not is_calm and rng.random() < 0.05:
                made.append((rng.randrange(PUBLISHERS + 1), stray(rng)))
        return made

    def _lay(self) -> None:
        """Lay datagrams as Python does, but for some sizes and counts."""
        rng, memory = self.rng, self._memory
        arrivals = self._arrivals(rng.choice((1, 3, 8, 8, 20, 64)))[:_DATAGRAMS]
        names: list[list[bytes]] = [[] for _ in range(PUBLISHERS)]
        for name, (_, owner) in self._world.owners.items():
            names[owner].append(name)
        strangers = [*self._world.strangers, self._world.unknown]
        for number, (source, data) in enumerate(arrivals):
            name = rng.choice(names[source] if source < PUBLISHERS else strangers)
            self._ffi.memmove(memory.datagrams[number].address, name, 32)
            self._ffi.memmove(memory.datagrams[number].data, data, min(len(data), _ROOM))
            memory.bytes[number] = len(data)
            if rng.random() < 0.02:
                memory.bytes[number] = rng.choice((0, -1, 15, 16, 1500, 1501, 2048, 2**31 - 1, -(2**31)))
        count = len(arrivals) if rng.random() < 0.9 else rng.choice((*_COUNTS, rng.randrange(65)))
        self._take(count)

    def _wire(self) -> None:
        """Let datagrams come from a socket, as many at once as there is room for and more."""
        rng, memory, ffi = self.rng, self._memory, self._ffi
        arrivals = self._arrivals(rng.choice((1, 15, 16, 17, 40)))
        arrivals += [
            (rng.randrange(PUBLISHERS + 1), rng.randbytes(rng.randrange(3001)))
            for _ in range(rng.choice((0, 3, 30)))
        ]
        expected: dict[bytes, deque[bytes]] = {
            name_of(each).ljust(32, b"\0"): deque() for each in self._world.wires
        }
        for source, data in arrivals:
            self._world.wires[source].sendto(data, self._world.inlet.getsockname())
            expected[name_of(self._world.wires[source]).ljust(32, b"\0")].append(data)
        assert self._lib.read_in(memory, -1, 5) == 5
        assert self._lib.read_in(memory, self._world.inlet.fileno(), 65) == 65
        waiting = len(arrivals)
        while waiting:
            # The sanitizer does not see what the kernel writes.
            before = bytes(ffi.buffer(memory.datagrams))
            select.select([self._world.inlet], [], [], 5)
            first = rng.choice((0, 0, -1, -(2**31), 1, 47, 48, 49, 63))
            held, begin = self._lib.read_in(memory, self._world.inlet.fileno(), first), max(0, first)
            assert begin < held <= min(_DATAGRAMS, begin + waiting)
            for number in range(begin, held):
                name = bytes(ffi.buffer(memory.datagrams[number].address))
                data = expected[name].popleft()
                assert memory.bytes[number] == min(len(data), _ROOM)
                assert bytes(ffi.buffer(memory.datagrams[number].data, memory.bytes[number])) == data[:_ROOM]
            stride = len(before) // _DATAGRAMS
            after = bytes(ffi.buffer(memory.datagrams))
            assert after[: begin * stride] == before[: begin * stride]
            # It prepares more places than it fills, but writes nothing into them but zeros for the address.
            for number in range(held, _DATAGRAMS):
                at = number * stride + 32
                assert after[at : at + _ROOM] == before[at : at + _ROOM]
            waiting -= held - begin
            self.told["read"] += held - begin
            self._take(held)

    def _take(self, count: int) -> None:
        """Call it, and compare what it tells with what the model says."""
        memory, rng = self._memory, self.rng
        now_ns = rng.choice(_NOW)
        for _, flow, _ in self._world.flows:
            flow.heard_ns = wrapped(now_ns - rng.choice(_PAUSES))
        sizes, before = list(memory.bytes), bytes(self._ffi.buffer(memory.datagrams))
        flows = [Flow(*FLOW.unpack(view)) for _, _, view in self._world.flows]
        self._world.made.clear()
        self._lib.take_in(memory, count, now_ns)
        after = bytes(self._ffi.buffer(memory.datagrams))
        left = list(memory.left)[: memory.left_count]
        taken = [memory.taken[number] for number in range(memory.taken_count)]
        by_datagram = {row.datagram: (number, row) for number, row in enumerate(taken)}
        held = min(max(count, 0), _DATAGRAMS)
        assert len(left) + len(taken) + memory.forged == held
        assert [row.datagram for row in taken] == sorted(by_datagram), "in the order in which they came"
        expected_left: list[int] = []
        sent: dict[int, list[Row]] = {}
        octets = forged = 0
        stride = len(before) // _DATAGRAMS
        for number in range(held):
            name = before[number * stride : number * stride + 32]
            data = before[number * stride + 32 : (number + 1) * stride][: max(0, sizes[number])]
            path, publisher, flow = self._find(name, data if sizes[number] <= _ROOM else b"", flows)
            if flow is None or not flow.tries(data, now_ns):
                expected_left.append(number)
                assert (
                    before[number * stride : (number + 1) * stride]
                    == (after[number * stride : (number + 1) * stride])
                ), "it is left as it came"
                continue
            octets += len(data)
            sender = self._world.senders[publisher]
            if number not in by_datagram:
                is_good = data in sender.sealed and data not in sender.taken
                self.told["good but refused"] += is_good
                forged += 1
                continue
            if not self._world.is_cut:
                assert data in sender.sealed, "only libsrtp knows the keys"
                assert data not in sender.taken, "nothing is taken in twice"
                sender.taken.add(data)
            plain = self._world.cut[data] if self._world.is_cut else sender.sealed[data]
            expected = flow.go_on(plain, now_ns)
            place, row = by_datagram[number]
            self._check(row, expected, flow, path, len(plain))
            if row.is_sent:
                sent.setdefault(row.flow, []).append((place, bytes(self._body(row)), expected, flow))
        assert left == expected_left
        assert (list(memory.bytes), memory.forged, memory.taken_bytes) == (sizes, forged, octets)
        for flow, (_, _, view) in zip(flows, self._world.flows, strict=True):
            assert FLOW.unpack(view)[:KNOWN] == known(flow)
        self._check_sent(sent)
        self.told["left"] += len(left)
        self.told["taken"] += len(taken)
        self.told["out of the ordinary"] += sum(not row.head for row in taken)
        for what in ("forged", "sent", "refused", "failed", "unprotectable"):
            self.told[what] += getattr(memory, what)

    def _find(self, name: bytes, data: bytes, flows: list[Flow]) -> tuple[int, int, Flow | None]:
        if name not in self._world.owners or not is_plain_rtp(data):
            return -1, -1, None
        path, number = self._world.owners[name]
        publisher = self._world.publishers[number]
        if publisher.session == self._ffi.NULL or publisher.is_spent:
            return -1, -1, None
        of_it = flows[number * FLOWS : number * FLOWS + min(max(publisher.flows, 0), FLOWS)]
        ssrc = int.from_bytes(data[8:12], "big")
        return path, number, next((each for each in of_it if each.is_on and each.ssrc == ssrc), None)

    def _body(self, row: Any) -> Any:  # memory of C
        assert 0 <= row.body_at <= row.body_at + row.body_bytes <= _ROOM
        start = row.body_at
        return self._ffi.buffer(self._memory.datagrams[row.datagram].data)[start : start + row.body_bytes]

    def _check(self, row: Any, expected: Expected, flow: Flow, path: int, size: int) -> None:
        head, body = expected.body(self._world.extensions, is_picture=bool(flow.is_picture))
        assert (row.head, bytes(self._body(row))) == (head, body)
        assert (row.flow, row.path, row.bytes, row.level) == (flow.number, path, size, expected.level)
        descriptor = row.picture_at, row.picture, row.index_at, row.index
        assert (descriptor, bool(row.begins)) == (expected.descriptor, expected.begins)
        if not head:
            assert (row.body_at, row.is_sent) == (0, 0)
            return
        assert row.body_bytes <= _LARGEST_BODY, "it goes on as one datagram"
        assert row.sequence == wrapped(flow.sequence + flow.sequence_shift)
        assert row.timestamp == wrapped(flow.timestamp + flow.timestamp_shift)
        assert row.jitter == flow.jitter
        is_led = flow.lanes != 0 and flow.changes == self._memory.changes and self._world.batch.socket >= 0
        assert bool(row.is_sent) == is_led

    def _check_sent(self, sent: dict[int, list[Row]]) -> None:
        """Check that all lanes are accounted for, and, if it was recorded, what was made for each."""
        memory, wanted, datagrams = self._memory, list[tuple[int, bytes]](), 0
        lanes_of: dict[int, int] = {}
        for rows in sent.values():
            flow = rows[0][3]
            first = (flow.lanes - address_of(self._ffi, self._world.lanes)) // self._ffi.sizeof("struct lane")
            for (place, body, expected, _), after in zip(rows, [*rows[1:], None], strict=True):
                assert memory.taken[place].next == (after[0] if after else -1)
                lanes_of[place] = max(0, flow.lane_count)
                datagrams += lanes_of[place]
                if self._world.is_recorded:
                    lanes = range(first, first + lanes_of[place])
                    wanted += [
                        (lane, self._written(lane, place, body, expected))
                        for lane in lanes
                        if self._world.lanes[lane].session != self._ffi.NULL
                    ]
        assert memory.sent + memory.refused + memory.failed + memory.unprotectable == datagrams
        no_room = [(memory.no_room[each].taken, memory.no_room[each].lane) for each in range(memory.refused)]
        assert len(set(no_room)) == len(no_room)
        assert all(0 <= lane < lanes_of[place] for place, lane in no_room)
        if self._world.is_recorded:
            # For each lane in the order in which they came, whatever other lanes were served in between.
            assert _by_lane(self._world.made) == _by_lane(wanted)
            self.told["recorded"] += len(wanted)

    def _written(self, number: int, place: int, body: bytes, expected: Expected) -> bytes:
        row, lane = self._memory.taken[place], self._world.lanes[number]
        head = struct.pack(
            "!HHII",
            (row.head ^ lane.payload_change) % 2**16,
            (row.sequence + lane.sequence_shift) % 2**16,
            (row.timestamp + lane.timestamp_shift) % 2**32,
            lane.ssrc,
        )
        if lane.picture_shift or lane.index_shift:
            body = vp8.rewrite(body, 8, expected.descriptor, lane.picture_shift, lane.index_shift)
        return head + body


def _by_lane(made: list[tuple[int, bytes]]) -> dict[int, list[bytes]]:
    found: dict[int, list[bytes]] = {}
    for lane, data in made:
        found.setdefault(lane, []).append(data)
    return found
