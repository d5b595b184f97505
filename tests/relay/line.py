"""One subscribe peer connection with keys that are simply there, and slots on it, for either data plane."""

from dataclasses import dataclass, field
from typing import Any, cast

from aiortc.rtcdtlstransport import SRTP_PROFILES

from realtime.relay.counters import Counters
from realtime.relay.downlink.consumer import Consumer
from realtime.relay.transport.ice_lite import Address, IceLite
from realtime.relay.transport.peer import Peer, PeerOwner
from realtime.relay.transport.srtp import Srtp
from realtime.wire.relay import MediaKind
from tests.relay import planes
from tests.relay.network import CERTIFICATE

_OURS, _THEIRS = b"o" * 64, b"t" * 64


@dataclass
class Wire:
    """Take datagrams for as long as there is room; what a relay has of the kind is one socket."""

    plane_name: str
    counters: Counters = field(default_factory=Counters)
    sent: dict[Address, list[bytes]] = field(default_factory=dict)
    is_full: bool = False

    def __post_init__(self) -> None:
        self.plane = planes.make(counters=self.counters, send=self.send, name=self.plane_name)

    def send(self, data: bytes, address: Address) -> bool:
        """Do what `UdpSocket.send` does."""
        if self.is_full:
            self.counters.drop("send_would_block")
            return False
        self.sent.setdefault(address, []).append(data)
        self.counters.packets_out += 1
        self.counters.bytes_out += len(data)
        return True


class Line:
    """Be the peer at one address, connected from the start."""

    def __init__(self, wire: Wire, address: Address) -> None:
        self.address = address
        self.peer = Peer(
            number=1,
            direction="subscribe",
            generation=1,
            ice=IceLite(ufrag="u", password="p", counters=wire.counters),
            certificate=CERTIFICATE,
            send=wire.send,
            counters=wire.counters,
            owner=cast(PeerOwner, None),
            now_ns=0,
            route=wire.plane.route(),
        )
        self.peer._srtp = Srtp(profile=SRTP_PROFILES[0], receive_key=_THEIRS, send_key=_OURS)
        self.listen(True)

    def listen(self, is_listening: bool) -> None:
        """Be there, or let nothing be sent."""
        self.peer.is_listening = self.peer.is_connected = is_listening
        self.peer.ice.selected = self.address
        self.peer.tick(0)

    def slot(self, kind: MediaKind, ssrc: int, **options: Any) -> Consumer:  # as Consumer takes them
        """Make one slot."""
        return Consumer(
            mid="a0", kind=kind, ssrc=ssrc, send=self.peer.send_rtp, route=self.peer.route,
            **{"first_sequence": 1, "first_timestamp": 1, **options},
        )  # fmt: skip


def reader() -> Srtp:
    """Return the other side's keys."""
    return Srtp(profile=SRTP_PROFILES[0], receive_key=_OURS, send_key=_THEIRS)
