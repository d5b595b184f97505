"""Many fake browsers on real sockets and one thread, before a relay that is a process of its own."""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

from realtime.relay.packets import rtcp, rtp
from tests.relay.device import Device
from tests.relay.network import Address, Network, World
from tests.relay.peer import FakePeer
from tests.relay.process import Control

TICK_SECONDS = 0.05
_READS = 64
_LARGEST = 2048


class LiveWorld:
    """Stand where a `World` stands for devices, with the machine's clock and sockets.

    `turn` is the only place where time passes.
    """

    def __init__(self, control: Control) -> None:
        self.network = Network()
        self.network.send = self._send  # type: ignore[method-assign]  # this network is the machine's
        self.network.deliver = lambda: self.turn(0)  # type: ignore[method-assign]
        self.tickers: list[Callable[[], None]] = []
        self.control = control
        self._sockets: dict[Address, socket.socket] = {}
        self._selector = selectors.DefaultSelector()
        self._tick_due = 0.0

    def as_world(self) -> World:
        """Pass for what devices expect; of it they use what is here."""
        return cast(World, self)

    def clock(self) -> int:
        """Give the machine's monotonic time."""
        return time.monotonic_ns()

    def ask(self, op: str, **fields: object) -> dict[str, Any]:  # JSON
        """Send a control request that must succeed; events of before are of no interest here."""
        self.control.events.clear()
        return self.control.ask(op, **fields)

    def bind(self) -> Address:
        """Open a socket; give its address."""
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.bind(("127.0.0.1", 0))
        made.setblocking(False)
        address: Address = made.getsockname()
        self._sockets[address] = made
        self._selector.register(made, selectors.EVENT_READ, address)
        return address

    def free(self, peer: FakePeer) -> None:
        """Close a peer's socket without a word to anybody; idempotent."""
        made = self._sockets.pop(peer.address, None)
        if made is not None:
            self._selector.unregister(made)
            made.close()
            del self.network.nodes[peer.address]
            self.tickers.remove(peer.tick)

    def turn(self, seconds: float) -> None:
        """Wait at most so long for datagrams, hand over what has come, and let the peers' timers run."""
        now = time.monotonic()
        if now >= self._tick_due:
            self._tick_due = now + TICK_SECONDS
            for tick in list(self.tickers):
                tick()
        for key, _ in self._selector.select(seconds):
            address: Address = key.data
            receive = self.network.nodes[address]
            for _ in range(_READS):
                try:
                    data, source = cast(socket.socket, key.fileobj).recvfrom(_LARGEST)
                except (BlockingIOError, ConnectionRefusedError):
                    break
                receive(data, source)

    def run(self, seconds: float) -> None:
        """Let so much time pass."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.turn(min(left, TICK_SECONDS))

    def run_until(self, is_done: Callable[[], bool], *, within: float = 15.0) -> bool:
        """Let time pass until something has happened; say whether it has."""
        end = time.monotonic() + within
        while not is_done():
            if time.monotonic() >= end:
                return False
            self.turn(0.01)
        return True

    def close(self) -> None:
        """Close every socket."""
        for each in self._sockets.values():
            each.close()
        self._selector.close()

    def _send(self, source: Address, data: bytes, destination: Address) -> None:
        made = self._sockets.get(source)
        if made is not None:
            try:
                made.sendto(data, destination)
            except (BlockingIOError, ConnectionRefusedError):
                return  # a full socket, or a relay that is gone: what is lost is lost


@dataclass
class LivePeer(FakePeer):
    """Count what comes instead of keeping it; `newest` is where each SSRC stands."""

    packets: int = 0
    newest: dict[int, int] = field(default_factory=dict)

    def receive(self, data: bytes, source: Address) -> None:
        if data[0] > 127:
            if not rtp.is_rtcp(data):
                self.packets += 1
                self.newest[int.from_bytes(data[8:12], "big")] = int.from_bytes(data[2:4], "big")
            return
        super().receive(data, source)

    def send_rtcp(self, packet: bytes) -> None:
        if self.dtls is not None and self.dtls.srtp is not None:
            self.send(self.dtls.srtp.protect_rtcp(packet))

    def send_rtp(self, packet: bytes) -> None:
        if self.dtls is not None and self.dtls.srtp is not None:
            self.send(self.dtls.srtp.protect_rtp(packet))


@dataclass
class LiveDevice(Device):
    """A device of a `LiveWorld`."""

    def _peer(self, ufrag: str) -> FakePeer:
        world = cast(LiveWorld, self.world)
        return LivePeer(world.as_world(), world.bind(), ufrag=ufrag)

    @property
    def is_connected(self) -> bool:
        """Say whether both peer connections have their keys."""
        return self.publisher.is_connected and self.subscriber.is_connected

    def complain(self, *, loses: bool) -> None:
        """Report as a browser does each second; with `loses` also ask for a packet and a key frame again."""
        peer = cast(LivePeer, self.subscriber)
        packets = [rtcp.build_receiver_report(1)]
        if peer.newest:
            ssrc, sequence = next(iter(peer.newest.items()))
            packets.append(rtcp.build_remb(1, 2_000_000, list(peer.newest)))
            if loses:
                packets += [rtcp.build_nack(1, ssrc, [sequence]), rtcp.build_pli(1, max(peer.newest))]
        peer.newest.clear()
        peer.send_rtcp(b"".join(packets))

    def vanish(self) -> None:
        """Be gone without a word."""
        world = cast(LiveWorld, self.world)
        for peer in (self.publisher, self.subscriber):
            world.free(peer)
