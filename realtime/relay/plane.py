"""The seam between the relay, which decides, and who writes, encrypts and sends for all at once."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Literal

from realtime.relay.counters import Counters
from realtime.relay.downlink.outgoing import Outgoing
from realtime.relay.transport.ice_lite import Address
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

    def __init__(self) -> None:
        self.changes = 0
        self.waiting: list[FanOut] | None = None

    def fan_out(self) -> FanOut:
        """Make what holds the subscribers of one encoding."""
        return FanOut(self)

    def route(self) -> Route | None:
        """Make what follows one subscribe peer connection; None where nobody needs to."""
        return None

    def lanes(self, slots: Sequence[Outgoing]) -> Lanes:
        """Make lanes of slots whose routes are open."""
        raise NotImplementedError("without routes nobody follows")

    def _changed(self) -> None:
        self.changes += 1

    @contextmanager
    def burst(self, counters: Counters) -> Iterator[None]:
        """Let everything come in before any of it goes on: whole frames then leave as one message."""
        waiting: list[FanOut] = []
        self.waiting = waiting
        try:
            yield
        finally:
            self.waiting = None
            for fan_out in waiting:
                try:
                    fan_out.flush()
                except Exception:  # noqa: BLE001 - the fence: `fault` logs it, and the next fan-out is another's
                    counters.fault("forward_fault")


def open_route(slot: Outgoing) -> tuple[Srtp, Address]:
    """Return the keys and the address that a slot sends with."""
    route = slot.route
    if route is None or route.srtp is None or route.address is None:
        raise ValueError("a slot without a way to send cannot be a lane")
    return route.srtp, route.address


ALONE = DataPlane()
