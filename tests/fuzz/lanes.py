"""The C function alone, called as Python never would: any size, any number, any place, lanes in any state."""

import random
import socket
from collections import Counter
from collections.abc import Callable
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
        for lane in self._lanes:
            self._disturb(lane)
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
            self._disturb(self._lanes[rng.choice((number, rng.randrange(_MOST)))])
        for packet in batch.packets:
            self._fill(packet)
        told = self._library.lib.fan_out(batch, self._lanes, count, packets)
        is_wanted = 1 <= packets <= len(batch.packets) and count > 0
        assert told == (min(count, self._library.slots_at_once // packets) if is_wanted else 0)
        sizes = list(batch.bytes)[: told * packets] if told else []
        made = sum(size > 0 for size in sizes)
        assert made + batch.unprotectable == len(sizes)
        assert all(size == 0 or 12 < size <= 1500 for size in sizes)
        if batch.socket >= 0:
            assert batch.sent + batch.refused + batch.failed == made
            assert batch.sent == batch.sent_bytes == 0, "nobody is there"
        assert all(0 <= batch.no_room[each] < len(sizes) for each in range(batch.refused))
        self.told["made"] += made
        for name in ("unprotectable", "refused", "failed"):
            self.told[name] += getattr(batch, name)

    def _fill(self, packet: Any) -> None:  # a struct of C
        rng = self.rng
        self._ffi.memmove(packet.body, rng.randbytes(16), 16)
        # Often of one size, as messages are.
        packet.body_bytes = rng.choice((rng.choice(_SIZES), rng.randrange(1345), -1, *[700] * 5))
        packet.head = rng.choice((rng.randrange(2**32), 0x8060, 0x806F))
        packet.sequence = rng.choice((*_SEQUENCES, rng.randrange(2**20)))
        packet.timestamp = rng.choice(_SEQUENCES)
        packet.picture_at, packet.index_at = (rng.choice((0, 0, 2, 4, rng.choice(_PLACES))) for _ in "pi")
        packet.picture, packet.index = rng.choice(_NUMBERS), rng.choice(_NUMBERS)

    def _disturb(self, lane: Any) -> None:
        rng, ffi = self.rng, self._ffi
        lane.session = ffi.cast("void *", rng.choice(self._keys).sender) if rng.random() < 0.9 else ffi.NULL
        lane.address[0] = rng.choice((0, 1, rng.randrange(2**64)))
        lane.address_bytes = rng.choice((0, 1, 2, 16, 28, 110, 128))
        # Few, since libsrtp keeps a state for each.
        lane.ssrc, lane.payload_change = rng.randrange(40), rng.choice((0, 0, 1, 0x7F, 2**32 - 1))
        lane.picture_shift, lane.index_shift = rng.choice((0, *_NUMBERS)), rng.choice((0, *_NUMBERS))
        lane.sequence_shift = rng.choice((*_SEQUENCES, rng.randrange(2**16)))
        lane.timestamp_shift = rng.choice(_SEQUENCES)
