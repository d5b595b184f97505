"""The one adapter over pylibsrtp: the keys of one peer connection, both ways."""

from collections.abc import Callable

import pylibsrtp
from aiortc.rtcdtlstransport import SRTPProtectionProfile

RECEIVE_WINDOW = 1024
# libsrtp shifts this window at every packet it sends; resends reach no further back than this.
SEND_WINDOW = 128
MAX_SSRCS = 64


class Srtp:
    """Encrypt and authenticate both directions of one peer connection."""

    def __init__(self, *, profile: SRTPProtectionProfile, receive_key: bytes, send_key: bytes) -> None:
        kind = profile.libsrtp_profile
        receive = pylibsrtp.Policy(
            key=receive_key, ssrc_type=pylibsrtp.Policy.SSRC_ANY_INBOUND, srtp_profile=kind
        )
        receive.window_size = RECEIVE_WINDOW
        send = pylibsrtp.Policy(key=send_key, ssrc_type=pylibsrtp.Policy.SSRC_ANY_OUTBOUND, srtp_profile=kind)
        send.window_size = SEND_WINDOW
        send.allow_repeat_tx = True
        self._receive = pylibsrtp.Session(receive)
        self._send = pylibsrtp.Session(send)
        self._ssrcs: set[bytes] = set()

    def unprotect_rtp(self, data: bytes) -> bytes:
        """Return the plain packet, or raise ValueError; an SSRC becomes known by authenticating."""
        return self._unprotect(data, data[8:12], self._receive.unprotect)

    def unprotect_rtcp(self, data: bytes) -> bytes:
        """Return the plain compound packet, or raise ValueError."""
        return self._unprotect(data, data[4:8], self._receive.unprotect_rtcp)

    def _unprotect(self, data: bytes, ssrc: bytes, unprotect: Callable[[bytes], bytes]) -> bytes:
        is_known = ssrc in self._ssrcs
        if not is_known and len(self._ssrcs) >= MAX_SSRCS:
            raise ValueError("too many SSRCs")
        try:
            plain = unprotect(data)
        except pylibsrtp.Error as error:
            raise ValueError("not authentic or a replay") from error
        if not is_known:
            self._ssrcs.add(ssrc)
        return plain

    def protect_rtp(self, data: bytes) -> bytes:
        """Return the packet as it goes on the wire, or raise ValueError when it is too long or too old."""
        try:
            return self._send.protect(data)
        except pylibsrtp.Error as error:
            raise ValueError("cannot be protected") from error

    def protect_rtcp(self, data: bytes) -> bytes:
        """Return the compound packet as it goes on the wire, or raise ValueError."""
        try:
            return self._send.protect_rtcp(data)
        except pylibsrtp.Error as error:
            raise ValueError("cannot be protected") from error
