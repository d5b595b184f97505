"""What the two peer connections of one participant's device share."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from aiortc import RTCCertificate

from realtime.relay.counters import Counters
from realtime.relay.negotiation.sdp_write import Local
from realtime.relay.plane import ALONE, DataPlane
from realtime.relay.transport.dtls import Fingerprint
from realtime.relay.transport.ice_lite import Address, IceLite, random_ice_string
from realtime.relay.transport.peer import Direction, Peer, PeerOwner, Send
from realtime.relay.transport.udp_mux import UdpMux

Random = Callable[[int], int]


class PeerEvents(Protocol):
    """The connection a peer connection belongs to."""

    def authenticated(self, now_ns: int) -> None:
        """Some authenticated packet came; facts are written now, before anything is done with it."""

    def camera_authenticated(self, now_ns: int) -> None:
        """The packet was one of the camera's."""

    def peer_connected(self, peer: Peer, now_ns: int) -> None:
        """A peer connection is ready for media."""

    def peer_ended(self, peer: Peer, now_ns: int) -> None:
        """A peer connection is over."""


@dataclass(frozen=True, slots=True)
class Environment:
    """Everything from outside that the relay's parts need; tests give their own."""

    certificate: RTCCertificate
    fingerprint: Fingerprint
    candidates: tuple[Address, ...]
    send: Send
    mux: UdpMux
    counters: Counters
    random_below: Random
    audio_slots: int
    video_slots: int
    screen_slots: int = 1
    # How many cameras a subscriber is sent at most; who is in view and speaks comes first.
    last_n: int = 9
    plane: DataPlane = ALONE


class PeerFactory:
    """Make reachable peers, each with its own credentials and a number that is never used again."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._number = 0

    def make(self, *, direction: Direction, generation: int, owner: PeerOwner, now_ns: int) -> Peer:
        """Create a peer and let the socket find it."""
        environment = self._environment
        self._number += 1
        peer = Peer(
            number=self._number,
            direction=direction,
            generation=generation,
            ice=IceLite(
                ufrag=random_ice_string(8), password=random_ice_string(24), counters=environment.counters
            ),
            certificate=environment.certificate,
            send=environment.send,
            counters=environment.counters,
            owner=owner,
            now_ns=now_ns,
            route=environment.plane.route() if direction == "subscribe" else None,
            inlet=environment.plane.inlet() if direction == "publish" else None,
        )
        environment.mux.add(peer)
        return peer

    def restart(self, peer: Peer, remote_ufrag: str | None) -> None:
        """Give a peer new credentials beside the old ones; None when the other side is yet to answer."""
        environment = self._environment
        if peer.ice.restart(
            ufrag=random_ice_string(8), password=random_ice_string(24), remote_ufrag=remote_ufrag
        ):
            environment.counters.add("ice_restart")
        environment.mux.add(peer)

    def local(self, peer: Peer) -> Local:
        """Say how a peer is written into a session description."""
        return Local(
            ufrag=peer.ice.ufrag,
            password=peer.ice.password,
            fingerprint=self._environment.fingerprint,
            candidates=self._environment.candidates,
        )

    def end(self, peer: Peer) -> None:
        """Close a peer and let the socket forget it; idempotent."""
        self._environment.mux.remove(peer)
        peer.close()
