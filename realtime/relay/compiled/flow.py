"""One publisher and its streams as C knows them: keys, and numbers that C moves on by itself."""

import struct
from typing import TYPE_CHECKING, Any

from realtime.relay.compiled.lanes import CompiledLanes
from realtime.relay.transport.gate import Rate
from realtime.relay.transport.ice_lite import Address
from realtime.relay.transport.inlet import Incoming
from realtime.relay.transport.srtp import Srtp

if TYPE_CHECKING:  # an intake makes inlets, an inlet tells it of addresses
    from realtime.relay.compiled.intake import Intake

# `struct flow`
_FLOW = struct.Struct("=iiIIIIiiii6qI4xd")
_ON = struct.Struct("=i")
_LANES = struct.Struct("=Qi4xq")


class CompiledFlow:
    """Let C take a stream in from where it stands, until it is stopped or another packet than the next comes.

    It starts again with the next packet that Python has taken in.
    """

    __slots__ = ("_lanes", "_place", "incoming", "inlet", "number")

    def __init__(self, place: memoryview, number: int, incoming: Incoming, inlet: "CompiledInlet") -> None:
        self._place = place
        # Who follows, for as long as C may send to them.
        self._lanes: object = None
        self.number = number
        self.incoming = incoming
        self.inlet = inlet

    def start(self) -> None:
        """Go on without Python, if it simply goes on."""
        incoming = self.incoming
        standing = incoming.standing()
        if standing is not None:
            _FLOW.pack_into(
                self._place, 0, 1, self.number, incoming.ssrc, incoming.payload, incoming.rate, incoming.head,
                incoming.is_video, incoming.level_id, *standing,
            )  # fmt: skip

    def stop(self) -> None:
        """Let everything go Python's way again; idempotent."""
        _ON.pack_into(self._place, 0, 0)
        self.part()

    def lead(self, lanes: object, changes: int) -> None:
        """Let C send on to these lanes what it takes in, for as long as nothing of them changes."""
        if isinstance(lanes, CompiledLanes) and lanes.count <= self.inlet.longest:
            _LANES.pack_into(self._place, _FLOW.size, lanes.pointer, lanes.count, changes)
            self._lanes = lanes

    def part(self) -> None:
        """Let Python send it on; idempotent."""
        if self._lanes is not None:
            _LANES.pack_into(self._place, _FLOW.size, 0, 0, 0)
            self._lanes = None


class CompiledInlet:
    """Follow one publishing peer."""

    def __init__(self, intake: "Intake") -> None:
        self._intake = intake
        self._flows: dict[int, CompiledFlow] = {}
        self._srtp: Srtp | None = None
        ffi = intake.library.ffi
        self.longest = intake.library.lib.LANES_OF_FLOW
        # What C reads; none of it is freed before C has been told that it is gone.
        self.publisher: Any = ffi.new("struct publisher *")
        places, stride = memoryview(ffi.buffer(self.publisher.flow)), ffi.sizeof("struct flow")
        self._places = [places[at : at + stride] for at in range(0, len(places), stride)]

    def reach(self, address: Address, rate: Rate) -> None:
        """Take in what comes from a proven address, no more than its rate allows."""
        self._intake.add(address, self, rate)

    def part(self, address: Address) -> None:
        """Take nothing in from there any more; idempotent."""
        self._intake.remove(address, self)

    def open(self, srtp: Srtp) -> None:
        """Decrypt with these keys."""
        self._srtp = srtp
        self.publisher.session = self._intake.library.ffi.cast("void *", srtp.receiver)

    def close(self) -> None:
        """Let go of the keys and of every stream; idempotent."""
        self.publisher.session = self._intake.library.ffi.NULL
        self.forget()
        self._srtp = None

    def go_on(self, incoming: Incoming) -> CompiledFlow | None:
        """Take in what comes next of a stream, if there is room for one more and it simply goes on."""
        flow = self._flows.get(incoming.ssrc)
        if flow is None:
            number = len(self._flows)
            if self._srtp is None or number == len(self._places):
                return None
            flow = CompiledFlow(self._places[number], self._intake.number(), incoming, self)
            self._flows[incoming.ssrc] = flow
            self._intake.flows[flow.number] = flow
            self.publisher.flows = number + 1
        flow.start()
        return flow

    def forget(self) -> None:
        """Let go of every stream: they may mean something else from now on."""
        self.publisher.flows = 0
        for flow in self._flows.values():
            flow.stop()
            del self._intake.flows[flow.number]
        self._flows.clear()
