"""Where a peer's media goes, for a data plane that sends without asking the peer."""

from typing import Protocol

from realtime.relay.transport.ice_lite import Address
from realtime.relay.transport.srtp import Srtp


class Route(Protocol):
    """Follow a peer: told of every change, and of its end before its keys are gone."""

    def lead(self, srtp: Srtp | None, address: Address | None) -> None:
        """Send with these keys to this address from now on; None of either: nothing may be sent."""
