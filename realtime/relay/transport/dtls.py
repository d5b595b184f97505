"""The one adapter over aiortc's certificate and SRTP profiles, and pyOpenSSL's DTLS.

Private names of aiortc are used here and nowhere else: `RTCCertificate._create_ssl_context`. The versions are
pinned, and `selftest` proves at start-up that every name still does what it did.
"""

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from weakref import WeakKeyDictionary

from aiortc import RTCCertificate
from aiortc.rtcdtlstransport import SRTP_PROFILES
from OpenSSL import SSL

from realtime.relay.clock import MILLISECOND
from realtime.relay.transport.srtp import Srtp

HANDSHAKE_SECONDS = 10
_RECORD_BYTES = 1200
_DIGESTS = ("sha-256", "sha-384", "sha-512")
_UNIFIED_HEADER = 0x20
_CHANGE_CIPHER, _HANDSHAKE, _APPLICATION_DATA = 20, 22, 23
_RECORDS_PER_DATAGRAM = 128
# OpenSSL waits a second before it repeats a flight, which is long for somebody who waits at a door.
FIRST_REPEAT_NS = 250 * MILLISECOND
LAST_REPEAT_NS = 2000 * MILLISECOND


class DtlsState(Enum):
    """The life of a handshake."""

    HANDSHAKING = "handshaking"
    CONNECTED = "connected"
    CLOSED = "closed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Name the certificate that the other side must show."""

    algorithm: str
    value: str


class Dtls:
    """Drive one handshake without sockets, tasks or timers: datagrams in, datagrams out through `send`.

    Flights are repeated by the clock of `tick`. The other side drops a record that it has had as a replay;
    one that it has not had is as good as new.
    """

    def __init__(
        self,
        *,
        certificate: RTCCertificate,
        is_server: bool,
        fingerprints: Sequence[Fingerprint],
        send: Callable[[bytes], None],
        first_repeat_ns: int = FIRST_REPEAT_NS,
    ) -> None:
        self.state = DtlsState.HANDSHAKING
        self.srtp: Srtp | None = None
        self._is_server = is_server
        self._fingerprints = fingerprints
        self._send = send
        self._flight: list[bytes] = []
        self._repeat_ns: int | None = None
        self._first_repeat_ns = self._wait_ns = first_repeat_ns
        self._is_last_flight_lost = False
        self._ssl = SSL.Connection(_context(certificate))
        self._ssl.set_ciphertext_mtu(_RECORD_BYTES)
        if is_server:
            self._ssl.set_accept_state()
        else:
            self._ssl.set_connect_state()

    def start(self) -> None:
        """Send the first flight (client only)."""
        self._handshake()

    def datagram(self, data: bytes) -> bool:
        """Take one DTLS datagram from the other side; say whether it was of any use."""
        if self.state in (DtlsState.CLOSED, DtlsState.FAILED) or data[0] == _APPLICATION_DATA:
            return False
        self._ssl.bio_write(data)
        if self.state is DtlsState.HANDSHAKING:
            self._handshake()
            return True
        self._is_last_flight_lost |= self._is_server and data[0] in (_CHANGE_CIPHER, _HANDSHAKE)
        try:
            # Application data is of no interest (there are no data channels); alerts and retransmissions are.
            for _ in range(_RECORDS_PER_DATAGRAM):
                self._ssl.recv(1500)
        except SSL.ZeroReturnError:
            self.state = DtlsState.CLOSED
        except SSL.Error:
            pass  # WantRead mostly; a broken record must not end a connection that has keys
        self._flush()
        return True

    def tick(self, now_ns: int) -> None:
        """Send the last flight again if its time has come."""
        if self.state is DtlsState.HANDSHAKING:
            if self._repeat_ns is None:
                self._repeat_ns = now_ns + self._wait_ns
            elif now_ns >= self._repeat_ns:
                self._wait_ns = min(2 * self._wait_ns, LAST_REPEAT_NS)
                self._repeat_ns = now_ns + self._wait_ns
                self._repeat()
        elif self.state is DtlsState.CONNECTED and self._is_last_flight_lost:
            self._is_last_flight_lost = False
            self._repeat()

    def close(self) -> None:
        """Tell the other side that this was the end; idempotent."""
        if self.state is DtlsState.CONNECTED:
            with contextlib.suppress(SSL.Error):
                self._ssl.shutdown()
            self._flush()
        self.state = DtlsState.CLOSED

    def _handshake(self) -> None:
        try:
            self._ssl.do_handshake()
        except SSL.WantReadError:
            self._flush()
            return
        except SSL.Error:
            self._flush()
            self.state = DtlsState.FAILED
            return
        self._flush()
        if self._is_expected_peer() and self._take_keys():
            self.state = DtlsState.CONNECTED
        else:
            self.state = DtlsState.FAILED

    def _is_expected_peer(self) -> bool:
        """Compare digests of the certificate's bytes; it is never parsed, so odd ones do no harm."""
        certificate = self._ssl.get_peer_certificate()
        if certificate is None:
            return False
        wanted = [each for each in self._fingerprints if each.algorithm.lower() in _DIGESTS]
        return bool(wanted) and all(
            certificate.digest(each.algorithm.lower().replace("-", "")).decode() == each.value.upper()
            for each in wanted
        )

    def _take_keys(self) -> bool:
        chosen = self._ssl.get_selected_srtp_profile()
        profile = next((each for each in SRTP_PROFILES if each.openssl_profile == chosen), None)
        if profile is None:
            return False
        material = self._ssl.export_keying_material(
            b"EXTRACTOR-dtls_srtp", 2 * (profile.key_length + profile.salt_length)
        )
        client, server = (profile.get_key_and_salt(material, index) for index in (0, 1))
        receive, send = (client, server) if self._is_server else (server, client)
        self.srtp = Srtp(profile=profile, receive_key=receive, send_key=send)
        return True

    def _flush(self) -> None:
        try:
            flight = self._ssl.bio_read(65536)
        except SSL.Error:
            return
        if self.state is DtlsState.HANDSHAKING:
            self._flight = split_records(flight)
            self._repeat_ns, self._wait_ns = None, self._first_repeat_ns
        for datagram in split_records(flight):
            self._send(datagram)

    def _repeat(self) -> None:
        for datagram in self._flight:
            self._send(datagram)


