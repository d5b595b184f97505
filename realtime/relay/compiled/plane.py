"""The compiled data plane as the relay sees it: C's memory, and what is made of it for the relay's parts."""

from collections.abc import Callable, Sequence

from realtime.relay.compiled.flow import CompiledInlet
from realtime.relay.compiled.intake import Intake
from realtime.relay.compiled.lanes import CompiledLanes
from realtime.relay.compiled.library import Library, address_of
from realtime.relay.counters import Counters
from realtime.relay.downlink.outgoing import Outgoing
from realtime.relay.plane import DataPlane
from realtime.relay.transport.address import socket_address
from realtime.relay.transport.ice_lite import Address
from realtime.relay.transport.inlet import Inlet
from realtime.relay.transport.messages import can_segment
from realtime.relay.transport.peer import Send
from realtime.relay.transport.route import Route
from realtime.relay.transport.srtp import protect_address
from realtime.relay.uplink.encoding import VIDEO_PAYLOAD_AT
from realtime.relay.uplink.fan_out import Lanes


class CompiledPlane(DataPlane):
    """Send by itself on the relay's socket; without one, datagrams are made in C and go out through `send`.

    `protect` is the address of a function like libsrtp's, which it is if nothing else is said; `name` tells
    what the kernel calls an address.
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
        name: Callable[[Address], bytes] = socket_address,
    ) -> None:
        super().__init__()
        self.library = library
        self.counters = counters
        self.send = send
        self.name_of = name
        ffi = library.ffi
        self.batch = ffi.new(
            "struct batch *",
            {
                "socket": -1 if descriptor is None else descriptor,
                "payload_at": VIDEO_PAYLOAD_AT,
                "is_segmenting": descriptor is not None and can_segment(descriptor),
            },
        )
        # Where packets and their bodies are laid; each is written at once, since to name a part of a struct
        # is dear.
        stride = ffi.sizeof("struct packet")
        packets = memoryview(ffi.buffer(self.batch.packets))
        self.places = [
            (
                packets[number * stride : (number + 1) * stride],
                memoryview(ffi.buffer(body)),
                address_of(ffi, body),
            )
            for number, body in enumerate(self.batch.bodies)
        ]
        self.serve = library.lib.fan_out
        function = protect_address() if protect is None else protect
        self.batch.protect = ffi.cast("int (*)(void *, void *, int *)", function)
        self.intake: Intake = Intake(library, counters=counters, batch=self.batch)

    def _changed(self) -> None:
        super()._changed()
        self.intake.memory.changes = self.changes

    def inlet(self) -> Inlet:
        """Make what follows one publish peer connection."""
        return CompiledInlet(self.intake)

    def route(self) -> Route:
        """Make what follows one subscribe peer connection."""
        return Route(self._changed)

    def lanes(self, slots: Sequence[Outgoing]) -> Lanes:
        """Make lanes of slots whose routes are open."""
        return CompiledLanes(self, slots)
