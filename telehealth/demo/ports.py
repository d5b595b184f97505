"""Find free ports and the addresses at which a browser finds this machine."""

from __future__ import annotations

import contextlib
import socket
from typing import Literal

_KINDS = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}


def free_port(wanted: int, *, kind: Literal["tcp", "udp"] = "tcp", tries: int = 50) -> int:
    """Give the wanted port, or the next one that nothing holds; OSError if there is none."""
    for port in range(wanted, wanted + tries):
        with socket.socket(socket.AF_INET, _KINDS[kind]) as probe, contextlib.suppress(OSError):
            if kind == "tcp":
                # As the server will: what a stopped demo left in TIME_WAIT does not keep a port.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port
    raise OSError(f"no free {kind} port from {wanted} to {wanted + tries - 1}")


def own_addresses() -> list[str]:
    """Give loopback and, where there is a network, the address this machine has in it.

    Connecting a datagram socket sends nothing: it only makes the kernel choose a source address. The target
    is of a block reserved for documentation (RFC 5737).
    """
    addresses = ["127.0.0.1"]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, contextlib.suppress(OSError):
        probe.connect(("192.0.2.1", 9))
        own = probe.getsockname()[0]
        if own not in addresses:
            addresses.append(own)
    return addresses
