"""What of forwarding has a compiled twin, and the making of it; here everything is Python."""

from typing import Literal

from realtime.relay.packets.rewriter import Outgoing
from realtime.relay.transport.route import Route
from realtime.relay.uplink.fan_out import FanOut

# What can be asked for; `auto` takes the compiled one where it was built.
PlaneName = Literal["auto", "python", "compiled"]


class DataPlane:
    """Make fan-outs, the slots' numbers and the peers' routes, so that they fit together."""

    name = "python"

    def fan_out(self) -> FanOut:
        """Make what holds the subscribers of one encoding."""
        return FanOut()

    def route(self) -> Route | None:
        """Make what follows one subscribe peer connection; None where nobody needs to."""
        return None

    def outgoing(
        self,
        *,
        route: Route | None,
        ssrc: int,
        first_sequence: int,
        first_timestamp: int,
        rate: int,
        end_bit: int,
    ) -> Outgoing:
        """Make the numbers of one slot; `end_bit` of the first two header bytes is set where a frame ends."""
        return Outgoing(first_sequence=first_sequence, first_timestamp=first_timestamp, rate=rate)


PYTHON = DataPlane()
