"""Where a peer's media comes in, for a data plane that takes in by itself what simply goes on."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from realtime.relay.packets import vp8
from realtime.relay.transport.gate import Rate
from realtime.relay.transport.ice_lite import Address
from realtime.relay.transport.srtp import Srtp

Datagram = tuple[bytes, Address]
# A packet that was taken in, as it goes on: sequence, timestamp, jitter (RFC 3550 A.8), first two header
# bytes; the four numbers of its descriptor, and whether decoding may begin with it.
Arrival = tuple[int, int, float, int, int, int, int, int, int]


# sequence, timestamp, first two header bytes, body, descriptor, is_start, now_ns
Packet = tuple[int, int, int, bytes, vp8.Descriptor, bool, int]


class Standing(NamedTuple):
    """Where a stream stands, and what may come next: numbers as `Encoding` has them, unwrapped."""

    picture_shift: int
    index_shift: int
    sequence_shift: int
    timestamp_shift: int
    sequence: int
    timestamp: int
    longest_step: int
    heard_ns: int
    transit: int
    jitter: float


class Incoming(Protocol):
    """One stream of one publisher, which Python and a data plane take in by turns."""

    ssrc: int
    payload: int
    head: int
    rate: int
    is_video: bool
    level_id: int

    def standing(self) -> Standing | None:
        """Say where it stands, if it simply goes on."""

    def went_on(self, arrival: Arrival, body: bytes, octets: int, level: int, now_ns: int) -> Packet:
        """Take note of its next packet, of so many bytes; a level below zero says that it has none."""

    def forward(self, packet: Packet) -> None:
        """Hand it to every subscriber."""

    def sent(self, packets: Sequence[Packet], no_room: Sequence[tuple[int, int]]) -> None:
        """Take note that all who follow were sent these, but which lane had no room for which packet."""

    def decrypted(self, data: bytes, now_ns: int) -> None:
        """Take a packet that is out of the ordinary inside."""


class Flow(Protocol):
    """What goes on by itself until it is stopped."""

    def stop(self) -> None:
        """Let everything go Python's way again; idempotent."""

    def lead(self, lanes: object, changes: int) -> None:
        """Send on to these lanes of its own making, for as long as only so many changes are counted."""

    def part(self) -> None:
        """Let Python send on what was taken in; idempotent."""


class Inlet(Protocol):
    """Follow one publishing peer: told of its addresses, its keys, its streams, and of its end."""

    def reach(self, address: Address, rate: Rate) -> None:
        """Take in what comes from a proven address, no more than its rate allows."""

    def part(self, address: Address) -> None:
        """Take nothing in from there any more; idempotent."""

    def open(self, srtp: Srtp) -> None:
        """Decrypt with these keys."""

    def close(self) -> None:
        """Let go of the keys and of every stream; idempotent."""

    def go_on(self, incoming: Incoming) -> Flow | None:
        """Take in what comes next of a stream, if there is room for one more and it simply goes on."""

    def forget(self) -> None:
        """Let go of every stream: they may mean something else from now on."""


class Intake(Protocol):
    """Take in for all inlets what has come at once."""

    def read(self, descriptor: int, first: Sequence[Datagram]) -> int:
        """Hold these and what waits in a socket; return how many it is in all."""

    def hold(self, datagrams: Sequence[Datagram]) -> None:
        """Hold these, of which there are no more than a wake-up brings."""

    def take(self, now_ns: int) -> list[Datagram]:
        """Take in what is held; return what is left for the gate."""
