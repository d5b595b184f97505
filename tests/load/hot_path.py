"""Where every microsecond of a packet goes: `python -m tests.load.hot_path` prints a table.

A room in one process with real SRTP and a real socket: everybody sends VP8 at 25 frames of 3 packets and
Opus at 50 packets a second to all others, and what comes within a turn of the socket comes in one burst.
Each stage is measured together with those before it, with the next one taken away; the difference is its own.
Times are of the CPU, warm, and the least of many short runs: what waking up, cold caches and a receiving
process add is the business of `tests.load.calls`. The floor is libsrtp and `sendto` alone, in Python.
"""

import argparse
import socket
import struct
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, cast

from realtime.relay.clock import MILLISECOND, SECOND
from realtime.relay.compiled.plane import CompiledPlane
from realtime.relay.counters import Counters
from realtime.relay.packets import rtcp
from realtime.relay.python_plane import PythonPlane
from realtime.relay.transport import messages, srtp
from realtime.relay.transport.address import socket_address
from realtime.relay.transport.doorbell import turn_seconds
from realtime.relay.transport.inlet import Intake
from realtime.relay.transport.udp_mux import DATAGRAMS_PER_WAKE_UP, UdpMux, UdpSocket
from tests.relay import planes
from tests.relay.device import Device
from tests.relay.network import RELAY_ADDRESS, World
from tests.relay.peer import AUDIO, VIDEO, FakeTrack

FRAMES, PACKETS_OF_FRAME, WORDS = 25, 3, 50
VIDEO_BYTES, VOICE_BYTES = 1028, 80
STAGES = {
    "python": ("gate", "unprotect", "ingress", "forward", "send"),
    # C decrypts and renumbers, then sends; then Python takes note.
    "compiled": ("take in", "send", "note"),
}
_AT_ONCE = 150
_TAG_BYTES = 16
_WARM_UP_FRAMES = 200
_TICKS = 50

Datagram = tuple[int, bytes, tuple[str, int]]


def nothing(*arguments: object) -> bool:
    """Stand where the next stage would be."""
    return True


class Nobody:
    """Stand where a peer, its owner or the gate would be."""

    srtp = on_rtp = datagrams = held = staticmethod(nothing)
    intake: Intake | None = None


class NobodyThere(list[None]):
    """Stand where a fan-out would be, and have subscribers."""

    forward = staticmethod(nothing)


class NoLanes:
    """Stand where lanes would be, and always have room."""

    def carry(self, packets: object) -> list[tuple[int, int]]:
        """Send nothing."""
        return []


class Sender:
    """Make what one person sends, encrypted."""

    def __init__(self, device: Device, number: int, *, skip: int = 0) -> None:
        self.device = device
        self._voice = FakeTrack(AUDIO, 2 * number + 1, mid="0", level=0x80 | 30, sequence=skip)
        self._picture = FakeTrack(VIDEO, 2 * number + 2, mid="1", sequence=skip)
        self._frames = 0

    def frame(self, *, is_key: bool = False) -> Iterator[bytes]:
        """Make the packets of one picture, as libvpx writes them."""
        self._frames += 1
        picture, index = 0x8000 | self._frames & 0x7FFF, self._frames & 0xFF
        for place in range(PACKETS_OF_FRAME):
            first = 0x80 if place else 0x90
            descriptor = struct.pack("!BBHBB", first, 0xE0, picture, index, 0)
            payload = descriptor + bytes([not (is_key and place == 0)]) + bytes(VIDEO_BYTES)
            is_last = place == PACKETS_OF_FRAME - 1
            yield self._protect(
                self._picture.packet(payload, marker=is_last, advance=0 if place else 1 / FRAMES)
            )

    def word(self) -> bytes:
        """Make one packet of voice."""
        return self._protect(self._voice.packet(bytes(VOICE_BYTES), advance=1 / WORDS))

    def _protect(self, packet: bytes) -> bytes:
        assert self.device.publisher.dtls is not None
        assert self.device.publisher.dtls.srtp is not None
        return self.device.publisher.dtls.srtp.protect_rtp(packet)


