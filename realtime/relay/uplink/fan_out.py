"""Whom an encoding's packets go to, and the passing on: here one after the other, in Python."""

from typing import TYPE_CHECKING, Protocol

from realtime.relay.packets import vp8

if TYPE_CHECKING:  # an encoding holds its fan-out
    from realtime.relay.uplink.encoding import Encoding


class Subscriber(Protocol):
    """A down-track that takes packets of the virtual stream."""

    def forward(
        self,
        encoding: "Encoding",
        sequence: int,
        timestamp: int,
        head: int,
        body: bytes,
        descriptor: vp8.Descriptor,
        is_start: bool,
        now_ns: int,
    ) -> None:
        """Send one packet on; `is_start` says that decoding may begin with it."""


class FanOut(list[Subscriber]):
    """Hold the subscribers of one encoding, those that still wait for a start included."""

    __slots__ = ()

    def begin(self, subscriber: Subscriber) -> None:
        """Take note that a subscriber has waited for its start, and has found it."""

    def forward(
        self,
        encoding: "Encoding",
        sequence: int,
        timestamp: int,
        head: int,
        body: bytes,
        descriptor: vp8.Descriptor,
        is_start: bool,
        now_ns: int,
    ) -> None:
        """Hand one packet to every subscriber."""
        for subscriber in self:
            subscriber.forward(encoding, sequence, timestamp, head, body, descriptor, is_start, now_ns)
