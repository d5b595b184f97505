"""An address as the kernel wants it."""

import ipaddress
import socket
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


def read_socket_address(name: bytes) -> Address:
    """Return a `struct sockaddr_in` or `sockaddr_in6` as Python's sockets name an address."""
    (family,) = struct.unpack_from("=H", name)
    port, flow = struct.unpack_from("!HI", name, 2)
    if family == _AF_INET:
        return socket.inet_ntop(socket.AF_INET, name[4:8]), port
    (scope,) = struct.unpack_from("=I", name, 24)
    host = socket.inet_ntop(socket.AF_INET6, name[8:24])
    address: tuple[str, int, int, int] = (host, port, flow, scope)
    if scope:  # Python names the interface behind the host
        address = (
            socket.getnameinfo(address, socket.NI_NUMERICHOST | socket.NI_NUMERICSERV)[0],
            *address[1:],
        )
    return address  # type: ignore[return-value]  # as what `recvfrom` gives
