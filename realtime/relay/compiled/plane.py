"""The compiled data plane as the relay sees it: the same parts, made to fit a C function."""

from typing import Any

from realtime.relay.compiled.lane import Lane, LaneRoute
from realtime.relay.compiled.library import Library
from realtime.relay.counters import Counters
from realtime.relay.downlink.consumer import Consumer
from realtime.relay.packets import vp8
from realtime.relay.plane import DataPlane
from realtime.relay.transport.peer import Send
from realtime.relay.transport.route import Route
from realtime.relay.transport.srtp import protect_address
from realtime.relay.uplink.encoding import VIDEO_PAYLOAD_AT, Encoding
from realtime.relay.uplink.fan_out import FanOut, Subscriber

NO_SOCKET = -1


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
        descriptor: int = NO_SOCKET,
        protect: int | None = None,
    ) -> None:
        self.library = library
        self.counters = counters
        self.serve = library.lib.fan_out
        self._send = send
        ffi = library.ffi
        self.batch = ffi.new("struct batch *", {"socket": descriptor, "payload_at": VIDEO_PAYLOAD_AT})
        function = protect_address() if protect is None else protect
        self.batch.protect = ffi.cast("int (*)(void *, void *, int *)", function)

    def fan_out(self) -> FanOut:
        """Make what holds the subscribers of one encoding."""
        return CompiledFanOut(self)

    def route(self) -> LaneRoute:
        """Make what follows one subscribe peer connection."""
        return LaneRoute(self.library, self._send)

    def outgoing(
        self,
        *,
        route: Route | None,
        ssrc: int,
        first_sequence: int,
        first_timestamp: int,
        rate: int,
        end_bit: int,
    ) -> Lane:
        """Make the numbers of one slot."""
        if not isinstance(route, LaneRoute):
            raise TypeError("a slot of the compiled data plane needs a route of the same")
        return Lane(
            self.library,
            route,
            ssrc=ssrc,
            first_sequence=first_sequence,
            first_timestamp=first_timestamp,
            rate=rate,
            end_bit=end_bit,
        )


class CompiledFanOut(FanOut):
    """Let C serve everybody whose next packet it is, and Python everybody else.

    C serves a slot only while the encoding is what it sends: a slot that waits for a start is Python's.
    """

    __slots__ = ("_is_sorted", "_lanes", "_others", "_plane", "_slots")

    def __init__(self, plane: CompiledPlane) -> None:
        super().__init__()
        self._plane = plane
        self._forget()

    def append(self, subscriber: Subscriber) -> None:
        """Take one more."""
        super().append(subscriber)
        self._forget()

    def remove(self, subscriber: Subscriber) -> None:
        """Let one go; nothing of it is kept, here or in C."""
        super().remove(subscriber)
        self._forget()

    def clear(self) -> None:
        """Let all go."""
        super().clear()
        self._forget()

    def begin(self, subscriber: Subscriber) -> None:
        """Take note that a subscriber has waited for its start, and has found it."""
        self._forget()

    def _forget(self) -> None:
        self._is_sorted = False
        self._slots: list[tuple[Consumer, Lane]] = []
        self._others: list[Subscriber] = []
        # An array of C, which can only be told by trying to say so: cffi has no types for it.
        self._lanes: Any = None

    def _sort(self, encoding: Encoding) -> None:
        for each in self:
            if isinstance(each, Consumer) and isinstance(each.outgoing, Lane) and each.encoding is encoding:
                self._slots.append((each, each.outgoing))
            else:
                self._others.append(each)
        lanes = [lane.cdata for _, lane in self._slots]
        self._lanes = self._plane.library.ffi.new("struct lane *[]", lanes)
        self._is_sorted = True

    def forward(
        self,
        encoding: Encoding,
        sequence: int,
        timestamp: int,
        head: int,
        body: bytes,
        descriptor: vp8.Descriptor,
        is_start: bool,
        now_ns: int,
    ) -> None:
        """Hand one packet to every subscriber."""
        if not self._is_sorted:
            self._sort(encoding)
        slots, others, lanes, plane = self._slots, self._others, self._lanes, self._plane
        batch, counters = plane.batch, plane.counters
        done, count = 0, len(slots)
        while done < count:
            told = plane.serve(
                batch,
                lanes + done,
                count - done,
                body,
                len(body),
                head,
                sequence,
                timestamp,
                now_ns,
                *descriptor,
            )
            sent = batch.sent
            counters.packets_out += sent
            counters.bytes_out += batch.sent_bytes
            if sent < told:
                for slot, is_crowded_out in self._rest(slots[done : done + told]):
                    if is_crowded_out:
                        slot.crowded_out(sequence, timestamp, head, body, descriptor)
                    elif slot in self:
                        slot.forward(encoding, sequence, timestamp, head, body, descriptor, is_start, now_ns)
            done += told
        for subscriber in others:
            if subscriber in self:
                subscriber.forward(encoding, sequence, timestamp, head, body, descriptor, is_start, now_ns)

    def _rest(self, slots: list[tuple[Consumer, Lane]]) -> list[tuple[Consumer, bool]]:
        """Settle what became of the rest; return whom Python has to serve, True: there was no room for it."""
        batch, dropped, ffi = self._plane.batch, self._plane.counters.dropped, self._plane.library.ffi
        # Everything is taken out before anything is sent: the batch is one for all.
        no_room = ffi.unpack(batch.no_room, batch.refused)
        left = ffi.unpack(batch.left_to_python, batch.left)
        for reason, number in (
            ("send_unprotectable", batch.unprotectable),
            ("send_failed", batch.failed),
            ("send_would_block", len(no_room)),
        ):
            if number:
                dropped[reason] += number
        if batch.socket < 0:
            made = [
                (batch.lane_of[i], ffi.buffer(batch.data[i], batch.bytes[i])[:]) for i in range(batch.made)
            ]
            no_room = [number for number, data in made if slots[number][1].route.take(data) is False]
        return [(slots[number][0], True) for number in no_room] + [
            (slots[number][0], False) for number in left
        ]
