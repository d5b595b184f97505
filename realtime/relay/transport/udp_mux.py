"""One UDP socket for everybody: what is not wanted is dropped early, what is wanted finds its peer."""

import contextlib
import socket
from collections.abc import Callable, Sequence

from realtime.relay.clock import SECOND, Monotonic
from realtime.relay.counters import Counters
from realtime.relay.transport import receive_stamp
from realtime.relay.transport.doorbell import Doorbell
from realtime.relay.transport.gate import CHECKS_PER_SECOND, PACKETS_PER_SECOND, Rate
from realtime.relay.transport.ice_lite import Address
from realtime.relay.transport.inlet import Datagram, Intake
from realtime.relay.transport.peer import Peer
from realtime.relay.transport.stun import peek_ufrag
from realtime.wire.relay import MAX_DATAGRAM_BYTES

DATAGRAMS_PER_WAKE_UP = 64
# An address that its peer has checked lately is not another's; RFC 7675 has it checked every 6 s at least.
_HELD_NS = 8 * SECOND
_SOCKET_BUFFER_BYTES = 4 * 1024 * 1024
_SMALLEST_DATAGRAM = 12
_LARGEST_READ = 2048
_DATAGRAMS_PER_SAMPLE = 64


class Path:
    """Lead from a proven address to its peer, and limit what comes that way."""

    __slots__ = ("checks", "packets", "peer")

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.packets = Rate(PACKETS_PER_SECOND)
        self.checks = Rate(CHECKS_PER_SECOND)


class UdpMux:
    """Be the one gate: size, first byte, source, rate; only then is anything of a datagram read.

    STUN finds its peer by user fragment, everything else by an address that an authentic check has proven.
    Both indexes grow with peers alone: strangers are remembered nowhere but in a few places of their target.
    """

    def __init__(self, *, counters: Counters, now: Monotonic, intake: Intake | None = None) -> None:
        self.intake = intake
        self._counters = counters
        self._now = now
        self._by_ufrag: dict[str, Peer] = {}
        self._paths: dict[Address, Path] = {}

    def add(self, peer: Peer) -> None:
        """Let a peer be reached by the credentials it has now, and by no others."""
        self._forget_ufrags(peer)
        for ufrag in peer.ice.ufrags():
            self._by_ufrag[ufrag] = peer

    def remove(self, peer: Peer) -> None:
        """Let a peer be reached no more; idempotent."""
        self._forget_ufrags(peer)
        for address in peer.ice.tuples():
            self._forget_path(address, peer)

    def is_proven(self, address: Address) -> bool:
        """Say whether datagrams from an address go to a peer."""
        return address in self._paths

    def size(self) -> tuple[int, int]:
        """Return how many user fragments and addresses lead to peers."""
        return len(self._by_ufrag), len(self._paths)

    def datagram(self, data: bytes, address: Address) -> None:
        """Take one datagram from the network; whatever it holds, only its own peer can come to harm."""
        self.datagrams([(data, address)])

    def datagrams(self, taken: Sequence[Datagram]) -> None:
        """Take what has come at once."""
        if self.intake is None:
            self._look_at(taken, self._now())
            return
        for first in range(0, len(taken), DATAGRAMS_PER_WAKE_UP):
            self.intake.hold(taken[first : first + DATAGRAMS_PER_WAKE_UP])
            self.held(self.intake)

    def held(self, intake: Intake) -> None:
        """Take what an intake holds: what does not simply go on is looked at."""
        now_ns = self._now()
        self._look_at(intake.take(now_ns), now_ns)

    def _look_at(self, taken: Sequence[Datagram], now_ns: int) -> None:
        """Take datagrams, each by itself."""
        counters, paths = self._counters, self._paths
        counters.packets_in += len(taken)
        for data, address in taken:
            size = len(data)
            counters.bytes_in += size
            if not _SMALLEST_DATAGRAM <= size <= MAX_DATAGRAM_BYTES:
                counters.drop("size" if size else "empty")
                continue
            try:
                first = data[0]
                if first < 4:
                    self._check(data, address, now_ns)
                    continue
                if not (127 < first < 192 or 19 < first < 64):
                    counters.drop("first_byte")
                    continue
                path = paths.get(address)
                if path is None:
                    counters.drop("unproven_address")
                elif not path.packets.passes(now_ns):
                    counters.drop("packet_rate")
                elif first > 127:
                    path.peer.srtp(data, now_ns)
                else:
                    path.peer.dtls(data, now_ns)
            except Exception:  # noqa: BLE001 - the fence: `fault` logs it, and the next datagram is another's
                counters.fault("datagram_fault")

    def _check(self, data: bytes, address: Address, now_ns: int) -> None:
        ufrag = peek_ufrag(data)
        peer = self._by_ufrag.get(ufrag) if ufrag is not None else None
        if peer is None:
            self._counters.drop("stun_unknown")
            return
        path = self._paths.get(address)
        if path is not None and path.peer is peer:
            may_pass = path.checks.passes(now_ns)
        else:
            may_pass = peer.strange_checks.passes(address[0], now_ns)
        if not may_pass:
            self._counters.drop("stun_rate")
            return
        held_ns = path.peer.ice.checked_ns(address) if path is not None and path.peer is not peer else None
        if held_ns is not None and now_ns - held_ns < _HELD_NS:
            self._counters.drop("stun_address_held")
            return
        outcome = peer.check(data, address, now_ns)
        if outcome is None or not outcome.is_proof:
            return
        if outcome.forgotten is not None:
            self._forget_path(outcome.forgotten, peer)
        if path is None or path.peer is not peer:
            if path is not None:
                path.peer.forget(address)
                self._forget_path(address, path.peer)
            self._paths[address] = path = Path(peer)
            if peer.inlet is not None:
                peer.inlet.reach(address, path.packets)

    def _forget_path(self, address: Address, peer: Peer) -> None:
        path = self._paths.get(address)
        if path is not None and path.peer is peer:
            del self._paths[address]
            if peer.inlet is not None:
                peer.inlet.part(address)

    def _forget_ufrags(self, peer: Peer) -> None:
        for ufrag in [ufrag for ufrag, each in self._by_ufrag.items() if each is peer]:
            del self._by_ufrag[ufrag]


