"""Both data planes on a real socket: what arrives, what finds no room, and what cannot be sent."""

import socket
import struct
import tempfile
from collections.abc import Callable, Iterator

import pytest

from realtime.relay.compiled.library import load
from realtime.relay.compiled.plane import CompiledPlane
from realtime.relay.counters import Counters
from realtime.relay.packets.vp8 import NO_DESCRIPTOR
from realtime.relay.plane import DataPlane
from realtime.relay.python_plane import PythonPlane
from realtime.relay.transport.address import socket_address
from realtime.relay.transport.ice_lite import Address
from realtime.relay.transport.udp_mux import UdpSocket
from realtime.relay.uplink.capture import ClockMap
from realtime.relay.uplink.producer import Producer
from tests.patience import PATIENCE_SECONDS
from tests.relay import planes
from tests.relay.line import Line, Wire, reader

VIDEO_HEAD = 0x9060
# Linux' number, which Python does not name.
SO_NO_CHECK = 11
PICTURE = b"\xbe\xde\x00\x01\x22abc\x10\x00" + bytes(1000)


class Room:
    """One camera, and as many subscribers as there are addresses, over a socket that can be small."""

    def __init__(
        self,
        plane: str,
        addresses: list[tuple[str, int]],
        *,
        host: str = "127.0.0.1",
        pair: "Unix | None" = None,
        name: Callable[[Address], bytes] = socket_address,
    ) -> None:
        self.counters = Counters()
        self.socket = UdpSocket(host=host, port=0, counters=self.counters)
        if pair is not None:
            self.socket.close()
            self.socket._socket = pair
        wire = Wire("python")
        wire.counters, wire.send = self.counters, self.socket.send
        way = {
            "counters": self.counters, "send": self.socket.send, "descriptor": self.socket.descriptor,
            "name": name,
        }  # fmt: skip
        self.plane: DataPlane = PythonPlane(**way) if plane == "python" else CompiledPlane(load(), **way)
        wire.plane = self.plane
        self.lines = [Line(wire, address) for address in addresses]
        producer = Producer(
            source="camera", clock_map=ClockMap(), random_below=lambda top: 0, plane=wire.plane
        )
        self.encoding = producer.encodings[0]
        self.slots = [line.slot("video", 8 + number) for number, line in enumerate(self.lines)]
        for slot in self.slots:
            slot.attach(producer, 0)
        self.show(1)

    def show(self, sequence: int, body: bytes = PICTURE) -> None:
        """Forward a whole picture in one packet."""
        self.encoding.subscribers.forward(
            self.encoding, sequence, 3000 * sequence, VIDEO_HEAD | 0x80, body, NO_DESCRIPTOR, True, sequence
        )

    def burst(self, first: int, bodies: list[bytes]) -> None:
        """Forward several at once."""
        with self.plane.burst(self.counters):
            for number, body in enumerate(bodies):
                self.show(first + number, body)

    def counted(self) -> tuple[int, int, dict[str, int], list[tuple[int, int]]]:
        """Return everything that is counted of it."""
        counters = self.counters
        slots = [(slot.packets, slot.octets) for slot in self.slots]
        return counters.packets_out, counters.bytes_out, dict(counters.dropped), slots


@pytest.fixture
def receivers() -> Iterator[list[socket.socket]]:
    made = []
    for _ in range(3):
        receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(PATIENCE_SECONDS)
        made.append(receiver)
    yield made
    for receiver in made:
        receiver.close()


@pytest.mark.parametrize("plane", planes.NAMES)
def test_everybody_gets_every_packet_from_the_relays_own_port(
    plane: str, receivers: list[socket.socket]
) -> None:
    room = Room(plane, [each.getsockname() for each in receivers])
    for sequence in range(2, 12):
        room.show(sequence)
    for receiver in receivers:
        other = reader()
        for _ in range(11):
            data, source = receiver.recvfrom(2000)
            assert source == room.socket.address
            assert other.unprotect_rtp(data)[12:] == PICTURE
    size = 12 + len(PICTURE) + 16
    assert room.counted() == (33, 33 * size, {}, [(11, 11 * (len(PICTURE) - 8))] * 3)
    room.socket.close()


@pytest.mark.parametrize("plane", planes.NAMES)
def test_what_comes_in_one_burst_leaves_in_one_message_and_arrives_as_it_was(
    plane: str, receivers: list[socket.socket]
) -> None:
    room = Room(plane, [each.getsockname() for each in receivers])
    room.show(2)
    # Of one size with a shorter end, then longer again, and more than one message can hold.
    bodies = [PICTURE, PICTURE, PICTURE[:-100], PICTURE, PICTURE + b"1", *[PICTURE] * 10]
    room.burst(3, bodies)
    for receiver in receivers:
        other = reader()
        assert [other.unprotect_rtp(receiver.recv(2000))[12:] for _ in range(17)] == [PICTURE] * 2 + bodies
    assert room.counters.packets_out == 17 * 3
    assert room.counters.bytes_out == 3 * sum(12 + len(each) + 16 for each in [PICTURE] * 2 + bodies)
    assert not +room.counters.dropped
    room.socket.close()


