"""The compiled data plane as the relay sees it: lanes that C reads, and one call for all of them."""

import struct
from collections.abc import Sequence

from realtime.relay.compiled.library import Library
from realtime.relay.counters import Counters
from realtime.relay.downlink.outgoing import Outgoing
from realtime.relay.plane import DataPlane, open_route
from realtime.relay.transport.address import socket_address
from realtime.relay.transport.ice_lite import Address
from realtime.relay.transport.messages import can_segment
from realtime.relay.transport.peer import Send
from realtime.relay.transport.route import Route
from realtime.relay.transport.srtp import Srtp, protect_address
from realtime.relay.uplink.encoding import VIDEO_PAYLOAD_AT
from realtime.relay.uplink.fan_out import Lanes, Packet

# `struct packet` up to its body.
_PACKET = struct.Struct("=qqIiiiii")
_BODY_AT = _PACKET.size


class CompiledPlane(DataPlane):
    """Send by itself on the relay's socket; without one, datagrams are made in C and go out through `send`.

    `protect` is the address of a function like libsrtp's, which it is if nothing else is said.
    """

    name = "compiled"

    def __init__(
        self,
        library: Library,
        *,
        counters: Counters,
        send: Send,
        descriptor: int | None = None,
        protect: int | None = None,
    ) -> None:
        super().__init__()
        self.library = library
        self.counters = counters
        self.send = send
        ffi = library.ffi
        self.batch = ffi.new(
            "struct batch *",
            {
                "socket": -1 if descriptor is None else descriptor,
                "payload_at": VIDEO_PAYLOAD_AT,
                "is_segmenting": descriptor is not None and can_segment(descriptor),
            },
        )
        # Where the packets lie; each is written at once, since to name a part of a struct is dear.
        stride = ffi.sizeof("struct packet")
        packets = memoryview(ffi.buffer(self.batch.packets))
        self.places = [packets[at : at + stride] for at in range(0, len(packets), stride)]
        self.serve = library.lib.fan_out
        function = protect_address() if protect is None else protect
        self.batch.protect = ffi.cast("int (*)(void *, void *, int *)", function)

    def route(self) -> Route:
        """Make what follows one subscribe peer connection."""
        return Route(self._changed)

    def lanes(self, slots: Sequence[Outgoing]) -> Lanes:
        """Make lanes of slots whose routes are open."""
        return CompiledLanes(self, slots)


class CompiledLanes:
    """Keep what the packets of each slot are written, encrypted and addressed with, where C reads it."""

    def __init__(self, plane: CompiledPlane, slots: Sequence[Outgoing]) -> None:
        self._plane = plane
        ffi = plane.library.ffi
        # Keys live for as long as C may use them.
        self._keys: list[Srtp] = []
        self._addresses: list[Address] = []
        self._lanes = ffi.new("struct lane[]", len(slots))
        for number, slot in enumerate(slots):
            keys, address = open_route(slot)
            self._keys.append(keys)
            self._addresses.append(address)
            lane, raw = self._lanes[number], socket_address(address)
            lane.session = ffi.cast("void *", keys.sender)
            ffi.memmove(lane.address, raw, len(raw))
            lane.address_bytes = len(raw)
            lane.ssrc = slot.ssrc
            lane.payload_change = slot.payload_change
            lane.picture_shift, lane.index_shift = slot.picture_shift, slot.index_shift
            lane.sequence_shift, lane.timestamp_shift = slot.sequence_shift, slot.timestamp_shift

    def carry(self, packets: Sequence[Packet]) -> list[tuple[int, int]]:
        """Send all of these packets on every lane; return which lane had no room for which packet."""
        plane = self._plane
        batch, counters = plane.batch, plane.counters
        for place, (sequence, timestamp, head, body, descriptor, _, _) in zip(
            plane.places, packets, strict=False
        ):
            size = len(body)
            _PACKET.pack_into(place, 0, sequence, timestamp, head, *descriptor, size)
            place[_BODY_AT : _BODY_AT + size] = body
        done, count, each = 0, len(self._addresses), len(packets)
        no_room: list[tuple[int, int]] = []
        while done < count:
            told = plane.serve(batch, self._lanes + done, count - done, each)
            counters.packets_out += batch.sent
            counters.bytes_out += batch.sent_bytes
            if batch.sent < told * each:
                rest = self._rest(done, told * each, each)
                no_room += [(done + place // each, place % each) for place in rest]
            done += told
        return no_room

    def _rest(self, first: int, made: int, packets: int) -> list[int]:
        """Settle what became of the rest of so many datagrams; return those that there was no room for."""
        plane = self._plane
        batch, dropped, ffi = plane.batch, plane.counters.dropped, plane.library.ffi
        no_room: list[int] = ffi.unpack(batch.no_room, batch.refused)
        for reason, number in (
            ("send_unprotectable", batch.unprotectable),
            ("send_failed", batch.failed),
            ("send_would_block", len(no_room)),
        ):
            if number:
                dropped[reason] += number
        if batch.socket >= 0:
            return no_room
        for place in range(made):
            size = batch.bytes[place]
            if size:
                data = ffi.buffer(batch.data[place], size)[:]
                if plane.send(data, self._addresses[first + place // packets]) is False:
                    no_room.append(place)
        return no_room
