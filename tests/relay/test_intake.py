"""What C takes in by itself goes out alike, and ends in the same state, as what Python takes in."""

import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from realtime.relay.clock import MILLISECOND
from realtime.relay.compiled import choice, flow, intake, lanes
from realtime.relay.compiled.intake import Intake
from realtime.relay.compiled.lanes import CompiledLanes
from realtime.relay.compiled.library import MissingLibraryError, load
from realtime.relay.downlink.consumer import Consumer
from realtime.relay.facts.liveness import SILENT_AFTER_NS
from realtime.relay.transport.address import read_socket_address, socket_address
from realtime.relay.transport.gate import PACKETS_PER_SECOND
from realtime.relay.transport.ice_lite import Address
from realtime.relay.transport.peer import Peer
from realtime.relay.transport.udp_mux import DATAGRAMS_PER_WAKE_UP
from realtime.relay.uplink.encoding import Encoding
from tests.relay import planes
from tests.relay.device import Device
from tests.relay.loopback import Loopback
from tests.relay.network import World, world
from tests.relay.simulcast import SimulcastDevice
from tests.relay.uplink_story import VOICE_BYTES, key, tell


@given(seed=st.integers(0, 2**32))
@settings(max_examples=8)
def test_one_story_is_the_same_whoever_takes_it_in(seed: int) -> None:
    python, compiled = (tell(plane, seed, 150) for plane in ("python", "compiled"))
    assert python["counted"][0] > 100
    for part in python:
        assert compiled[part] == python[part], part


class Talk:
    """Let one person speak to another, and take in with C."""

    def __init__(self, stage: World) -> None:
        self.world = stage
        self.speaker = SimulcastDevice(stage, "a")
        self.speaker.join()
        self.listener = Device(stage, "b").join()
        self.speak(3)
        self.begun = len(self.heard)
        assert isinstance(stage.plane.intake, Intake)
        self.intake = stage.plane.intake

    def speak(self, packets: int = 1) -> None:
        for _ in range(packets):
            self.world.clock.ns += 20 * MILLISECOND
            self.send(self.voice())

    def voice(self) -> bytes:
        return self.speaker.voice_layer.packet(bytes(VOICE_BYTES), advance=0.02)

    def send(self, *packets: bytes) -> None:
        """Let packets come together."""
        peer = self.speaker.publisher
        assert peer.dtls is not None
        assert peer.dtls.srtp is not None
        for packet in packets:
            peer.send(peer.dtls.srtp.protect_rtp(packet))
        self.world.network.deliver()

    @property
    def heard(self) -> list[bytes]:
        return self.listener.subscriber.rtp

    @property
    def count(self) -> int:
        """Say how many packets the listener has got since it began."""
        return len(self.heard) - self.begun

    @property
    def sizes(self) -> tuple[int, int, int]:
        """Say how much of flows, addresses and exhausted rates is kept."""
        return len(self.intake.flows), self.intake.memory.path_count, len(self.intake._spent)


@pytest.fixture
def talk(tmp_path: Path) -> Iterator[Talk]:
    with planes.forwarding("compiled"), world(tmp_path) as stage:
        yield Talk(stage)


@contextmanager
def nothing_for_python() -> Iterator[None]:
    def refuse(*anything: object) -> None:
        raise AssertionError("Python was asked")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Peer, "srtp", refuse)
        patch.setattr(Encoding, "receive", refuse)
        patch.setattr(Consumer, "forward", refuse)
        yield


def test_what_simply_goes_on_is_taken_in_and_sent_on_without_a_look(talk: Talk) -> None:
    with nothing_for_python():
        talk.speak(200)
    assert talk.count == 200
    assert talk.world.counters.dropped["datagram_fault"] == 0
    with nothing_for_python():
        talk.voice()
        talk.speak()
    assert talk.world.counters.dropped["datagram_fault"] == 1, "after a gap Python looks"