@pytest.mark.parametrize("plane", planes.NAMES)
def test_a_kernel_that_cuts_nothing_up_is_sent_every_datagram_by_itself(
    plane: str, receivers: list[socket.socket]
) -> None:
    room = Room(plane, [each.getsockname() for each in receivers])
    if isinstance(room.plane, CompiledPlane):
        assert room.plane.batch.is_segmenting
        room.plane.batch.is_segmenting = False
    elif isinstance(room.plane, PythonPlane):
        assert room.plane.is_segmenting
        room.plane.is_segmenting = False
    room.burst(2, [PICTURE] * 3)
    for receiver in receivers:
        other = reader()
        assert [other.unprotect_rtp(receiver.recv(2000))[12:] for _ in range(4)] == [PICTURE] * 4
    assert room.counted()[0] == 12
    room.socket.close()


@pytest.mark.parametrize("plane", planes.NAMES)
def test_a_message_that_some_way_does_not_take_goes_as_datagrams(
    plane: str, receivers: list[socket.socket]
) -> None:
    # Of a socket without checksums the kernel takes no message that it would have to cut up.
    room = Room(plane, [each.getsockname() for each in receivers])
    room.socket._socket.setsockopt(socket.SOL_SOCKET, SO_NO_CHECK, 1)
    room.burst(2, [PICTURE] * 3)
    for receiver in receivers:
        other = reader()
        assert [other.unprotect_rtp(receiver.recv(2000))[12:] for _ in range(4)] == [PICTURE] * 4
    assert room.counted()[::2] == (12, {})
    room.socket.close()


@pytest.mark.parametrize("plane", planes.NAMES)
@pytest.mark.parametrize("packets", [1, 3])
def test_a_place_that_cannot_be_reached_keeps_nobody_else(
    plane: str, packets: int, receivers: list[socket.socket]
) -> None:
    room = Room(plane, [receivers[0].getsockname(), ("127.0.0.1", 0), receivers[1].getsockname()])
    room.burst(2, [PICTURE] * packets)
    for receiver in receivers[:2]:
        assert [len(receiver.recv(2000)) > 1000 for _ in range(1 + packets)] == [True] * (1 + packets)
    size = 12 + len(PICTURE) + 16
    sent = 2 * (1 + packets)
    assert room.counted()[:3] == (sent, sent * size, {"send_failed": 1 + packets})
    room.socket.close()


@pytest.mark.parametrize("plane", planes.NAMES)
def test_a_socket_without_room_drops_pictures_until_there_is_room_again(plane: str) -> None:
    # UDP on loopback never fills its socket; a Unix socket that nobody reads from soon does.
    with tempfile.TemporaryDirectory() as directory, unix_socket() as ours, unix_socket() as theirs:
        place = f"{directory}/theirs"
        theirs.bind(place)
        raw = struct.pack("=H", socket.AF_UNIX) + place.encode() + b"\0"
        room = Room(plane, [("192.0.2.1", 9)] * 3, pair=Unix(ours, place), name=lambda address: raw)
        for sequence in range(2, 300):
            room.show(sequence)
        sent, dropped = room.counters.packets_out, room.counters.dropped["send_would_block"]
        assert 0 < sent < 299 * 3
        assert sent + dropped == 299 * 3
        assert [theirs.recv(2000)[:1] for _ in range(sent)] == [b"\x90"] * sent
        room.show(300)
        room.show(301)
        assert room.counters.packets_out == sent + 6
        assert sum(slot.packets for slot in room.slots) == sent + 6
        assert [bool(slot.outgoing.is_held) for slot in room.slots] == [False] * 3


class Unix:
    """Stand in for the socket's own methods where addresses are paths."""

    def __init__(self, made: socket.socket, place: str) -> None:
        self.fileno = made.fileno
        self._made, self._place = made, place

    def sendto(self, data: bytes, address: object) -> int:
        return self._made.sendto(data, self._place)


def unix_socket() -> socket.socket:
    made = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    made.setblocking(False)
    return made


@pytest.mark.parametrize("plane", planes.NAMES)
def test_a_relay_on_ipv6_reaches_both_families(plane: str) -> None:
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as six:
        six.bind(("::1", 0))
        six.settimeout(PATIENCE_SECONDS)
        room = Room(plane, [six.getsockname()], host="::1")
        room.show(2)
        other = reader()
        assert [other.unprotect_rtp(six.recv(2000))[12:] for _ in range(2)] == [PICTURE] * 2
        room.socket.close()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as four:
        four.bind(("127.0.0.1", 0))
        four.settimeout(PATIENCE_SECONDS)
        room = Room(plane, [("::ffff:127.0.0.1", four.getsockname()[1])], host="::")
        room.show(2)
        assert len(four.recv(2000)) == 12 + len(PICTURE) + 16
        room.socket.close()


def test_addresses_are_written_as_the_kernel_reads_them() -> None:
    assert socket_address(("1.2.3.4", 258)) == b"\x02\x00\x01\x02\x01\x02\x03\x04" + bytes(8)
    address = ("fe80::1%eth0", 258, 7, 3)
    raw = socket_address(address)  # as a socket of IPv6 names it
    assert raw == b"\x0a\x00\x01\x02\x00\x00\x00\x07\xfe\x80" + bytes(13) + b"\x01\x03\x00\x00\x00"
    assert raw[8:24] == socket.inet_pton(socket.AF_INET6, "fe80::1")
