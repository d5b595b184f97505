"""One peer connection: its ICE credentials, its DTLS, its SRTP, and the path it is on."""

from collections.abc import Callable, Sequence
from typing import Literal, Protocol

from aiortc import RTCCertificate

from realtime.relay.clock import SECOND
from realtime.relay.counters import Counters
from realtime.relay.packets import rtcp, rtp
from realtime.relay.transport.dtls import HANDSHAKE_SECONDS, Dtls, DtlsState, Fingerprint
from realtime.relay.transport.gate import (
    DTLS_PER_SECOND,
    HANDSHAKE_DATAGRAMS_PER_SECOND,
    RTCP_PER_SECOND,
    Rate,
    StrangeChecks,
)
from realtime.relay.transport.ice_lite import Address, IceLite, Outcome
from realtime.relay.transport.inlet import Inlet
from realtime.relay.transport.route import Route
from realtime.relay.transport.srtp import Srtp

# RFC 7675: who has not been heard for so long gets nothing more. It also keeps the numbers that a sleeper
# misses far below 2^15, beyond which it could not decrypt what comes after.
CONSENT_NS = 30 * SECOND
# A browser begins as soon as a check is answered, mostly before its description has come by another way; a
# hello is one or two datagrams.
_EARLY_KEPT = 4

Direction = Literal["publish", "subscribe"]
# False says that the socket's buffer is full: what is sent next had better be voice.
Send = Callable[[bytes, Address], bool | None]


class PeerOwner(Protocol):
    """Whoever holds the peer; called only for packets that have authenticated."""

    def on_check(self, peer: "Peer", now_ns: int) -> None:
        """A STUN check came."""

    def on_rtp(self, peer: "Peer", data: bytes, now_ns: int) -> None:
        """An RTP packet came."""

    def on_rtcp(self, peer: "Peer", data: bytes, now_ns: int) -> None:
        """A compound RTCP packet came."""

    def on_connected(self, peer: "Peer", now_ns: int) -> None:
        """Keys are there; media may flow."""

    def on_ended(self, peer: "Peer", now_ns: int) -> None:
        """It has failed, or the other side has closed it."""


