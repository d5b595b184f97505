"""Splice streams into one: numbers that run on without a seam, whoever feeds them. Pure arithmetic."""

from realtime.relay.clock import SECOND
from realtime.relay.packets.vp8 import NO_DESCRIPTOR, Descriptor

# A slot that stood empty for hours must not advance so far that 32 bits read it as going back.
_MAX_ADVANCE = 2**30
_PICTURES, _INDEXES = 0x8000, 0x100


class Rewriter:
    """Map unwrapped numbers of the stream that feeds it now onto one endless outgoing stream.

    VP8's picture id and TL0PICIDX run on as well: a decoder takes a jump in them for loss.
    """

    __slots__ = (
        "_index",
        "_picture",
        "_rate",
        "_started",
        "index_shift",
        "is_frame_whole",
        "last_ns",
        "last_sequence",
        "last_timestamp",
        "newest",
        "picture_shift",
        "sequence_shift",
        "timestamp_shift",
    )

    def __init__(self, *, first_sequence: int, first_timestamp: int, rate: int) -> None:
        self._rate = rate
        self._started = False
        self._picture: int | None = None
        self._index: int | None = None
        self.is_frame_whole: int = True
        self.last_sequence = first_sequence - 1
        self.last_timestamp = first_timestamp
        self.last_ns = 0
        self.newest = NO_DESCRIPTOR
        self.sequence_shift = 0
        self.timestamp_shift = 0
        self.picture_shift = 0
        self.index_shift = 0

    def splice(
        self,
        sequence: int,
        timestamp: int,
        now_ns: int,
        descriptor: Descriptor = NO_DESCRIPTOR,
        *,
        advance: int | None = None,
    ) -> None:
        """Make this packet the next one after everything sent so far.

        Time moves on by `advance` ticks where the caller knows better, else by the wall clock, but always.
        After a frame whose end was never sent one number stays free: without the gap a decoder would take the
        halves of two pictures for one.
        """
        if not self._started:
            advance = 0
        else:
            if advance is None:
                advance = (now_ns - self.last_ns) * self._rate // SECOND
            advance = min(max(advance, 1), _MAX_ADVANCE)
        self._started = True
        if not self.is_frame_whole:
            self.is_frame_whole = True
            self.last_sequence += 1
        self.sequence_shift = self.last_sequence + 1 - sequence
        self.timestamp_shift = self.last_timestamp + advance - timestamp
        self._settle()
        if descriptor[0]:
            self.picture_shift = 0 if self._picture is None else self._picture + 1 - descriptor[1]
        if descriptor[2]:
            self.index_shift = 0 if self._index is None else self._index + 1 - descriptor[3]

    def _settle(self) -> None:
        """Remember the running numbers of the newest picture as they went out."""
        picture_at, picture, index_at, index = self.newest
        if picture_at:
            self._picture = (picture + self.picture_shift) % _PICTURES
        if index_at:
            self._index = (index + self.index_shift) % _INDEXES
        self.newest = NO_DESCRIPTOR

    def advance(
        self,
        sequence: int,
        timestamp: int,
        now_ns: int,
        descriptor: Descriptor = NO_DESCRIPTOR,
        is_end: int = True,
    ) -> int:
        """Return the outgoing sequence number of a packet of the spliced stream, and remember the newest.

        `is_end` says that the packet is the last of its frame: the marker bit of video, always true of voice.
        """
        out = sequence + self.sequence_shift
        if out > self.last_sequence:
            self.last_sequence = out
            self.last_timestamp = timestamp + self.timestamp_shift
            self.last_ns = now_ns
            self.newest = descriptor
            self.is_frame_whole = is_end
        return out
