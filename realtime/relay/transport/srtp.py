"""The one adapter over pylibsrtp: the keys of one peer connection, both ways.

Private names of pylibsrtp are used here and nowhere else: `Session._srtp`, and `lib` and `ffi` of
`pylibsrtp._binding`. Its own methods make a length and two further copies for each packet, which costs more
than the encryption. The version is pinned, and `selftest` proves at start-up that the names do what they did.
"""

from collections.abc import Callable
from typing import Any

import pylibsrtp
from aiortc.rtcdtlstransport import SRTPProtectionProfile
from pylibsrtp._binding import ffi, lib

RECEIVE_WINDOW = 1024
# libsrtp shifts this window at every packet it sends; resends reach no further back than this.
SEND_WINDOW = 128
MAX_SSRCS = 64
# libsrtp walks through a list of all streams of a session for each packet: 24 slots in one were a twentieth
# of what a group of twelve costs. A session takes 5 KiB, so a few share them, made when they are needed.
SENDERS = 8
MAX_PROTECTED_BYTES = 1500
MAX_PLAIN_BYTES = 1356

# libsrtp works in place and adds 148 bytes at most. One place serves the whole process, which has one thread:
# what is in here is copied out before anything else can happen. Sizes are checked before it is touched.
_place = ffi.new("unsigned char[]", 2048)
_memory = ffi.buffer(_place)
length = ffi.new("int *")
# Says nothing when it went well.
_Work = Callable[[object, object, object], int]
protect: _Work = lib.srtp_protect
_unprotect: _Work = lib.srtp_unprotect


class Srtp:
    """Encrypt and authenticate both directions of one peer connection."""

    __slots__ = (
        "_by_ssrc", "_policy", "_receive", "_receive_session", "_report", "_report_session", "_senders",
        "_ssrcs",
    )  # fmt: skip

    def __init__(self, *, profile: SRTPProtectionProfile, receive_key: bytes, send_key: bytes) -> None:
        kind = profile.libsrtp_profile
        receive = pylibsrtp.Policy(
            key=receive_key, ssrc_type=pylibsrtp.Policy.SSRC_ANY_INBOUND, srtp_profile=kind
        )
        receive.window_size = RECEIVE_WINDOW
        send = pylibsrtp.Policy(key=send_key, ssrc_type=pylibsrtp.Policy.SSRC_ANY_OUTBOUND, srtp_profile=kind)
        send.window_size = SEND_WINDOW
        send.allow_repeat_tx = True
        self._policy = send
        # A session frees what its pointer leads to when nobody holds it any more.
        self._receive_session, self._report_session = pylibsrtp.Session(receive), pylibsrtp.Session(send)
        self._receive, self._report = self._receive_session._srtp[0], self._report_session._srtp[0]
        self._ssrcs: set[bytes] = set()
        self._senders: list[pylibsrtp.Session] = []
        self._by_ssrc: dict[int, object] = {}

    def session(self, ssrc: int) -> object:
        """Return libsrtp's session for what is sent as `ssrc`, for `protect`; it lives as long as this does.

        It is always the same: no number may be used twice with one key.
        """
        found = self._by_ssrc.get(ssrc)
        if found is None:
            place = len(self._by_ssrc) % SENDERS
            if place == len(self._senders):
                self._senders.append(pylibsrtp.Session(self._policy))
            found = self._by_ssrc[ssrc] = self._senders[place]._srtp[0]
        return found

    def sender(self, ssrc: int) -> int:
        """Return the address of libsrtp's session for what is sent as `ssrc`."""
        return int(ffi.cast("uintptr_t", self.session(ssrc)))

    @property
    def receiver(self) -> int:
        """The address of libsrtp's session for what comes, good for as long as this object lives."""
        return int(ffi.cast("uintptr_t", self._receive))

    def unprotect_rtp(self, data: bytes) -> bytes:
        """Return the plain packet, or raise ValueError; an SSRC becomes known by authenticating."""
        # Written out: this is done for every packet that comes.
        size, ssrcs, ssrc = len(data), self._ssrcs, data[8:12]
        if size > MAX_PROTECTED_BYTES or (len(ssrcs) >= MAX_SSRCS and ssrc not in ssrcs):
            raise ValueError("too long, or too many SSRCs")
        _memory[0:size] = data
        length[0] = size
        if _unprotect(self._receive, _place, length):
            raise ValueError("not authentic, a replay, or not a packet")
        ssrcs.add(ssrc)
        plain: bytes = _memory[0 : length[0]]
        return plain

    def unprotect_rtcp(self, data: bytes) -> bytes:
        """Return the plain compound packet, or raise ValueError."""
        ssrc = data[4:8]
        if ssrc not in self._ssrcs and len(self._ssrcs) >= MAX_SSRCS:
            raise ValueError("too many SSRCs")
        plain = _convert(data, lib.srtp_unprotect_rtcp, self._receive, MAX_PROTECTED_BYTES)
        self._ssrcs.add(ssrc)
        return plain

    def protect_rtp(self, data: bytes) -> bytes:
        """Return the packet as it goes on the wire, or raise ValueError when it is too long or too old."""
        # `_convert`, written out: this is done once for each packet and subscriber.
        size = len(data)
        if size > MAX_PLAIN_BYTES:
            raise ValueError("too long")
        _memory[0:size] = data
        length[0] = size
        if protect(self.session(int.from_bytes(data[8:12], "big")), _place, length):
            raise ValueError("cannot be protected")
        protected: bytes = _memory[0 : length[0]]
        return protected

    def protect_rtcp(self, data: bytes) -> bytes:
        """Return the compound packet as it goes on the wire, or raise ValueError."""
        return _convert(data, lib.srtp_protect_rtcp, self._report, MAX_PLAIN_BYTES)


def _convert(data: bytes, work: _Work, session: object, longest: int) -> bytes:
    size = len(data)
    if size > longest:
        raise ValueError("too long")
    _memory[0:size] = data
    length[0] = size
    if work(session, _place, length):
        raise ValueError("not authentic, a replay, or not a packet")
    converted: bytes = _memory[0 : length[0]]
    return converted


# For Python to write, for C to encrypt, and where C finds its length and leaves the new one.
Place = tuple[memoryview, object, Any]


def places(count: int, size: int) -> tuple[list[Place], memoryview]:
    """Make places for packets that `protect` encrypts where they lie; and return all their lengths."""
    memory, lengths = ffi.new("unsigned char[]", count * size), ffi.new("int[]", count)
    # Pointers do not keep what they lead to; views do.
    view, sizes = memoryview(ffi.buffer(memory)), memoryview(ffi.buffer(lengths)).cast("i")
    made = [
        (view[number * size : (number + 1) * size], memory + number * size, lengths + number)
        for number in range(count)
    ]
    return made, sizes


def protect_address() -> int:
    """Return the address of libsrtp's function that encrypts one packet in place."""
    return int(ffi.cast("uintptr_t", ffi.addressof(lib, "srtp_protect")))


def unprotect_address() -> int:
    """Return the address of libsrtp's function that decrypts one packet in place."""
    return int(ffi.cast("uintptr_t", ffi.addressof(lib, "srtp_unprotect")))
