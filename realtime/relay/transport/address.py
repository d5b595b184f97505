"""An address as the kernel wants it."""

import ipaddress
import struct

from realtime.relay.transport.ice_lite import Address

_AF_INET, _AF_INET6 = 2, 10


def socket_address(address: Address) -> bytes:
    """Return an address as Linux' `struct sockaddr_in` or `sockaddr_in6`."""
    host, port = address[:2]
    parsed = ipaddress.ip_address(host.partition("%")[0])
    if parsed.version == 4:
        return struct.pack("=H", _AF_INET) + struct.pack("!H", port) + parsed.packed + bytes(8)
    flow, scope = (*address[2:], 0, 0)[:2]  # Python's sockets name these two as well
    head = struct.pack("=H", _AF_INET6) + struct.pack("!HI", port, flow)
    return head + parsed.packed + struct.pack("=I", scope)
