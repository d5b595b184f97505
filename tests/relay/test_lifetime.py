"""What peers leave behind: no thread, no task, no entry, no object; and sockets that never wait."""

import asyncio
import gc
import os
import socket
import threading
import weakref
from contextlib import nullcontext
from pathlib import Path

import pytest
from aiortc import RTCCertificate
from cryptography.hazmat.primitives.asymmetric import ec
from OpenSSL import crypto

from realtime.relay.counters import Counters
from realtime.relay.transport.udp_mux import UdpMux, UdpSocket
from tests.relay.device import Device
from tests.relay.impairment import Impairment
from tests.relay.network import World
from tests.relay.peer import AUDIO, FakePeer


def test_fifty_joins_and_leaves_leave_nothing_behind(tmp_path: Path) -> None:
    async def churn() -> None:
        gc.collect()  # what other tests have left has files of its own
        world = World(tmp_path)
        threads, tasks = threading.active_count(), len(asyncio.all_tasks())
        files = len(os.listdir("/dev/fd"))
        seen: list[weakref.ref[object]] = []
        for number in range(50):
            device = Device(world, f"c{number}", kinds=(AUDIO,))
            device.publish()
            if number % 5 == 0:
                device.subscribe()
            device.speak()
            held = world.relay.connections[device.connection]
            seen += [weakref.ref(held), weakref.ref(held.publishers[0].peer)]
            assert threading.active_count() == threads
            assert len(asyncio.all_tasks()) == tasks
            assert len(os.listdir("/dev/fd")) == files
            world.ask("connection.close", connection=device.connection, reason="left")
            del held
        assert world.mux.size() == (0, 0)
        assert world.relay.connections == {}
        assert world.relay.rooms == {}
        gc.collect()
        assert [each() for each in seen if each() is not None] == []

    asyncio.run(churn())


def test_whatever_is_closed_twice_stays_closed(tmp_path: Path) -> None:
    world = World(tmp_path)
    device = Device(world, "a", kinds=(AUDIO,)).join()
    held = world.relay.connections["a"]
    publisher, subscriber = held.publishers[0], held.subscribers[0]
    for _ in range(2):
        held.close("left", world.clock())
        publisher.close()
        subscriber.close()
        world.mux.remove(publisher.peer)
    device.speak(b"to nobody")
    assert publisher.peer.send_rtp(b"\x80\x6f" + bytes(20)) is True, "a counted no-op"
    publisher.peer.send_rtcp([b"\x80\xc9\x00\x01\x00\x00\x00\x01"])
    publisher.peer.tick(world.clock())
    assert world.counters.dropped["send_without_path"] == 1
    assert world.kinds("a") == ["first_packet", "closed"]


def test_a_browser_learns_at_once_that_its_connection_was_closed(tmp_path: Path) -> None:
    world = World(tmp_path)
    device = Device(world, "a", kinds=(AUDIO,)).join()
    world.ask("connection.close", connection="a", reason="removed")
    world.network.deliver()
    assert not device.publisher.is_connected
    assert not device.subscriber.is_connected


def odd_certificate() -> RTCCertificate:
    """Make what some devices show: X.509 version 1, serial number 0."""
    key = ec.generate_private_key(ec.SECP256R1())
    made = crypto.X509()
    made.set_version(0)
    made.set_serial_number(0)
    made.gmtime_adj_notBefore(0)
    made.gmtime_adj_notAfter(86_400)
    made.get_subject().CN = "odd"
    made.set_issuer(made.get_subject())
    signer = crypto.PKey.from_cryptography_key(key)
    made.set_pubkey(signer)
    made.sign(signer, "sha256")
    return RTCCertificate(key=key, cert=made.to_cryptography())


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore:Parsed a serial number")
def test_an_odd_certificate_is_as_good_as_its_digest(tmp_path: Path) -> None:
    world = World(tmp_path)
    device = Device(world, "a", kinds=(AUDIO,))
    device.publish_generation = 1
    device.publisher = FakePeer(world, ("192.0.2.1", 9), certificate=odd_certificate())
    device.publisher.connect(device.negotiate(AUDIO))
    assert world.relay.connections["a"].is_connected


def test_lost_handshake_flights_come_again_by_the_relays_clock(tmp_path: Path) -> None:
    world = World(tmp_path)
    for number, lost in enumerate(range(8)):
        device = Device(world, f"c{number}", kinds=(AUDIO,))
        left = [lost]

        def is_lost(source: object, data: bytes, destination: object, left: list[int] = left) -> bool:
            if not 19 < data[0] < 64:
                return False
            left[0] -= 1
            return left[0] == -1  # one datagram of the handshake, another each time

        world.network.is_lost = is_lost
        device.publish()
        world.advance(0.7, step=0.05)
        assert device.publisher.is_connected, lost
        assert world.relay.connections[f"c{number}"].is_connected, lost


def test_a_handshake_behind_a_slow_line_is_not_drowned_in_repetitions(tmp_path: Path) -> None:
    world = World(tmp_path)
    device = Device(world, "a", kinds=(AUDIO,), bad=Impairment(delay=1))
    device.publish()
    sent = 0
    send = world.network.send

    def counted(source: tuple[str, int], data: bytes, destination: tuple[str, int]) -> None:
        nonlocal sent
        sent += 19 < data[0] < 64
        send(source, data, destination)

    world.network.send = counted  # type: ignore[method-assign]  # only listens
    world.advance(8, step=0.05)
    assert device.publisher.is_connected
    assert sent < 40


class FullSocket(socket.socket):
    """Have room for nothing, as the kernel's buffer behind a congested interface."""

    def sendto(self, *_: object) -> int:
        raise BlockingIOError


def test_a_full_socket_drops_says_so_and_never_waits() -> None:
    counters = Counters()
    udp = UdpSocket(host="127.0.0.1", port=0, counters=counters)
    assert udp.send(b"x", udp.address) is True
    assert udp.send(b"x", ("0.0.0.0", 0)) is True, "an unreachable place is no congestion"
    udp.close()
    udp.close()
    udp._socket = FullSocket(socket.AF_INET, socket.SOCK_DGRAM)
    assert udp.send(b"x", udp.address) is False
    udp.close()
    assert counters.packets_out == 1
    assert counters.dropped == {"send_failed": 1, "send_would_block": 1}


def test_a_socket_for_both_families_reads_bursts_in_turns() -> None:
    async def burst() -> int:
        counters = Counters()
        udp = UdpSocket(host="::", port=0, counters=counters)
        udp.start(UdpMux(counters=counters, now=lambda: 0), nullcontext)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as four:
            for _ in range(100):
                four.sendto(b"\x80" * 20, ("127.0.0.1", udp.address[1]))
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as six:
            six.sendto(b"\x80" * 20, ("::1", udp.address[1]))
        turns = 0
        while counters.packets_in < 101:
            await asyncio.sleep(0)
            turns += 1
        udp.close()
        return turns

    assert asyncio.run(burst()) >= 2
