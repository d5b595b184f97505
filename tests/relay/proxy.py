"""A UDP proxy in a thread of its own, which can cut, thin out or delay the path between browsers and a relay.

The relay advertises the proxy's address, so a browser that follows it never knows. Each browser socket gets
a socket of its own towards the relay, so to the relay every flow keeps a distinct address.

    with UdpProxy(target=("127.0.0.1", 3478)) as proxy:
        ...                      # start the relay with --candidate {proxy.address}
        proxy.cut({51234})       # nothing passes from or to these source ports, nor from ports unseen so far
        proxy.heal()
"""

import asyncio
import random
import threading
from collections.abc import Callable, Collection
from types import TracebackType
from typing import Self

Address = tuple[str, int]


class UdpProxy:
    """Pass datagrams both ways; the methods may be called from any thread."""

    def __init__(
        self, target: Address, *, host: str = "127.0.0.1", port: int = 0, loss: float = 0, delay: float = 0
    ) -> None:
        self.target = target
        self.loss = loss
        self.delay = delay
        self.address: Address = (host, port)
        self._flows: dict[Address, _Upstream] = {}
        self._cut_ports: frozenset[int] | None = frozenset()
        self._takes_new = True
        self._random = random.Random(1)
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

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
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
        if self._cut_ports is None or port in self._cut_ports or (is_new and not self._takes_new):
            return False
        return not (self.loss and self._random.random() < self.loss)

    def later(self, send: Callable[[], None]) -> None:
        """Send now, or after the delay that was asked for."""
        if self.delay:
            asyncio.get_running_loop().call_later(self.delay, send)
        else:
            send()

    def from_client(self, data: bytes, client: Address, front: asyncio.DatagramTransport) -> None:
        """Take a datagram of a browser."""
        flow = self._flows.get(client)
        if not self._passes(client[1], is_new=flow is None):
            return
        if flow is None:
            flow = self._flows[client] = _Upstream(self, client, front)
        upstream = flow
        self.later(lambda: upstream.send(data))

    def from_relay(self, data: bytes, client: Address, front: asyncio.DatagramTransport) -> None:
        """Take a datagram of the relay."""
        if self._passes(client[1]):
            self.later(lambda: None if front.is_closing() else front.sendto(data, client))


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
        self._proxy, self._client, self._front = proxy, client, front
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
        self._proxy.from_relay(data, self._client, self._front)

    def send(self, data: bytes) -> None:
        if self._transport is None:
            self._waiting.append(data)
        elif not self._transport.is_closing():
            self._transport.sendto(data)

    def close(self) -> None:
        self._opening.cancel()
        if self._transport is not None:
            self._transport.close()