class Peer:
    """Take datagrams of one peer connection and hand what is authentic to the owner."""

    def __init__(
        self,
        *,
        number: int,
        direction: Direction,
        generation: int,
        ice: IceLite,
        certificate: RTCCertificate,
        send: Send,
        counters: Counters,
        owner: PeerOwner,
        now_ns: int,
        route: Route | None = None,
        inlet: Inlet | None = None,
    ) -> None:
        self.number = number
        self.direction: Direction = direction
        self.generation = generation
        self.ice = ice
        self.fingerprints: Sequence[Fingerprint] = ()
        self.is_connected = False
        # Connected, and heard of lately: nothing is sent to a place that has long been silent.
        self.is_listening = False
        self.is_ended = False
        self.route = route
        self.inlet = inlet
        self._certificate = certificate
        self._send = send
        self._counters = counters
        self._owner = owner
        self._dtls: Dtls | None = None
        self._early: list[bytes] = []
        self._srtp: Srtp | None = None
        self._reached_ns: int | None = None
        self.strange_checks = StrangeChecks()
        self._rtcp_rate = Rate(RTCP_PER_SECOND)
        self._dtls_rate = Rate(HANDSHAKE_DATAGRAMS_PER_SECOND)
        # When the newest authentic packet came, or else when it began.
        self.last_ns = now_ns

    def check(self, data: bytes, address: Address, now_ns: int) -> Outcome | None:
        """Answer a STUN check; say what became of the address, or None when it was not authentic."""
        outcome = self.ice.check(data, address, now_ns)
        if outcome is None:
            return None
        self._send(outcome.reply, address)
        self._lead()
        if not outcome.is_proof:
            return outcome
        if outcome.has_moved:
            self._counters.add("path_moved")
        if self._reached_ns is None:
            self._reached_ns = now_ns
        self.last_ns = now_ns
        self._owner.on_check(self, now_ns)
        return outcome

    def dtls(self, data: bytes, now_ns: int) -> None:
        """Take a DTLS datagram; the first few wait for the other side's fingerprint, if need be."""
        if self.is_ended or not self.fingerprints:
            if self.is_ended or len(self._early) >= _EARLY_KEPT:
                self._counters.drop("dtls_too_early")
            else:
                self._early.append(data)
            return
        if not self._dtls_rate.passes(now_ns):
            self._counters.drop("dtls_rate")
            return
        if self._dtls is None:
            self._dtls = Dtls(
                certificate=self._certificate,
                is_server=True,
                fingerprints=self.fingerprints,
                send=self._transmit,
            )
        if not self._dtls.datagram(data):
            self._counters.drop("dtls_unwanted")
        self._follow(self._dtls, now_ns)

    def expect(self, fingerprints: Sequence[Fingerprint], now_ns: int) -> None:
        """Take what the other side's certificate must be; what has come before that is looked at now."""
        self.fingerprints = fingerprints
        early, self._early = self._early, []
        for data in early:
            self.dtls(data, now_ns)

    def srtp(self, data: bytes, now_ns: int) -> None:
        """Take an SRTP or SRTCP packet."""
        srtp = self._srtp
        if srtp is None:
            self._counters.drop("srtp_too_early")
            return
        try:
            if rtp.is_rtcp(data):
                if self._rtcp_rate.passes(now_ns):
                    plain = srtp.unprotect_rtcp(data)
                    self.last_ns = now_ns
                    self._owner.on_rtcp(self, plain, now_ns)
                else:
                    self._counters.drop("rtcp_rate")
            else:
                plain = srtp.unprotect_rtp(data)
                self.last_ns = now_ns
                self._owner.on_rtp(self, plain, now_ns)
        except ValueError:
            self._counters.drop("srtp_or_rtp_invalid")

    def send_rtp(self, packet: bytes) -> bool:
        """Encrypt and send one RTP packet; say whether there was room for it.

        Without keys or a path it is a counted no-op.
        """
        srtp, address = self._srtp, self.ice.selected
        if srtp is None or address is None or not self.is_listening:
            self._counters.drop("send_without_path")
            return True
        try:
            data = srtp.protect_rtp(packet)
        except ValueError:
            self._counters.drop("send_unprotectable")
            return True
        return self._send(data, address) is not False

    def send_rtcp(self, packets: list[bytes]) -> None:
        """Encrypt and send RTCP packets as one compound packet, opened by a report as RFC 3550 wants it."""
        srtp, address = self._srtp, self.ice.selected
        if srtp is None or address is None or not self.is_listening or not packets:
            return
        if packets[0][1] not in (rtcp.SR, rtcp.RR):
            packets = [rtcp.build_receiver_report(rtcp.RELAY_SSRC), *packets]
        try:
            data = srtp.protect_rtcp(b"".join(packets))
        except ValueError:
            self._counters.drop("send_unprotectable")
            return
        self._send(data, address)

    def tick(self, now_ns: int) -> None:
        """Send handshake flights again, end what takes too long, and let sleepers be."""
        if self.is_ended:
            return
        self.is_listening = self.is_connected and now_ns - self.last_ns < CONSENT_NS
        self._lead()
        if self._dtls is not None:
            self._dtls.tick(now_ns)
            self._follow(self._dtls, now_ns)
        if (
            not self.is_connected
            and self._reached_ns is not None
            and now_ns - self._reached_ns >= HANDSHAKE_SECONDS * SECOND
        ):
            self._counters.drop("handshake_deadline")
            self._end(now_ns)

    def give_up(self, now_ns: int) -> None:
        """End it because the other side has been still for too long."""
        self._counters.add("peer_dead")
        self._end(now_ns)

    def close(self) -> None:
        """End it from our side and tell the other; idempotent."""
        self.is_ended = True
        self.is_connected = self.is_listening = False
        if self._dtls is not None:
            self._dtls.close()
        self._drop_keys()

    def forget(self, address: Address) -> None:
        """Give an address up, because another peer connection has proven to be there now."""
        self.ice.forget(address)
        self._lead()

    def _lead(self) -> None:
        """Tell a data plane that sends by itself where to, and with which keys, if at all."""
        if self.route is not None:
            self.route.lead(self._srtp if self.is_listening else None, self.ice.selected)

    def _follow(self, dtls: Dtls, now_ns: int) -> None:
        if dtls.state is DtlsState.CONNECTED and not self.is_connected:
            self.is_connected = self.is_listening = True
            self._srtp = dtls.srtp
            if self.inlet is not None and dtls.srtp is not None:
                self.inlet.open(dtls.srtp)
            self._lead()
            self._dtls_rate = Rate(DTLS_PER_SECOND)
            self._owner.on_connected(self, now_ns)
        elif dtls.state in (DtlsState.FAILED, DtlsState.CLOSED) and not self.is_ended:
            if dtls.state is DtlsState.FAILED:
                self._counters.drop("handshake_failed")
            self._end(now_ns)

    def _end(self, now_ns: int) -> None:
        self.is_ended = True
        self.is_connected = self.is_listening = False
        self._drop_keys()
        self._owner.on_ended(self, now_ns)

    def _drop_keys(self) -> None:
        """Let go of the keys, and first of all everywhere that somebody works with them in C."""
        if self.inlet is not None:
            self.inlet.close()
        self._srtp = None
        self._lead()

    def _transmit(self, data: bytes) -> None:
        if self.ice.selected is not None:
            self._send(data, self.ice.selected)
