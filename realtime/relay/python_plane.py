"""The data plane in Python: a packet is encrypted for one after the other, and sent to all in one call."""

import errno
import struct
from array import array
from collections.abc import Callable, Sequence
from functools import lru_cache

from realtime.relay.counters import Counters
from realtime.relay.downlink.outgoing import Outgoing
from realtime.relay.packets import rtp, vp8
from realtime.relay.plane import DataPlane, open_route
from realtime.relay.transport import messages, srtp
from realtime.relay.transport.address import socket_address
from realtime.relay.transport.ice_lite import Address
from realtime.relay.transport.inlet import Packet
from realtime.relay.transport.messages import SLOT_BYTES, SLOTS, Headers, Messages
from realtime.relay.transport.peer import Send
from realtime.relay.transport.route import Route
from realtime.relay.uplink.encoding import VIDEO_PAYLOAD_AT
from realtime.relay.uplink.fan_out import Lanes

# The same for all who count pictures alike: what writes it, first two bytes, sequence, timestamp, body.
_Written = tuple[Callable[..., None], int, int, int, bytes]
# keys, libsrtp's session of them, SSRC, change of payload type, shifts of sequence, time, and of pictures
_Row = tuple[srtp.Srtp, object, int, int, int, int, tuple[int, int]]


class PythonPlane(DataPlane):
    """Send by itself on the relay's socket; without one, or where the system has no such call, by `send`.

    `name` says what the kernel calls an address.
    """

    name = "python"

    def __init__(
        self,
        *,
        counters: Counters,
        send: Send,
        descriptor: int | None = None,
        name: Callable[[Address], bytes] = socket_address,
    ) -> None:
        super().__init__()
        self.name_of = name
        self.counters = counters
        self.send = send
        # Where a packet lies, its address in C, and the address of its length; and all lengths.
        self.places, self.lengths = srtp.places(SLOTS, SLOT_BYTES)
        self.messages: Messages | None = None
        self.is_segmenting = True
        kernel = messages.load()
        if descriptor is not None and kernel is not None:
            self.messages = Messages(kernel, descriptor, [place for _, place, _ in self.places])
            self.is_segmenting = messages.can_segment(descriptor)

    def route(self) -> Route:
        """Make what follows one subscribe peer connection."""
        return Route(self._changed)

    def lanes(self, slots: Sequence[Outgoing]) -> Lanes:
        """Make lanes of slots whose routes are open."""
        return PythonLanes(self, slots)


class PythonLanes:
    """Keep what the packets of each slot are written, encrypted and addressed with."""

    def __init__(self, plane: PythonPlane, slots: Sequence[Outgoing]) -> None:
        self._plane = plane
        self._rows: list[_Row] = []
        self._addresses: list[Address] = []
        for slot in slots:
            keys, address = open_route(slot)
            shifts = slot.picture_shift, slot.index_shift
            numbers = slot.ssrc, slot.payload_change, slot.sequence_shift, slot.timestamp_shift
            self._rows.append((keys, keys.session(slot.ssrc), *numbers, shifts))
            self._addresses.append(address)
        self._shifts = {row[-1] for row in self._rows}
        self._headers: dict[tuple[int, int], Headers] = {}

    def carry(self, packets: Sequence[Packet]) -> list[tuple[int, int]]:
        """Send all of these packets on every lane; return which lane had no room for which packet."""
        if len(packets) > 1 and not self._plane.is_segmenting:
            apart = (self.carry(packets[number : number + 1]) for number in range(len(packets)))
            return [(lane, number) for number, no_room in enumerate(apart) for lane, _ in no_room]
        no_room: list[tuple[int, int]] = []
        written = {shifts: _write(packets, *shifts) for shifts in self._shifts}
        step = SLOTS // len(packets)
        for first in range(0, len(self._rows), step):
            sizes = self._encrypt(self._rows[first : first + step], written)
            no_room += self._send(first, sizes, len(packets))
        return no_room

    def _encrypt(self, rows: list[_Row], written: dict[tuple[int, int], list[_Written]]) -> list[int]:
        """Put every packet for each of these in its place; return sizes, 0 of what cannot be encrypted."""
        plane, protect = self._plane, srtp.protect
        places = iter(plane.places)
        packets = [rtp.FIXED_LENGTH + len(each[-1]) for each in next(iter(written.values()))]
        count = len(packets) * len(rows)
        plane.lengths[:count] = array("i", packets * len(rows))
        for _, session, ssrc, change, sequence_shift, timestamp_shift, shifts in rows:
            for pack_into, head, sequence, timestamp, body in written[shifts]:
                view, place, length = next(places)
                low, time = (sequence + sequence_shift) & 0xFFFF, (timestamp + timestamp_shift) & 0xFFFFFFFF
                pack_into(view, 0, head ^ change, low, time, ssrc, body)
                if protect(session, place, length):
                    length[0] = 0
        return plane.lengths[:count].tolist()

    def _send(self, first: int, sizes: list[int], packets: int) -> list[tuple[int, int]]:
        plane, counters = self._plane, self._plane.counters
        if plane.messages is None or 0 in sizes:
            return self._send_each(first, sizes, packets, range(len(sizes)))
        headers = self._headers.get((first, packets))
        if headers is None:
            names = [plane.name_of(each) for each in self._addresses[first : first + len(sizes) // packets]]
            headers = self._headers[first, packets] = plane.messages.headers(names, packets)
        failed = plane.messages.send(headers, sizes)
        counters.packets_out += len(sizes)
        counters.bytes_out += sum(sizes)
        no_room: list[tuple[int, int]] = []
        for message, error in failed:
            places = range(message * packets, (message + 1) * packets)
            counters.packets_out -= packets
            counters.bytes_out -= sum(sizes[place] for place in places)
            if error in (errno.EAGAIN, errno.EWOULDBLOCK):
                counters.dropped["send_would_block"] += packets
                no_room += [(first + message, number) for number in range(packets)]
            elif packets > 1:
                # Some ways take datagrams of this size, but not the message.
                no_room += self._send_each(first, sizes, packets, places)
            else:
                counters.drop("send_failed")
        return no_room

    def _send_each(self, first: int, sizes: list[int], packets: int, places: range) -> list[tuple[int, int]]:
        """Send datagrams one by one."""
        plane = self._plane
        no_room: list[tuple[int, int]] = []
        for place in places:
            lane, number = first + place // packets, place % packets
            if not sizes[place]:
                plane.counters.drop("send_unprotectable")
            elif plane.send(bytes(plane.places[place][0][: sizes[place]]), self._addresses[lane]) is False:
                no_room.append((lane, number))
        return no_room


def _write(packets: Sequence[Packet], picture_shift: int, index_shift: int) -> list[_Written]:
    """Write what is the same for all with these shifts."""
    written: list[_Written] = []
    for sequence, timestamp, head, body, descriptor, _, _ in packets:
        if picture_shift or index_shift:
            body = vp8.rewrite(body, VIDEO_PAYLOAD_AT, descriptor, picture_shift, index_shift)
        written.append((_packer(len(body)), head, sequence, timestamp, body))
    return written


@lru_cache(maxsize=2048)
def _packer(size: int) -> Callable[..., None]:
    """Return what writes a header and a body of so many bytes in one go."""
    return struct.Struct(f"{rtp.HEADER.format}{size}s").pack_into