# What is taken in together goes on together.
Burst = Callable[[], contextlib.AbstractContextManager[None]]


class UdpSocket:
    """Bind the real socket, read it in bounded bursts, and write to it without ever waiting."""

    def __init__(self, *, host: str, port: int, counters: Counters) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        if family == socket.AF_INET6:  # listening on [::] takes IPv4 as well
            self._socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            with contextlib.suppress(OSError):
                self._socket.setsockopt(socket.SOL_SOCKET, option, _SOCKET_BUFFER_BYTES)
        receive_stamp.enable(self._socket)
        self._socket.bind((host, port))
        self._counters = counters
        self._until_sample = _DATAGRAMS_PER_SAMPLE
        self._mux: UdpMux | None = None
        self._burst: Burst = contextlib.nullcontext
        self._doorbell: Doorbell | None = None
        bound = self._socket.getsockname()
        self.address: Address = (str(bound[0]), int(bound[1]))

    def start(self, mux: UdpMux, burst: Burst) -> None:
        """Read for `mux` while the running loop runs, and with `burst` around what is taken in at once."""
        self._mux = mux
        self._burst = burst
        self._doorbell = Doorbell(self._socket, self._take, most=DATAGRAMS_PER_WAKE_UP)

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

    @property
    def descriptor(self) -> int:
        """The socket's number, for who sends on it in C."""
        return self._socket.fileno()

    @property
    def is_open(self) -> bool:
        """Say whether datagrams are read."""
        return self._mux is not None and self._socket.fileno() >= 0

    def close(self) -> None:
        """Stop reading and free the port."""
        self._mux = None
        if self._doorbell is not None:
            self._doorbell.close()
            self._doorbell = None
        self._socket.close()

    def _take(self) -> int:
        """Take in what is there, but no more than others can wait for, and let it go on; return how many."""
        mux = self._mux
        if mux is None:
            return 0
        intake = mux.intake
        taken, stamp_ns = self._sample()
        count = self._read(taken) if intake is None else intake.read(self._socket.fileno(), taken)
        self._until_sample -= count
        if not count:
            return 0
        before = self._counters.packets_out
        with self._burst():
            if intake is None:
                mux.datagrams(taken)
            else:
                mux.held(intake)
        if stamp_ns is not None and self._counters.packets_out > before:
            seconds = receive_stamp.seconds_since(stamp_ns)
            if seconds is not None:
                self._counters.forward_latency.observe(seconds)
        return count

    def _sample(self) -> tuple[list[Datagram], int | None]:
        """Return a datagram and when the kernel took it in, if one is to be measured; only media goes on."""
        if self._until_sample > 0:
            return [], None
        try:
            data, address, stamp_ns = receive_stamp.receive(self._socket, _LARGEST_READ)
        except BlockingIOError:
            return [], None
        except OSError:
            self._counters.drop("receive_failed")
            return [], None
        if not (data and 127 < data[0] < 192):
            return [(data, address)], None
        self._until_sample = _DATAGRAMS_PER_SAMPLE
        return [(data, address)], stamp_ns

    def _read(self, taken: list[Datagram]) -> int:
        """Add what waits to what was taken; return how many datagrams that makes."""
        receive = self._socket.recvfrom
        try:
            while len(taken) < DATAGRAMS_PER_WAKE_UP:
                taken.append(receive(_LARGEST_READ))
        except BlockingIOError:
            pass
        except OSError:
            self._counters.drop("receive_failed")
        return len(taken)
