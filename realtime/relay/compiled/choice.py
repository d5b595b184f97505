"""Which data plane the relay forwards with, and the proof at start-up that it does what it should."""

import struct

from aiortc.rtcdtlstransport import SRTP_PROFILES

from realtime.relay.compiled.library import Library, MissingLibraryError, load
from realtime.relay.compiled.plane import CompiledPlane
from realtime.relay.counters import Counters
from realtime.relay.downlink.outgoing import Outgoing
from realtime.relay.packets.vp8 import NO_DESCRIPTOR
from realtime.relay.plane import DataPlane, PlaneName
from realtime.relay.python_plane import PythonPlane
from realtime.relay.transport.peer import Send
from realtime.relay.transport.srtp import Srtp


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
    """Let C send itself one packet, which must decrypt to what went in; else raise MissingLibraryError."""
    keys = [bytes([number]) * 128 for number in (1, 2)]
    ours, theirs = (_srtp(*each) for each in (keys, reversed(keys)))
    came: list[bytes] = []
    plane = CompiledPlane(library, counters=Counters(), send=lambda data, address: came.append(data))
    route = plane.route()
    route.lead(ours, ("127.0.0.1", 9))
    slot = Outgoing(ssrc=7, first_sequence=1, first_timestamp=2, rate=1, route=route)
    slot.sequence_shift, slot.timestamp_shift = 1, 2
    plane.lanes([slot]).carry([(0, 0, 0x806F, b"self-test", NO_DESCRIPTOR, True, 1)])
    wanted = struct.pack("!HHII", 0x806F, 1, 2, 7) + b"self-test"
    try:
        works = [theirs.unprotect_rtp(data) for data in came] == [wanted]
    except ValueError:
        works = False
    if not works:
        raise MissingLibraryError(
            "The compiled data plane does not work here: a packet did not survive it. Start the relay with "
            "--data-plane python."
        )


def _srtp(send_key: bytes, receive_key: bytes) -> Srtp:
    return Srtp(profile=SRTP_PROFILES[0], receive_key=receive_key, send_key=send_key)