class Room:
    """Hold a room in which everybody gets everything, and a socket that nobody reads at the end of it."""

    def __init__(self, folder: Path, people: int) -> None:
        self.world = world = World(folder, audio_slots=16, video_slots=16)
        self.counters = Counters()
        self.udp = UdpSocket(host="127.0.0.1", port=0, counters=self.counters)
        self.sink = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sink.bind(("127.0.0.1", 0))
        self._spare = 0
        self.senders = [Sender(Device(world, f"c{number}").join(), number) for number in range(people)]
        for viewer in world.relay.rooms["room-1"]._viewers.values():
            viewer._last_n = people
        for sender in self.senders:
            world.network.nodes[sender.device.subscriber.address] = lambda data, source: None
        for count in range(_WARM_UP_FRAMES):
            self._warm_up(is_key=count % 5 == 0)
        self._connect(world.plane)
        for peer in self.subscribers:
            peer.ice.selected = self.sink.getsockname()
            peer._lead()

    def _connect(self, plane: Any) -> None:  # of either kind
        """Let the plane send on the socket, to where addresses say."""
        plane.name_of = socket_address
        if isinstance(plane, PythonPlane):
            kernel = messages.load()
            assert kernel is not None, "Linux only"
            places = [place for _, place, _ in plane.places]
            plane.messages = messages.Messages(kernel, self.udp.descriptor, places)
        else:
            plane.batch.socket, plane.batch.is_segmenting = self.udp.descriptor, True

    def _warm_up(self, *, is_key: bool) -> None:
        """Send a picture of everybody, and let browsers say that their networks carry it all."""
        for sender in self.senders:
            estimate = rtcp.build_receiver_report(1) + rtcp.build_remb(1, 20_000_000, [1])
            sender.device.subscriber.send_rtcp(estimate)
            for data in [*sender.frame(is_key=is_key), sender.word(), sender.word()]:
                self.world.network.send(sender.device.publisher.address, data, RELAY_ADDRESS)
        self.world.network.deliver()
        self.world.advance(1 / FRAMES)

    @property
    def publishers(self) -> list[Any]:  # their privates are taken away
        """Return the relay's ends of the publish connections."""
        return [line.peer for held in self.world.relay.connections.values() for line in held.publishers]

    @property
    def subscribers(self) -> list[Any]:
        """Return the relay's ends of the subscribe connections."""
        return [line.peer for held in self.world.relay.connections.values() for line in held.subscribers]

    def second(self, *, is_spare: bool) -> list[Datagram]:
        """Make a second of everybody's media; spare media is of streams that nothing else here meets."""
        made: list[Datagram] = []
        self._spare += is_spare
        for place, sender in enumerate(self.senders):
            source, address = sender, sender.device.publisher.address
            if is_spare:
                source = Sender(sender.device, 1000 + place, skip=100 * self._spare)
            began = self.world.clock.ns + place * 40 * MILLISECOND // len(self.senders)
            for count in range(FRAMES):
                made += [(began + count * SECOND // FRAMES, data, address) for data in source.frame()]
            for count in range(WORDS):
                made.append((began + count * SECOND // WORDS, source.word(), address))
        return sorted(made, key=lambda each: each[0])

    def without(self, stage: str) -> ExitStack:
        """Take away what comes after a stage."""
        taken = ExitStack()

        def take(owner: Any, name: str, other: object) -> None:  # whatever it is of
            taken.callback(setattr, owner, name, getattr(owner, name))
            setattr(owner, name, other)

        if stage == "gate":
            for path in self.world.mux._paths.values():
                take(path, "peer", Nobody)
        elif stage == "unprotect":
            for peer in self.publishers:
                take(peer, "_owner", Nobody)
        elif stage == "ingress":
            for held in self.world.relay.connections.values():
                for producer in held.producers.values():
                    for encoding in producer.encodings:
                        if encoding.subscribers:
                            take(encoding, "subscribers", NobodyThere([None]))
        elif stage == "forward":
            take(self.world.plane, "lanes", lambda slots: NoLanes())
        elif stage in ("take in", "send") and isinstance(self.world.plane, CompiledPlane):
            take(self.world.plane.intake, "_note", nothing)
            if stage == "take in":
                take(self.world.plane.batch, "socket", -1)
            return taken
        # Lanes are made anew, of what is there now.
        self.world.plane._changed()
        return taken

    def stage(self, stage: str) -> float:
        """Measure everything up to and with a stage: microseconds for a packet that comes in."""
        packets, best = self.second(is_spare=stage in ("gate", "unprotect")), float("inf")
        if stage in STAGES["compiled"]:
            self._run(packets[:_AT_ONCE])  # so that C knows where to send
            del packets[:_AT_ONCE]
        with self.without(stage):
            for start in range(0, len(packets), _AT_ONCE):
                best = min(best, self._run(packets[start : start + _AT_ONCE]))
        return best

    def _run(self, packets: Sequence[Datagram]) -> float:
        world = self.world
        turn_ns = turn_seconds(len(self.senders) * (FRAMES * PACKETS_OF_FRAME + WORDS)) * SECOND
        bursts: list[tuple[int, list[tuple[bytes, tuple[str, int]]]]] = []
        for at_ns, data, address in packets:
            if not bursts or at_ns - bursts[-1][0] >= turn_ns:
                bursts.append((at_ns, []))
            bursts[-1][1].append((data, address))
        took = 0
        for at_ns, taken in bursts:
            world.clock.ns = at_ns
            intake = world.mux.intake
            if intake is not None:
                intake.hold(taken)  # as reading a socket does
            began = time.process_time_ns()
            with world.plane.burst(world.counters):
                world.mux.datagrams(taken) if intake is None else world.mux.held(intake)
            took += time.process_time_ns() - began
        return took / 1000 / len(packets)

    def receive(self) -> float:
        """Measure the reading of the socket alone, in microseconds for a datagram."""
        best, data = float("inf"), bytes(VIDEO_BYTES)
        Nobody.intake = self.world.mux.intake
        self.udp._mux = cast(UdpMux, Nobody)
        for _ in range(100):
            for _ in range(DATAGRAMS_PER_WAKE_UP):
                self.sink.sendto(data, self.udp.address)
            began = time.process_time_ns()
            self.udp._take()
            best = min(best, (time.process_time_ns() - began) / 1000 / DATAGRAMS_PER_WAKE_UP)
        self.udp._mux = None
        return best

    def floor(self) -> float:
        """Measure libsrtp and `sendto` alone, in microseconds for a packet of the same mixture."""
        sizes = [VIDEO_BYTES + 27] * PACKETS_OF_FRAME * FRAMES + [VOICE_BYTES + 20] * WORDS
        sendto, address, best = self.udp._socket.sendto, self.sink.getsockname(), float("inf")
        session, place, length = self.subscribers[0]._srtp.session(0x7FFFFFFF), srtp._place, srtp.length
        views = {size: memoryview(srtp._memory)[: size + _TAG_BYTES] for size in sizes}
        srtp._memory[0:12] = struct.pack("!HHII", 0x8060, 1, 1, 0x7FFFFFFF)
        for _ in range(40):
            began = time.process_time_ns()
            for size in sizes:
                length[0] = size
                srtp.protect(session, place, length)
                sendto(views[size], address)
            best = min(best, (time.process_time_ns() - began) / 1000 / len(sizes))
        return best

    def ticks(self) -> tuple[float, float]:
        """Measure a second of timers while everybody is heard: milliseconds in all, and the longest."""
        took: list[float] = []
        for _ in range(_TICKS):
            self.world.clock.ns += SECOND // _TICKS
            for peer in [*self.publishers, *self.subscribers]:
                peer.last_ns = self.world.clock.ns
            for held in self.world.relay.connections.values():
                for producer in held.producers.values():
                    for encoding in producer.encodings:
                        encoding.last_ns = encoding.last_ns and self.world.clock.ns
            began = time.process_time_ns()
            self.world.relay.tick()
            took.append((time.process_time_ns() - began) / 1_000_000)
        return sum(took), max(took)


def main(arguments: Sequence[str]) -> int:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.load.hot_path", description=__doc__)
    parser.add_argument("--people", type=int, default=12)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--data-plane", choices=planes.NAMES, default="python")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder, planes.forwarding(given.data_plane):
        room = Room(Path(folder), given.people)
        upto = dict.fromkeys(STAGES[given.data_plane], float("inf"))
        floor = receive = float("inf")
        for _ in range(given.rounds):
            floor, receive = min(floor, room.floor()), min(receive, room.receive())
            for stage in upto:
                upto[stage] = min(upto[stage], room.stage(stage))
        ticks, longest = min(room.ticks() for _ in range(given.rounds))
    fan = given.people - 1
    lines = [f"{'':12}{'a packet in':>14}{'a packet out':>14}   in us of one core"]
    lines.append(f"{'receive':12}{receive:14.2f}{receive / fan:14.2f}")
    before = 0.0
    for stage, sum_of_them in upto.items():
        lines.append(f"{stage:12}{sum_of_them - before:14.2f}{(sum_of_them - before) / fan:14.2f}")
        before = sum_of_them
    out = given.people * fan * (FRAMES * PACKETS_OF_FRAME + WORDS)
    total = (receive + before) / fan + ticks * 1000 / out
    lines.append(f"{'timers':12}{'':14}{ticks * 1000 / out:14.2f}   the longest {longest:.1f} ms")
    lines.append(f"{'all':12}{'':14}{total:14.2f}   {total / floor:.2f} of the floor, {floor:.2f}")
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
