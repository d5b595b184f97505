"""The numbers of one slot's stream: where it stands, by itself or along with the encoding that it follows."""

from typing import Any

from realtime.relay.packets.rewriter import Rewriter
from realtime.relay.packets.vp8 import Descriptor
from realtime.relay.transport.route import Route
from realtime.relay.uplink.fan_out import Progress


def _followed(name: str, there: str | None = None, shift: str | None = None) -> Any:
    """Make a number that is the encoding's while the slot follows it; to write one is to leave."""
    own: Any = vars(Rewriter)[name]  # the place in the object where the base class keeps it

    def read(outgoing: "Outgoing") -> object:
        progress = outgoing.progress
        if progress is None or there is None:
            value: object = own.__get__(outgoing)
            return value
        value = getattr(progress, there)
        return value if shift is None else value + getattr(outgoing, shift)

    def write(outgoing: "Outgoing", value: object) -> None:
        outgoing.leave()
        own.__set__(outgoing, value)

    return property(read, write)


class Outgoing(Rewriter):
    """Number what one slot sends, and count it.

    A slot that has sent every packet of an encoding follows it: nothing of the slot is touched for a packet,
    and where it stands is where the encoding stands, moved on by the shifts of the splice.
    """

    __slots__ = ("_is_held", "_octets", "_packets", "_payload_change", "progress", "route", "ssrc")

    last_sequence: int = _followed("last_sequence", "sequence", "sequence_shift")
    last_timestamp: int = _followed("last_timestamp", "timestamp", "timestamp_shift")
    last_ns: int = _followed("last_ns", "last_ns")
    newest: Descriptor = _followed("newest", "newest")
    is_frame_whole: int = _followed("is_frame_whole", "is_frame_whole")
    sequence_shift: int = _followed("sequence_shift")
    timestamp_shift: int = _followed("timestamp_shift")
    picture_shift: int = _followed("picture_shift")
    index_shift: int = _followed("index_shift")

    def __init__(
        self, *, ssrc: int, first_sequence: int, first_timestamp: int, rate: int, route: Route | None = None
    ) -> None:
        self.progress: Progress | None = None
        self.ssrc = ssrc
        # Without one the slot sends by its peer alone, and follows nobody.
        self.route = route
        self._packets = 0
        self._octets = 0
        self._payload_change = 0
        self._is_held = False
        super().__init__(first_sequence=first_sequence, first_timestamp=first_timestamp, rate=rate)

    @property
    def packets(self) -> int:
        """How many packets were sent."""
        return self._packets + (0 if self.progress is None else self.progress.packets)

    @property
    def octets(self) -> int:
        """How many bytes were in them, headers left out."""
        return self._octets + (0 if self.progress is None else self.progress.octets)

    def sent_bytes(self, overhead: int) -> int:
        """Return how many bytes were sent, where each packet has so many more than its payload."""
        packets, octets, progress = self._packets, self._octets, self.progress
        if progress is not None:
            packets += progress.packets
            octets += progress.octets
        return octets + packets * overhead

    def count(self, packets: int, octets: int) -> None:
        """Take note of what was sent; numbers below zero take it back."""
        self._packets += packets
        self._octets += octets

    @property
    def payload_change(self) -> int:
        """What the canonical payload type is XORed with."""
        return self._payload_change

    @payload_change.setter
    def payload_change(self, change: int) -> None:
        self.leave()
        self._payload_change = change

    @property
    def is_held(self) -> bool:
        """Say whether something waits, or is left out, for want of room."""
        return self._is_held

    @is_held.setter
    def is_held(self, is_held: bool) -> None:
        self.leave()
        self._is_held = is_held

    def can_follow(self, sequence: int) -> bool:
        """Say whether all of a stream up to this number was sent, and nothing is in the way of the next."""
        return (
            self.route is not None
            and self.route.is_open
            and not self._is_held
            and self.last_sequence == sequence + self.sequence_shift
        )

    def follow(self, progress: Progress) -> None:
        """Go along with a stream from its next packet on."""
        self._packets -= progress.packets
        self._octets -= progress.octets
        self.progress = progress

    def leave(self) -> None:
        """Stand alone again, where the stream stands now; idempotent."""
        progress = self.progress
        if progress is None:
            return
        self.progress = None
        progress.end()
        self._packets += progress.packets
        self._octets += progress.octets
        self.last_sequence = progress.sequence + self.sequence_shift
        self.last_timestamp = progress.timestamp + self.timestamp_shift
        self.last_ns = progress.last_ns
        self.newest = progress.newest
        self.is_frame_whole = progress.is_frame_whole
