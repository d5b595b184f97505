"""Which data plane the relay forwards with, and the proof at start-up that it does what it should."""

from collections.abc import Sequence

from aiortc.rtcdtlstransport import SRTP_PROFILES

from realtime.relay.compiled.library import Library, MissingLibraryError, load
from realtime.relay.compiled.plane import CompiledPlane
from realtime.relay.counters import Counters
from realtime.relay.downlink.outgoing import Outgoing
from realtime.relay.packets.vp8 import NO_DESCRIPTOR
from realtime.relay.plane import DataPlane, PlaneName
from realtime.relay.python_plane import PythonPlane
from realtime.relay.transport.gate import Rate
from realtime.relay.transport.inlet import Arrival, Datagram, Packet, Standing
from realtime.relay.transport.peer import Send
from realtime.relay.transport.srtp import Srtp

_WORDS = b"self-test" * 8


def choose(wanted: PlaneName, *, counters: Counters, send: Send, descriptor: int) -> DataPlane:
    """Make the plane that was asked for; `auto` takes the compiled one where it was built.

    Raise MissingLibraryError when the compiled one must be there and is not, or does not work.
    """
    if wanted != "python":
        try:
            library = load()
            prove(library)
        except MissingLibraryError:
            if wanted == "compiled":
                raise
        else:
            return CompiledPlane(library, counters=counters, send=send, descriptor=descriptor)
    return PythonPlane(counters=counters, send=send, descriptor=descriptor)


def prove(library: Library) -> None:
    """Let C send a packet and take it in again; raise MissingLibraryError when it does not come out alike."""
    keys = [bytes([number]) * 128 for number in (1, 2)]
    ours, theirs = (_srtp(*each) for each in (keys, reversed(keys)))
    here, sent, proof = ("127.0.0.1", 9), list[Datagram](), Proof()
    plane = CompiledPlane(
        library, counters=Counters(), send=lambda data, address: sent.append((data, address))
    )
    route = plane.route()
    route.lead(ours, here)
    slot = Outgoing(ssrc=proof.ssrc, first_sequence=1, first_timestamp=2, rate=1, route=route)
    slot.sequence_shift, slot.timestamp_shift = 1, 2
    plane.lanes([slot]).carry([(0, 0, 0x806F, _WORDS, NO_DESCRIPTOR, True, 1)])
    inlet = plane.inlet()
    inlet.open(theirs)
    inlet.reach(here, Rate(1))
    inlet.go_on(proof)
    plane.intake.hold(sent)
    if plane.intake.take(0) or proof.came != [(1, 2, 0x806F, _WORDS)]:
        raise MissingLibraryError(
            "The compiled data plane does not work here: a packet did not survive it. Start the relay with "
            "--data-plane python."
        )


class Proof:
    """Be a voice of which the first packet is still to come."""

    ssrc, payload, head, rate, is_video, level_id = 7, 0x6F, 0x8000 | 0x6F, 48_000, False, 0

    def __init__(self) -> None:
        self.came: list[tuple[int, int, int, bytes]] = []

    def standing(self) -> Standing:
        """Say that number 1 comes next."""
        return Standing(0, 0, 0, 0, 0, 0, 10, 0, 0, 0.0)

    def went_on(self, arrival: Arrival, body: bytes, octets: int, level: int, now_ns: int) -> Packet:
        """Keep it."""
        sequence, timestamp, _, head, *_ = arrival
        self.came.append((sequence, timestamp, head, body))
        return sequence, timestamp, head, body, NO_DESCRIPTOR, True, now_ns

    def forward(self, packet: Packet) -> None:
        """Do nothing."""

    def sent(self, packets: Sequence[Packet], no_room: Sequence[tuple[int, int]]) -> None:
        """Do nothing."""

    def decrypted(self, data: bytes, now_ns: int) -> None:
        """Do nothing."""


def _srtp(send_key: bytes, receive_key: bytes) -> Srtp:
    return Srtp(profile=SRTP_PROFILES[0], receive_key=receive_key, send_key=send_key)
