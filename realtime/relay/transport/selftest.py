"""Refuse to start on libraries that no longer do what the adapter relies on."""

import struct

import pylibsrtp
from aiortc import RTCCertificate, rtcdtlstransport, sdp
from pylibsrtp import _binding

from realtime.relay.transport.dtls import Dtls, DtlsState, Fingerprint

_NAMES = (
    (RTCCertificate, ("_create_ssl_context", "generateCertificate", "getFingerprints")),
    (rtcdtlstransport, ("SRTP_PROFILES", "SRTPProtectionProfile")),
    (rtcdtlstransport.SRTPProtectionProfile, ("get_key_and_salt",)),
    (sdp.SessionDescription, ("parse",)),
    (pylibsrtp, ("Policy", "Session", "_binding")),
    (_binding, ("ffi", "lib")),
    (_binding.lib, ("srtp_protect", "srtp_protect_rtcp", "srtp_unprotect", "srtp_unprotect_rtcp")),
)


class SelfTestError(Exception):
    """A library is not the one this relay was written for."""


def run(certificate: RTCCertificate) -> None:
    """Check each borrowed name, then shake hands with ourselves and pass one packet each way."""
    for owner, names in _NAMES:
        for name in names:
            if not hasattr(owner, name):
                raise SelfTestError(
                    f"The relay cannot start: {owner.__name__} has no {name}. Install the versions that "
                    "requirements/ pins (aiortc, pylibsrtp)."
                )
    try:
        _loopback(certificate)
    except SelfTestError:
        raise
    except Exception as error:
        raise SelfTestError(
            f"The relay cannot start: the DTLS self-test broke ({type(error).__name__}). Install the "
            "versions that requirements/ pins (aiortc, pylibsrtp, pyOpenSSL)."
        ) from error


def _loopback(certificate: RTCCertificate) -> None:
    to_server: list[bytes] = []
    to_client: list[bytes] = []
    fingerprints = [Fingerprint(each.algorithm, each.value) for each in certificate.getFingerprints()]
    server = Dtls(certificate=certificate, is_server=True, fingerprints=fingerprints, send=to_client.append)
    client = Dtls(certificate=certificate, is_server=False, fingerprints=fingerprints, send=to_server.append)
    client.start()
    for _ in range(20):
        while to_server:
            server.datagram(to_server.pop(0))
        while to_client:
            client.datagram(to_client.pop(0))
    if server.state is not DtlsState.CONNECTED or client.state is not DtlsState.CONNECTED:
        raise SelfTestError("The relay cannot start: a DTLS handshake with itself did not complete.")
    if server.srtp is None or client.srtp is None:
        raise SelfTestError("The relay cannot start: DTLS gave no SRTP keys.")
    rtp = struct.pack("!BBHII", 0x80, 111, 1, 1, 7) + b"self-test"
    rtcp = struct.pack("!BBHI", 0x80, 201, 1, 7)
    if (
        server.srtp.unprotect_rtp(client.srtp.protect_rtp(rtp)) != rtp
        or client.srtp.unprotect_rtp(server.srtp.protect_rtp(rtp)) != rtp
        or server.srtp.unprotect_rtcp(client.srtp.protect_rtcp(rtcp)) != rtcp
    ):
        raise SelfTestError("The relay cannot start: an SRTP packet did not survive its own encryption.")
