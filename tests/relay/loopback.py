"""Real sockets below the network in memory: what C sends reaches whoever is at the address it is for."""

import contextlib
import socket
import weakref
from collections.abc import Iterator

from realtime.relay.transport.address import socket_address
from realtime.relay.transport.ice_lite import Address

# What is sent before it is taken out must fit in.
_BUFFER_BYTES = 4 * 1024 * 1024


class Loopback:
    """Be the relay's socket, and one behind each address of the network in memory."""

    def __init__(self) -> None:
        self._sockets = [_bound()]
        self._behind: dict[Address, socket.socket] = {}
        weakref.finalize(self, _close, self._sockets)

    @property
    def descriptor(self) -> int:
        """The socket that C sends on."""
        return self._sockets[0].fileno()

    def name(self, address: Address) -> bytes:
        """Return where C has to send what is meant for an address."""
        if address not in self._behind:
            self._sockets.append(_bound())
            self._behind[address] = self._sockets[-1]
        return socket_address(self._behind[address].getsockname())

    def taken(self) -> Iterator[tuple[bytes, Address]]:
        """Take out what has been sent, one address after the other."""
        for address, each in self._behind.items():
            with contextlib.suppress(BlockingIOError):
                while True:
                    yield each.recv(2048), address


def _bound() -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setblocking(False)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)
    made.bind(("127.0.0.1", 0))
    return made


def _close(sockets: list[socket.socket]) -> None:
    for each in sockets:
        each.close()