def test_a_forged_packet_stops_nothing_and_a_lost_one_only_until_the_next(talk: Talk) -> None:
    peer = talk.speaker.publisher
    assert peer.dtls is not None
    assert peer.dtls.srtp is not None
    sealed = peer.dtls.srtp.protect_rtp(talk.voice())
    with nothing_for_python():
        peer.send(sealed[:-1] + bytes([sealed[-1] ^ 1]))
        peer.send(sealed)
        talk.world.network.deliver()
    assert talk.world.counters.dropped == {"srtp_or_rtp_invalid": 1}
    assert talk.count == 1
    talk.voice()
    talk.speak()
    with nothing_for_python():
        talk.speak(5)
    assert talk.count == 7


def test_what_ends_a_silence_is_written_before_it_is_sent_on(talk: Talk) -> None:
    written: list[str] = []

    def carry(*anything: object) -> list[tuple[int, int]]:
        written.append(talk.world.facts()[-1]["kind"])
        return []

    talk.world.clock.ns += 1000 * MILLISECOND
    with nothing_for_python():
        talk.send(talk.voice())
    assert talk.count == 1, "after a second it still simply goes on"
    talk.world.clock.ns += SILENT_AFTER_NS
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(CompiledLanes, "carry", carry)
        talk.send(talk.voice())
    assert written == ["resumed"]
    with nothing_for_python():
        talk.speak()


def test_python_and_c_agree_on_where_everything_lies() -> None:
    ffi = load().ffi
    sizes = [
        ("struct path", intake._PATH), ("struct taken", intake._ROW), ("struct packet", lanes._PACKET),
    ]  # fmt: skip
    assert [(name, ffi.sizeof(name)) for name, _ in sizes] == [(name, each.size) for name, each in sizes]
    assert ffi.offsetof("struct flow", "lanes") == flow._FLOW.size
    assert ffi.offsetof("struct flow", "round") == flow._FLOW.size + flow._LANES.size
    first, behind = (ffi.offsetof("struct intake", name) for name in ("left_count", "voice"))
    assert behind - first == intake._COUNTS.size


def test_who_may_not_be_heard_is_not_sent_on_from_that_moment_and_still_counts_as_there(talk: Talk) -> None:
    allow = {"connection": "a", "camera": True, "screen": True}
    talk.world.ask("connection.allow", microphone=False, **allow)
    talk.speak(10)
    assert talk.count == 0
    assert talk.world.counters.dropped["not_allowed"] == 10
    assert talk.world.relay.connections["a"].producers["microphone"].packets == 13
    talk.world.ask("connection.allow", microphone=True, **allow)
    talk.speak(10)
    assert talk.count == 10


def test_what_nobody_hears_or_what_was_negotiated_anew_is_left_to_python(
    talk: Talk,
) -> None:
    talk.speaker.negotiate()
    assert talk.sizes[0] == 0
    talk.speak(2)
    assert (talk.count, talk.sizes[0]) == (2, 1)
    talk.world.ask("connection.close", connection="b", reason="left")
    with nothing_for_python():
        talk.speak()
    assert talk.world.counters.dropped["datagram_fault"] == 1


def test_who_has_gone_leaves_nothing_behind_and_is_not_taken_in(talk: Talk) -> None:
    assert talk.sizes == (1, 2, 0)
    talk.world.ask("connection.close", connection="a", reason="left")
    assert talk.sizes == (0, 1, 0)
    before = talk.world.counters.dropped["unproven_address"]
    talk.send(talk.voice())
    assert talk.world.counters.dropped["unproven_address"] == before + 1


def test_who_sends_too_much_is_held_to_the_rate_until_the_next_second(talk: Talk) -> None:
    talk.world.clock.ns += 1000 * MILLISECOND
    many = [talk.voice() for _ in range(PACKETS_PER_SECOND + 200)]
    talk.send(*many)
    spent = talk.world.counters.dropped["packet_rate"]
    assert 200 - DATAGRAMS_PER_WAKE_UP <= spent <= 200
    assert talk.count == len(many) - spent
    assert talk.sizes[2] == 1
    talk.world.clock.ns += 1000 * MILLISECOND
    talk.speak(2)
    assert talk.count == len(many) - spent + 2
    assert talk.sizes[2] == 0


def test_more_than_a_wake_up_brings_is_taken_in_by_turns(talk: Talk) -> None:
    peer = talk.speaker.publisher
    assert peer.dtls is not None
    assert peer.dtls.srtp is not None
    made = [peer.dtls.srtp.protect_rtp(talk.voice()) for _ in range(3 * DATAGRAMS_PER_WAKE_UP + 5)]
    talk.world._take([(each, peer.address) for each in made])
    talk.world.network.deliver()
    assert talk.count == len(made)


