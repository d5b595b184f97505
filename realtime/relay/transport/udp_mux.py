"""One UDP socket for everybody: what is not wanted is dropped early, what is wanted finds its peer."""

import asyncio
import contextlib
import socket

from realtime.relay.clock import SECOND, Monotonic
from realtime.relay.counters import Counters
from realtime.relay.transport.ice_lite import Address, Verdict, peek_local_ufrag
from realtime.relay.transport.peer import Peer
from realtime.wire.relay import MAX_DATAGRAM_BYTES

DATAGRAMS_PER_WAKE_UP = 64
CHECKS_PER_SECOND_AND_SOURCE = 100
_MAX_SOURCES = 4096
_SOCKET_BUFFER_BYTES = 4 * 1024 * 1024
_SMALLEST_DATAGRAM = 12


class UdpMux:
    """Find the peer of each datagram: by user fragment for STUN, by proven address for everything else."""

    def __init__(self, *, counters: Counters, now: Monotonic) -> None:
        self._counters = counters
        self._now = now
        self._by_ufrag: dict[str, Peer] = {}
        self._by_address: dict[Address, Peer] = {}
        self._checks: dict[Address, int] = {}
        self._checks_since_ns = 0

    def add(self, peer: Peer) -> None:
        """Let a peer be reached."""
        self._by_ufrag[peer.ice.ufrag] = peer

    def remove(self, peer: Peer) -> None:
        """Let a peer be reached no more; idempotent."""
        self._by_ufrag.pop(peer.ice.ufrag, None)
        for address in peer.ice.tuples():
            if self._by_address.get(address) is peer:
                del self._by_address[address]

    def datagram(self, data: bytes, address: Address) -> None:
        """Take one datagram from the network; whatever it holds, only its own peer can come to harm."""
        counters = self._counters
        counters.packets_in += 1
        counters.bytes_in += len(data)
        if not _SMALLEST_DATAGRAM <= len(data) <= MAX_DATAGRAM_BYTES:
            counters.drop("empty" if not data else "size")
            return
        try:
            first = data[0]
            if 127 < first < 192:
                peer = self._by_address.get(address)
                if peer is None:
                    counters.drop("unproven_address")
                else:
                    peer.srtp(data, self._now())
            elif first < 4:
                self._check(data, address)
            elif 19 < first < 64:
                peer = self._by_address.get(address)
                if peer is None:
                    counters.drop("unproven_address")
                else:
                    peer.dtls(data, self._now())
            else:
                counters.drop("first_byte")
        except Exception:  # noqa: BLE001 - the fence: `fault` logs it, and the next datagram is another's
            counters.fault("datagram_fault")

    def _check(self, data: bytes, address: Address) -> None:
        ufrag = peek_local_ufrag(data)
        peer = self._by_ufrag.get(ufrag) if ufrag is not None else None
        if peer is None:
            self._counters.drop("stun_unknown")
            return
        now_ns = self._now()
        if not self._may_check(address, now_ns):
            self._counters.drop("stun_rate")
            return
        outcome = peer.check(data, address, now_ns)
        if outcome is None:
            return
        verdict, forgotten = outcome
        if forgotten is not None and self._by_address.get(forgotten) is peer:
            del self._by_address[forgotten]
        holder = self._by_address.get(address)
        if verdict is Verdict.NEW_TUPLE or holder is not peer:
            if holder is not None and holder is not peer:
                holder.ice.forget(address)
            self._by_address[address] = peer

    def _may_check(self, address: Address, now_ns: int) -> bool:
        if now_ns - self._checks_since_ns >= SECOND:
            self._checks.clear()
            self._checks_since_ns = now_ns
        seen = self._checks.get(address, 0)
        if seen >= CHECKS_PER_SECOND_AND_SOURCE or (not seen and len(self._checks) >= _MAX_SOURCES):
            return False
        self._checks[address] = seen + 1
        return True


class UdpSocket:
    """Bind the real socket, read it in bounded bursts, and write to it without ever waiting."""

    def __init__(self, *, host: str, port: int, counters: Counters) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            with contextlib.suppress(OSError):
                self._socket.setsockopt(socket.SOL_SOCKET, option, _SOCKET_BUFFER_BYTES)
        self._socket.bind((host, port))
        self._counters = counters
        self._mux: UdpMux | None = None
        bound = self._socket.getsockname()
        self.address: Address = (str(bound[0]), int(bound[1]))

    def start(self, mux: UdpMux) -> None:
        """Read for `mux` whenever the running loop says that there is something."""
        self._mux = mux
        asyncio.get_running_loop().add_reader(self._socket.fileno(), self._readable)

    def send(self, data: bytes, address: Address) -> bool:
        """Send one datagram, or count it as dropped: late media is worse than lost media.

        False says that the buffer is full; a destination that cannot be reached is nobody's congestion.
        """
        counters = self._counters
        try:
            self._socket.sendto(data, address)
        except BlockingIOError:
            counters.drop("send_would_block")
            return False
        except OSError:
            counters.drop("send_failed")
            return True
        counters.packets_out += 1
        counters.bytes_out += len(data)
        return True

    def close(self) -> None:
        """Stop reading and free the port."""
        if self._mux is not None:
            asyncio.get_running_loop().remove_reader(self._socket.fileno())
            self._mux = None
        self._socket.close()

    def _readable(self) -> None:
        mux = self._mux
        for _ in range(DATAGRAMS_PER_WAKE_UP):
            try:
                data, address = self._socket.recvfrom(2048)
            except BlockingIOError:
                return
            except OSError:
                self._counters.drop("receive_failed")
                return
            if mux is not None:
                mux.datagram(data, address)
