"""Where a peer's media goes, for a data plane that sends without asking the peer."""

from collections.abc import Callable

from realtime.relay.transport.ice_lite import Address
from realtime.relay.transport.srtp import Srtp


class Route:
    """Follow a peer: told of every change, and of its end before its keys are gone."""

    __slots__ = ("_changed", "address", "srtp")

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self.srtp: Srtp | None = None
        self.address: Address | None = None

    @property
    def is_open(self) -> bool:
        """Say whether anything may be sent."""
        return self.srtp is not None and self.address is not None

    def lead(self, srtp: Srtp | None, address: Address | None) -> None:
        """Send with these keys to this address from now on; None of either: nothing may be sent."""
        if srtp is not self.srtp or address != self.address:
            self.srtp, self.address = srtp, address
            self._changed()
