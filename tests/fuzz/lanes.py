"""C's `fan_out` alone, called as Python never would: any size, any number, any place, lanes in any state."""

import random
import socket
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from aiortc.rtcdtlstransport import SRTP_PROFILES

from realtime.relay.compiled.library import Library
from realtime.relay.transport.srtp import Srtp, protect_address

_MOST = 200
_COUNTS = (0, 1, 2, 3, 5, 7, 8, 9, 21, 22, 63, 64, 65, _MOST, -1)
_PACKETS = (1, 1, 1, 2, 3, 3, 3, 7, 8, 9, 0, -1)
_SIZES = (0, 1, 2, 7, 8, 9, 10, 11, 12, 40, 1000, 1343, 1344, 1345, 1356, 1500, 1504, 1505, 200_000)
_PLACES = (0, 0, 1, 2, 2, 3, 4, 7, 8, 1335, 1336, 1337, 2000, -1, -8, -9, 2**31 - 1, -(2**31))
_NUMBERS = (0, 1, -1, 127, 128, 0x7FFF, 0x8000, 255, 256, 2**31 - 1, -(2**31))
_SEQUENCES = (0, 1, -1, 65_535, 65_536, 2**32, 2**63 - 1, -(2**63))
_LARGEST_BODY = 1344


class Lanes:
    """Hold more lanes than are served at once; whatever is asked, what is told of it must add up."""

    def __init__(self, library: Library, seed: int) -> None:
        self.rng = random.Random(seed)
        self.told: Counter[str] = Counter()
        self._library = library
        self._ffi = ffi = library.ffi
        self._keys = [
            Srtp(profile=SRTP_PROFILES[number % 3], receive_key=b"r" * 64, send_key=b"s" * 64)
            for number in range(6)
        ]
        self._lanes = ffi.new("struct lane[]", _MOST)
        self._batch = ffi.new("struct batch *")
        self._batch.protect = ffi.cast("int (*)(void *, void *, int *)", protect_address())
        # Its last datagram ends where this memory does, so that a body that is read too far is seen.
        self._intake = ffi.new("struct intake *")
        for lane in self._lanes:
            disturb(self.rng, ffi, lane, self._keys)
        # It reaches nobody: its addresses are paths that do not exist.
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)

    def run(self, cases: int, progress: Callable[[int], None] = lambda done: None) -> None:
        """Call it that often."""
        for case in range(1, cases + 1):
            self._case()
            progress(case)

    def close(self) -> None:
        """Let go of the socket."""
        self._socket.close()

    def _case(self) -> None:
        rng, batch = self.rng, self._batch
        batch.socket = rng.choice((-1, self._socket.fileno()))
        batch.payload_at = rng.choice((8, 8, 8, 0, 11, -1, 1400))
        batch.is_segmenting = rng.random() < 0.8
        count, packets = rng.choice(_COUNTS), rng.choice(_PACKETS)
        for number in range(min(max(count, 0), 12)):
            disturb(rng, self._ffi, self._lanes[rng.choice((number, rng.randrange(_MOST)))], self._keys)
        for number, packet in enumerate(batch.packets):
            self._fill(number, packet)
        told = self._library.lib.fan_out(batch, self._lanes, count, packets)
        is_wanted = 1 <= packets <= len(batch.packets) and count > 0
        assert told == (min(count, self._library.slots_at_once // packets) if is_wanted else 0)
        sizes = list(batch.bytes)[: told * packets] if told else []
        made = sum(size > 0 for size in sizes)
        assert made + batch.unprotectable == len(sizes)
        assert all(size == 0 or 12 < size <= 1500 for size in sizes)
        fits = [self._fits(packet) for packet in batch.packets]
        assert all(fits[number % packets] for number, size in enumerate(sizes) if size)
        if batch.socket >= 0:
            assert batch.sent + batch.refused + batch.failed == made
            assert batch.sent == batch.sent_bytes == 0, "nobody is there"
        assert all(0 <= batch.no_room[each] < len(sizes) for each in range(batch.refused))
        self.told["made"] += made
        for name in ("unprotectable", "refused", "failed"):
            self.told[name] += getattr(batch, name)

    def _place(self, number: int, size: int) -> Any:  # a pointer of C
        """Return where a body lies: pointers are Python's, and always lead to as much as C may read."""
        batch, datagrams = self._batch, self._intake.datagrams
        if self.rng.random() < 0.5 or not 0 <= size <= _LARGEST_BODY:
            return batch.bodies[number]
        data = datagrams[self.rng.choice((0, len(datagrams) - 1))].data
        return data + self.rng.choice((4, 12, len(data) - size))

    def _fits(self, packet: Any) -> bool:  # a struct of C
        """Say whether a packet holds the numbers that it is said to have, and fits in a datagram."""
        size, place = int(packet.body_bytes), int(packet.picture_at or packet.index_at)
        if not 0 <= size <= _LARGEST_BODY or not place:
            return 0 <= size <= _LARGEST_BODY
        at = self._batch.payload_at + place
        if not 0 <= at < size:
            return False
        wide = 1 + (int(packet.body[at]) >> 7) if packet.picture_at else 0
        return bool(at + wide + bool(packet.index_at) <= size)

    def _fill(self, number: int, packet: Any) -> None:  # a struct of C
        rng = self.rng
        # Often of one size, as messages are.
        packet.body_bytes = rng.choice((rng.choice(_SIZES), rng.randrange(1345), -1, *[700] * 5))
        packet.body = self._place(number, packet.body_bytes)
        self._ffi.memmove(packet.body, rng.randbytes(16), min(16, max(0, packet.body_bytes)))
        packet.head = rng.choice((rng.randrange(2**32), 0x8060, 0x806F))
        packet.sequence = rng.choice((*_SEQUENCES, rng.randrange(2**20)))
        packet.timestamp = rng.choice(_SEQUENCES)
        packet.picture_at, packet.index_at = (rng.choice((0, 0, 2, 4, rng.choice(_PLACES))) for _ in "pi")
        packet.picture, packet.index = rng.choice(_NUMBERS), rng.choice(_NUMBERS)


def disturb(
    rng: random.Random,
    ffi: Any,  # of cffi, as the lane is
    lane: Any,
    keys: Sequence[Srtp],
    names: Sequence[bytes] = (),
) -> None:
    """Write a lane anew, in any state; its address is any, or one of these."""
    # Few, since libsrtp keeps a state for each.
    lane.ssrc, lane.payload_change = rng.randrange(40), rng.choice((0, 0, 1, 0x7F, 2**32 - 1))
    sender = rng.choice(keys).sender(rng.choice((lane.ssrc, rng.randrange(40))))
    lane.session = ffi.cast("void *", sender if rng.random() < 0.9 else 0)
    name = rng.choice(names) if names else rng.choice((0, 1, rng.randrange(2**64))).to_bytes(8, "little")
    ffi.memmove(lane.address, name, len(name))
    lane.address_bytes = rng.choice((0, 1, 2, 16, 28, 110, 128, *[len(name)] * 12 * bool(names)))
    lane.picture_shift, lane.index_shift = rng.choice((0, *_NUMBERS)), rng.choice((0, *_NUMBERS))
    lane.sequence_shift = rng.choice((*_SEQUENCES, rng.randrange(2**16)))
    lane.timestamp_shift = rng.choice(_SEQUENCES)
