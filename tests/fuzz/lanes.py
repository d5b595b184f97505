"""The C function alone, called as Python never would: any size, any number, any place, lanes in any state."""

import random
import socket
from collections import Counter
from collections.abc import Callable

from aiortc.rtcdtlstransport import SRTP_PROFILES

from realtime.relay.compiled.library import Library
from realtime.relay.transport.srtp import Srtp, protect_address

_MOST = 200
_WEIGHTS = (1, 12, 12, 12, 12, 1, 1, 1, 1)
_SIZES = (0, 1, 2, 7, 8, 9, 10, 11, 12, 40, 1000, 1343, 1344, 1345, 1356, 1500, 1504, 1505, 200_000)
_PLACES = (0, 0, 1, 2, 2, 3, 4, 7, 8, 1335, 1336, 1337, 2000, -1, -8, -9, 2**31 - 1, -(2**31))
_NUMBERS = (0, 1, -1, 127, 128, 0x7FFF, 0x8000, 255, 256, 2**31 - 1, -(2**31))
_SEQUENCES = (0, 1, -1, 65_535, 65_536, 2**32, 2**63 - 1, -(2**63))


class Lanes:
    """Hold more lanes than a batch takes; whatever is asked, what is told of it must add up."""

    def __init__(self, library: Library, seed: int) -> None:
        self.rng = random.Random(seed)
        self.told: Counter[str] = Counter()
        self._library = library
        self._ffi = ffi = library.ffi
        self._keys = [
            Srtp(profile=SRTP_PROFILES[number % 3], receive_key=b"r" * 64, send_key=b"s" * 64)
            for number in range(6)
        ]
        self._paths = [ffi.new("struct path *") for _ in self._keys]
        self._lanes = [ffi.new("struct lane *") for _ in range(_MOST)]
        self._batch = ffi.new("struct batch *")
        self._batch.protect = ffi.cast("int (*)(void *, void *, int *)", protect_address())
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
        rng, ffi, batch = self.rng, self._ffi, self._batch
        for path, srtp in zip(self._paths, self._keys, strict=True):
            path.session = ffi.cast("void *", srtp.sender) if rng.random() < 0.9 else ffi.NULL
            path.address[0] = rng.choice((0, 1, rng.randrange(2**64)))
            path.address_bytes = rng.choice((0, 1, 2, 16, 28, 110, 128))
        chosen = rng.sample(self._lanes, rng.choices((0, 1, 2, 3, 5, 63, 64, 65, _MOST), _WEIGHTS)[0])
        sequence = rng.choice((*_SEQUENCES, rng.randrange(2**20)))
        for lane in chosen:
            self._disturb(lane, sequence)
        batch.socket = rng.choice((-1, self._socket.fileno()))
        batch.payload_at = rng.choice((8, 8, 8, 0, 11, -1, 1400))
        # Made to measure, so that the sanitizer sees one byte too many.
        size = rng.choice((rng.choice(_SIZES), rng.randrange(1345), rng.randrange(1345)))
        body = ffi.new("uint8_t[]", rng.randbytes(size) if size else 0)
        count = rng.choice((len(chosen), len(chosen), len(chosen) // 2, 0, -1))
        told = self._library.lib.fan_out(
            batch, ffi.new("struct lane *[]", chosen), count, body, rng.choice((size,) * 9 + (-1,)),
            rng.randrange(2**32), sequence, rng.choice(_SEQUENCES), rng.choice(_SEQUENCES),
            rng.choice(_PLACES), rng.choice(_NUMBERS), rng.choice(_PLACES), rng.choice(_NUMBERS),
        )  # fmt: skip
        assert told == min(max(count, 0), self._library.lanes_at_once)
        assert batch.made + batch.left + batch.unprotectable == told
        if batch.socket >= 0:
            assert batch.sent + batch.refused + batch.failed == batch.made
        assert all(12 < batch.bytes[each] <= 1500 for each in range(batch.made))
        assert all(0 <= batch.lane_of[each] < told for each in range(batch.made))
        for name in ("made", "left", "unprotectable", "refused", "failed"):
            self.told[name] += getattr(batch, name)

    def _disturb(self, lane: object, sequence: int) -> None:
        rng = self.rng
        lane.path = rng.choice(self._paths)
        # Few, since libsrtp keeps a state for each.
        lane.ssrc, lane.payload_change = rng.randrange(40), rng.choice((0, 1, 0x7F, 2**32 - 1))
        lane.end_bit = rng.choice((0x80, 0x8000))
        lane.is_held = rng.random() < 0.05
        lane.picture_shift, lane.index_shift = rng.choice((0, *_NUMBERS)), rng.choice((0, *_NUMBERS))
        lane.timestamp_shift = rng.choice(_SEQUENCES)
        # Mostly such that the packet is the next one.
        lane.last_sequence = rng.choice((*_SEQUENCES, rng.randrange(2**20)))
        shift = lane.last_sequence + 1 - sequence if rng.random() < 0.8 else rng.choice(_SEQUENCES)
        lane.sequence_shift = (shift + 2**63) % 2**64 - 2**63