def test_a_socket_that_cannot_be_read_is_counted_and_one_that_is_empty_is_not(talk: Talk) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as empty:
        assert talk.intake.read(empty.fileno(), []) == 0
    assert talk.world.counters.dropped["receive_failed"] == 0
    assert talk.intake.read(-1, []) == 0
    assert talk.world.counters.dropped["receive_failed"] == 1


def test_one_packet_that_cannot_be_noted_is_a_fault_and_keeps_no_other(talk: Talk) -> None:
    camera, layer = talk.speaker.encoding(0), talk.speaker.layers[0]
    talk.send(layer.packet(key(1)))
    camera.cache = Broken()  # type: ignore[assignment]
    microphone = talk.world.relay.connections["a"].producers["microphone"]
    before = microphone.packets
    with nothing_for_python():
        talk.send(layer.packet(key(2)), talk.voice())
    assert talk.world.counters.dropped == {"datagram_fault": 1}
    assert microphone.packets == before + 1


class Broken:
    """Keep nothing."""

    def put(self, sequence: int, packet: object) -> None:
        """Fail."""
        raise RuntimeError


class Narrow(Loopback):
    """Have room for a few datagrams only, as a Unix socket has that nobody reads from."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._ours = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._ours.setblocking(False)
        self.theirs = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.theirs.bind(str(folder / "theirs"))
        self._name = struct.pack("=H", socket.AF_UNIX) + bytes(folder / "theirs") + b"\0"
        self._sockets += [self._ours, self.theirs]

    @property
    def descriptor(self) -> int:
        return self._ours.fileno()

    def name(self, address: Address) -> bytes:
        return self._name


def test_what_finds_no_room_is_given_back_to_the_slot_that_it_was_meant_for(tmp_path: Path) -> None:
    wire = Narrow(tmp_path)
    with planes.forwarding("compiled"), world(tmp_path, wire=wire) as stage:
        talk, counters = Talk(stage), stage.counters
        with nothing_for_python():
            while not counters.dropped["send_would_block"]:
                talk.speak()
        (slot,) = [
            slot for each in stage.relay.connections["b"].subscribers for slot in each.audio if slot.packets
        ]
        assert sum(1 for _ in iter(lambda: _take_one(wire.theirs), None)) == counters.packets_out
        waiting = slot.packets - counters.packets_out - talk.begun
        assert (waiting, slot.outgoing.is_held, slot.outgoing.progress) == (1, True, None)
        talk.speak()
        assert (talk.count, slot.outgoing.is_held) == (2, False), "the voice that waited goes first"


def _take_one(theirs: socket.socket) -> bytes | None:
    theirs.setblocking(False)
    try:
        return theirs.recv(2048)
    except BlockingIOError:
        return None


@given(
    address=st.one_of(
        st.tuples(st.ip_addresses(v=4).map(str), st.integers(0, 65_535)),
        st.tuples(
            st.ip_addresses(v=6).map(lambda each: socket.inet_ntop(socket.AF_INET6, each.packed)),
            st.integers(0, 65_535),
            st.integers(0, 2**20),
            st.just(0),
        ),
    )
)
def test_an_address_is_read_as_it_was_written(address: Any) -> None:
    assert read_socket_address(socket_address(address).ljust(32, b"\0")) == address


def test_an_address_of_one_interface_is_named_as_pythons_sockets_name_it() -> None:
    index = socket.if_nametoindex("lo")
    named: Any = ("fe80::1%lo", 9, 0, index)
    assert read_socket_address(socket_address(named)) == named


@pytest.mark.parametrize("missing", ["fan_out", "take_in"])
def test_a_library_that_does_not_do_its_work_is_found_out_at_the_start(missing: str) -> None:
    works = load()
    choice.prove(works)

    class Idle:
        def __getattr__(self, name: str) -> Any:  # whatever C has of the name
            return (lambda *anything: 1) if name == missing else getattr(works.lib, name)

    with pytest.raises(MissingLibraryError, match="does not work here"):
        choice.prove(replace(works, lib=Idle()))
