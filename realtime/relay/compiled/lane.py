"""A slot's numbers and a peer's route, in memory that C reads and writes as well."""

import ipaddress
import struct
from typing import Any

from realtime.relay.compiled.library import Library
from realtime.relay.packets.rewriter import Outgoing
from realtime.relay.packets.vp8 import Descriptor
from realtime.relay.transport.ice_lite import Address
from realtime.relay.transport.peer import Send
from realtime.relay.transport.srtp import Srtp

_AF_INET, _AF_INET6 = 2, 10


class LaneRoute:
    """Keep a peer's keys alive for as long as C may use them, and its address as the kernel wants it."""

    __slots__ = ("_address", "_library", "_send", "_srtp", "path")

    def __init__(self, library: Library, send: Send) -> None:
        self.path = library.ffi.new("struct path *")
        self._library = library
        self._send = send
        self._srtp: Srtp | None = None
        self._address: Address | None = None

    def lead(self, srtp: Srtp | None, address: Address | None) -> None:
        """Send with these keys to this address from now on; None of either: nothing may be sent."""
        if srtp is self._srtp and address == self._address:
            return
        path = self.path
        # C must never see new keys with an old address, nor keys that are gone.
        path.session = self._library.ffi.NULL
        self._srtp, self._address = srtp, address
        if srtp is None or address is None:
            return
        raw = socket_address(address)
        self._library.ffi.memmove(path.address, raw, len(raw))
        path.address_bytes = len(raw)
        path.session = self._library.ffi.cast("void *", srtp.sender)

    def take(self, data: bytes) -> bool | None:
        """Send a datagram that C has made and left to us; False says that there was no room."""
        return None if self._address is None else self._send(data, self._address)


def socket_address(address: Address) -> bytes:
    """Return an address as Linux' `struct sockaddr_in` or `sockaddr_in6`."""
    host, port = address[:2]
    parsed = ipaddress.ip_address(host.partition("%")[0])
    if parsed.version == 4:
        return struct.pack("=H", _AF_INET) + struct.pack("!H", port) + parsed.packed + bytes(8)
    flow, scope = (*address[2:], 0, 0)[:2]  # Python's sockets name these two as well
    head = struct.pack("=H", _AF_INET6) + struct.pack("!HI", port, flow)
    return head + parsed.packed + struct.pack("=I", scope)


def _shared(name: str) -> Any:  # stands for an attribute of the base class, of whatever type that is
    def read(self: "Lane") -> int:
        value: int = getattr(self.cdata, name)
        return value

    def write(self: "Lane", value: int) -> None:
        setattr(self.cdata, name, value)

    return property(read, write)


class Lane(Outgoing):
    """Hold the numbers of one slot where both planes find them: there is one truth."""

    __slots__ = ("cdata", "route")

    last_sequence: int = _shared("last_sequence")
    last_timestamp: int = _shared("last_timestamp")
    last_ns: int = _shared("last_ns")
    sequence_shift: int = _shared("sequence_shift")
    timestamp_shift: int = _shared("timestamp_shift")
    picture_shift: int = _shared("picture_shift")
    index_shift: int = _shared("index_shift")
    is_frame_whole: int = _shared("is_frame_whole")
    is_held: int = _shared("is_held")
    packets: int = _shared("packets")
    octets: int = _shared("octets")
    payload_change: int = _shared("payload_change")

    def __init__(
        self,
        library: Library,
        route: LaneRoute,
        *,
        ssrc: int,
        first_sequence: int,
        first_timestamp: int,
        rate: int,
        end_bit: int,
    ) -> None:
        self.route = route  # its path must live as long as we do
        self.cdata = library.ffi.new("struct lane *", {"path": route.path, "ssrc": ssrc, "end_bit": end_bit})
        super().__init__(first_sequence=first_sequence, first_timestamp=first_timestamp, rate=rate)

    @property
    def newest(self) -> Descriptor:
        """The descriptor of the newest packet."""
        lane = self.cdata
        return lane.picture_at, lane.picture, lane.index_at, lane.index

    @newest.setter
    def newest(self, descriptor: Descriptor) -> None:
        lane = self.cdata
        lane.picture_at, lane.picture, lane.index_at, lane.index = descriptor
