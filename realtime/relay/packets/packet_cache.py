"""The newest packets of one stream, kept once for everybody who may ask for them again."""

from realtime.relay.packets.vp8 import Descriptor

# first two header bytes, timestamp, everything behind the fixed header, where its running numbers are
Cached = tuple[int, int, bytes, Descriptor]


class PacketCache:
    """A ring addressed by unwrapped sequence number; a newer packet takes the place of the oldest.

    It takes no room before the first packet: of four encodings of a seat two or three are never used.
    """

    __slots__ = ("_packets", "_sequences", "_size")

    def __init__(self, size: int) -> None:
        self._size = size
        self._sequences: list[int] = []
        self._packets: list[Cached | None] = []

    def put(self, sequence: int, packet: Cached) -> None:
        """Keep a packet."""
        index = sequence % self._size
        try:
            self._sequences[index] = sequence
        except IndexError:
            self._sequences = [-1] * self._size
            self._packets = [None] * self._size
            self._sequences[index] = sequence
        self._packets[index] = packet

    def get(self, sequence: int) -> Cached | None:
        """Return exactly the packet of that number, or None when it never came or is too old."""
        index = sequence % self._size
        try:
            return self._packets[index] if self._sequences[index] == sequence else None
        except IndexError:
            return None