_contexts: WeakKeyDictionary[RTCCertificate, SSL.Context] = WeakKeyDictionary()


def _context(certificate: RTCCertificate) -> SSL.Context:
    """Return the one context of a certificate: one for each handshake would cost 0.5 ms and 20 KiB a peer.

    No session is kept in it, since none is ever resumed; a connection at rest lets go of its buffers.
    """
    context = _contexts.get(certificate)
    if context is None:
        context = certificate._create_ssl_context(srtp_profiles=SRTP_PROFILES)
        context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
        context.set_mode(SSL.MODE_RELEASE_BUFFERS)
        _contexts[certificate] = context
    return context


def split_records(flight: bytes) -> list[bytes]:
    """Cut a flight, which a memory BIO runs together, into datagrams that hold whole records."""
    datagrams: list[bytes] = []
    start = position = 0
    while position < len(flight):
        end = min(position + _record_length(flight, position), len(flight))
        if end - start > _RECORD_BYTES and position > start:
            datagrams.append(flight[start:position])
            start = position
        position = end
    if start < position:
        datagrams.append(flight[start:position])
    return datagrams


def _record_length(flight: bytes, position: int) -> int:
    first = flight[position]
    if first & 0xE0 != _UNIFIED_HEADER:
        return 13 + int.from_bytes(flight[position + 11 : position + 13], "big")
    if not first & 0x04:  # a DTLS 1.3 record without a length reaches to the end
        return len(flight) - position
    header = 1 + (2 if first & 0x08 else 1)
    return header + 2 + int.from_bytes(flight[position + header : position + header + 2], "big")
