"""The fake browser of `peer.py` on a real socket, for the real process."""

import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

from tests.patience import PATIENCE_SECONDS
from tests.relay.network import Address, Network, World
from tests.relay.peer import FakePeer


@dataclass
class SocketWorld:
    """Stand where a `World` stands for a peer, with the machine's clock and sockets."""

    network: Network = field(default_factory=Network)
    tickers: list[Callable[[], None]] = field(default_factory=list)
    sockets: dict[Address, socket.socket] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.network.send = self._send  # type: ignore[method-assign]  # this network is the machine's
        self.network.deliver = self.pump  # type: ignore[method-assign]

    def clock(self) -> int:
        return time.monotonic_ns()

    def peer(self, **options: Any) -> FakePeer:  # passed on as they are
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.bind(("127.0.0.1", 0))
        made.settimeout(0.02)
        address = made.getsockname()
        self.sockets[address] = made
        return FakePeer(cast(World, self), address, **options)

    def pump(self) -> None:
        """Hand over what has arrived, and let the peers send their checks."""
        for tick in self.tickers:
            tick()
        for address, each in self.sockets.items():
            while True:
                try:
                    data, source = each.recvfrom(2048)
                except TimeoutError:
                    break
                self.network.nodes[address](data, source)

    def pump_until(self, is_done: Callable[[], bool]) -> None:
        """Go on until something has happened, or fail."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not is_done():
            assert time.monotonic() < deadline, "it did not happen in time"
            self.pump()

    def close(self) -> None:
        for each in self.sockets.values():
            each.close()

    def _send(self, source: Address, data: bytes, destination: Address) -> None:
        self.sockets[source].sendto(data, destination)
