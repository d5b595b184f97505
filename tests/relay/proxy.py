"""A UDP proxy in a thread of its own: it cuts, impairs or moves the path between browsers and a relay.

The relay advertises the proxy's address, so a browser that follows it never knows. Each browser socket gets
a socket of its own towards the relay, so to the relay every flow keeps a distinct address.

    with UdpProxy(target=("127.0.0.1", 3478)) as proxy:
        ...                      # start the relay with --candidate {proxy.address}
        proxy.cut({51234})       # nothing passes from or to these source ports, nor from ports unseen so far
        proxy.heal()
        leg = proxy.impair({51234}, up=Impairment(loss=0.05, delay=0.05), down=Impairment(rate=100_000))
        proxy.clear()
        proxy.rebind({51234})    # as a NAT does that forgot: the relay sees a new address
"""

import asyncio
import itertools
import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass
from time import monotonic_ns
from types import TracebackType
from typing import Self

from tests.relay.impairment import Impairment, Link

Address = tuple[str, int]
SECOND = 1_000_000_000
PERFECT = Impairment()


@dataclass(frozen=True, slots=True)
class Leg:
    """The way between some flows and the relay; they share what it carries."""

    up: Link
    down: Link


class UdpProxy:
    """Pass datagrams both ways; the methods may be called from any thread."""

    def __init__(self, target: Address, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self.target = target
        self.address: Address = (host, port)
        self._flows: dict[Address, _Upstream] = {}
        self._cut_ports: frozenset[int] | None = frozenset()
        self._takes_new = True
        self._legs: dict[int, Leg] = {}
        self._leg_of_others: Leg | None = None
        self._seeds = itertools.count(1)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ready = threading.Event()
        self._stop: Callable[[], object] = lambda: None
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._run()), name="udp-proxy", daemon=True
        )

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._ready.wait(10):
            raise RuntimeError("the proxy did not start")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()
        self._thread.join(10)

    def source_ports(self) -> set[int]:
        """Return the source port of every flow seen so far; a join adds the ports of who joined."""
        return {address[1] for address in list(self._flows)}

    def cut(self, source_ports: Collection[int] | None = None, *, new_flows: bool = True) -> None:
        """Let nothing pass for these source ports (None: all), nor for ports unseen so far."""
        self._takes_new = not new_flows and source_ports is not None
        self._cut_ports = None if source_ports is None else frozenset(source_ports)

    def heal(self) -> None:
        """Let everything pass again."""
        self._cut_ports, self._takes_new = frozenset(), True

    def impair(
        self,
        source_ports: Collection[int] | None = None,
        *,
        up: Impairment = PERFECT,
        down: Impairment = PERFECT,
    ) -> Leg:
        """Put these flows on one leg with such faults (None: every flow that has no leg of its own)."""
        leg = Leg(Link(up, seed=next(self._seeds)), Link(down, seed=next(self._seeds)))
        if source_ports is None:
            self._leg_of_others = leg
        else:
            self._legs = self._legs | dict.fromkeys(source_ports, leg)
        return leg

    def clear(self) -> None:
        """Impair nothing any more; what is on its way still arrives."""
        self._legs, self._leg_of_others = {}, None

    def rebind(self, source_ports: Collection[int]) -> None:
        """Let the flows reach the relay from new ports; what is sent to the old ones is lost."""
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._rebind, frozenset(source_ports))

    def _rebind(self, source_ports: frozenset[int]) -> None:
        for client, flow in list(self._flows.items()):
            if client[1] in source_ports:
                flow.close()
                self._flows[client] = _Upstream(self, client, flow.front)

    async def _run(self) -> None:
        loop = self._loop = asyncio.get_running_loop()
        stop = asyncio.Event()
        self._stop = lambda: loop.call_soon_threadsafe(stop.set)
        transport, _ = await loop.create_datagram_endpoint(lambda: _Front(self), local_addr=self.address)
        self.address = transport.get_extra_info("sockname")[:2]
        self._ready.set()
        await stop.wait()
        for flow in self._flows.values():
            flow.close()
        transport.close()

    def _passes(self, port: int, *, is_new: bool = False) -> bool:
        if self._cut_ports is None or port in self._cut_ports:
            return False
        return self._takes_new or not is_new

    def _leg(self, port: int) -> Leg | None:
        return self._legs.get(port, self._leg_of_others)

    def _carry(self, link: Link, size: int, send: Callable[[], None]) -> None:
        """Send when the datagram has come through the link: now, later, twice or never."""
        assert self._loop is not None
        now_ns = monotonic_ns()
        for at_ns in link.carry(size, now_ns):
            if at_ns <= now_ns:
                send()
            else:
                self._loop.call_at(at_ns / SECOND, send)

    def from_client(self, data: bytes, client: Address, front: asyncio.DatagramTransport) -> None:
        """Take a datagram of a browser."""
        if not self._passes(client[1], is_new=client not in self._flows):
            return
        if client not in self._flows:
            self._flows[client] = _Upstream(self, client, front)
        if leg := self._leg(client[1]):
            self._carry(leg.up, len(data), lambda: self._flows[client].send(data))
        else:
            self._flows[client].send(data)

    def from_relay(self, data: bytes, client: Address, front: asyncio.DatagramTransport) -> None:
        """Take a datagram of the relay."""

        def send() -> None:
            if not front.is_closing():
                front.sendto(data, client)

        if not self._passes(client[1]):
            return
        if leg := self._leg(client[1]):
            self._carry(leg.down, len(data), send)
        else:
            send()


class _Front(asyncio.DatagramProtocol):
    def __init__(self, proxy: UdpProxy) -> None:
        self._proxy = proxy

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self._transport = transport

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self._proxy.from_client(data, (addr[0], addr[1]), self._transport)


class _Upstream(asyncio.DatagramProtocol):
    """Hold one browser socket's way to the relay; what is sent before it is open waits."""

    def __init__(self, proxy: UdpProxy, client: Address, front: asyncio.DatagramTransport) -> None:
        self._proxy, self._client, self.front = proxy, client, front
        self._waiting: list[bytes] = []
        self._transport: asyncio.DatagramTransport | None = None
        loop = asyncio.get_running_loop()
        self._opening = loop.create_task(
            loop.create_datagram_endpoint(lambda: self, remote_addr=proxy.target)
        )

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self._transport = transport
        for data in self._waiting:
            transport.sendto(data)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self._proxy.from_relay(data, self._client, self.front)

    def send(self, data: bytes) -> None:
        if self._transport is None:
            self._waiting.append(data)
        elif not self._transport.is_closing():
            self._transport.sendto(data)

    def close(self) -> None:
        self._opening.cancel()
        if self._transport is not None:
            self._transport.close()
