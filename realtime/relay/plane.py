"""The seam between the relay, which decides, and who writes, encrypts and sends for all at once."""

from collections.abc import Sequence
from typing import Literal

from realtime.relay.counters import Counters
from realtime.relay.downlink.outgoing import Outgoing
from realtime.relay.transport.ice_lite import Address
from realtime.relay.transport.inlet import Inlet, Intake
from realtime.relay.transport.route import Route
from realtime.relay.transport.srtp import Srtp
from realtime.relay.uplink.fan_out import FanOut, Lanes

# What can be asked for; `auto` takes the compiled one where it was built.
PlaneName = Literal["auto", "python", "compiled"]


class DataPlane:
    """Make fan-outs and routes that fit together, and hold back what goes on while a burst comes in.

    This one makes no lanes: every slot writes, encrypts and sends by itself, which is how each plane serves
    whoever does not simply get the next packet.
    """

    name = "alone"
    intake: Intake | None = None

    def __init__(self) -> None:
        self.changes = 0
        self.waiting: list[FanOut] | None = None

    def fan_out(self) -> FanOut:
        """Make what holds the subscribers of one encoding."""
        return FanOut(self)

    def route(self) -> Route | None:
        """Make what follows one subscribe peer connection; None where nobody needs to."""
        return None

    def inlet(self) -> Inlet | None:
        """Make what follows one publish peer connection; None where everything is Python's to take in."""
        return None

    def lanes(self, slots: Sequence[Outgoing]) -> Lanes:
        """Make lanes of slots whose routes are open."""
        raise NotImplementedError("without routes nobody follows")

    def _changed(self) -> None:
        self.changes += 1

    def burst(self, counters: Counters) -> "Burst":
        """Let everything come in before any of it goes on: whole frames then leave as one message."""
        return Burst(self, counters)


class Burst:
    """Be around what comes in at once; a class, since a generator takes longer than some packets."""

    __slots__ = ("_counters", "_plane", "_waiting")

    def __init__(self, plane: DataPlane, counters: Counters) -> None:
        self._plane = plane
        self._counters = counters
        self._waiting: list[FanOut] = []

    def __enter__(self) -> None:
        self._plane.waiting = self._waiting

    def __exit__(self, *raised: object) -> None:
        self._plane.waiting = None
        for fan_out in self._waiting:
            try:
                fan_out.flush()
            except Exception:  # noqa: BLE001 - the fence: `fault` logs it, and the next fan-out is another's
                self._counters.fault("forward_fault")


def open_route(slot: Outgoing) -> tuple[Srtp, Address]:
    """Return the keys and the address that a slot sends with."""
    route = slot.route
    if route is None or route.srtp is None or route.address is None:
        raise ValueError("a slot without a way to send cannot be a lane")
    return route.srtp, route.address


ALONE = DataPlane()
