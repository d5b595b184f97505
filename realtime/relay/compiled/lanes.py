"""Slots that follow one encoding, where C reads them, and the one call that sends to all of them."""

import struct
from collections.abc import Sequence
from typing import TYPE_CHECKING

from realtime.relay.compiled.library import address_of
from realtime.relay.downlink.outgoing import Outgoing
from realtime.relay.plane import open_route
from realtime.relay.transport.ice_lite import Address
from realtime.relay.transport.inlet import Packet
from realtime.relay.transport.srtp import Srtp

if TYPE_CHECKING:  # a plane makes lanes, which work with its memory
    from realtime.relay.compiled.plane import CompiledPlane

# `struct packet`
_PACKET = struct.Struct("=qqIiiiiiQ")


class CompiledLanes:
    """Keep what the packets of each slot are written, encrypted and addressed with, where C reads it."""

    def __init__(self, plane: "CompiledPlane", slots: Sequence[Outgoing]) -> None:
        self._plane = plane
        ffi = plane.library.ffi
        # Keys live for as long as C may use them.
        self._keys: list[Srtp] = []
        self._addresses: list[Address] = []
        self._lanes = ffi.new("struct lane[]", len(slots))
        self.count = len(slots)
        self.pointer = address_of(ffi, self._lanes)
        for number, slot in enumerate(slots):
            keys, address = open_route(slot)
            self._keys.append(keys)
            self._addresses.append(address)
            lane, raw = self._lanes[number], plane.name_of(address)
            lane.session = ffi.cast("void *", keys.sender(slot.ssrc))
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
        for (place, room, at), (sequence, timestamp, head, body, descriptor, _, _) in zip(
            plane.places, packets, strict=False
        ):
            size = len(body)
            _PACKET.pack_into(place, 0, sequence, timestamp, head, *descriptor, size, at)
            room[:size] = body
        done, count, each = 0, self.count, len(packets)
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
        batch, ffi = plane.batch, plane.library.ffi
        no_room: list[int] = ffi.unpack(batch.no_room, batch.refused)
        plane.counters.unsent(unprotectable=batch.unprotectable, failed=batch.failed, no_room=len(no_room))
        if batch.socket >= 0:
            return no_room
        for place in range(made):
            size = batch.bytes[place]
            if size:
                data = ffi.buffer(batch.data[place], size)[:]
                if plane.send(data, self._addresses[first + place // packets]) is False:
                    no_room.append(place)
        return no_room
