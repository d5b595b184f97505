"""STUN as a lite agent needs it: read a binding request strictly, and write the answer to it."""

import binascii
import hmac
import ipaddress
import struct
from dataclasses import dataclass

HEADER_LENGTH = 20
BINDING_REQUEST, BINDING_SUCCESS, BINDING_ERROR = 0x0001, 0x0101, 0x0111
_COOKIE = b"\x21\x12\xa4\x42"
_USERNAME, _INTEGRITY, _ERROR_CODE = 0x0006, 0x0008, 0x0009
_XOR_MAPPED_ADDRESS, _USE_CANDIDATE = 0x0020, 0x0025
_FINGERPRINT, _ICE_CONTROLLED = 0x8028, 0x8029
_FINGERPRINT_XOR = 0x5354554E
_INTEGRITY_LENGTH, _FINGERPRINT_LENGTH = 24, 8
_ROLE_CONFLICT = b"\0\0\x04\x57Role Conflict"


@dataclass(frozen=True, slots=True)
class Request:
    """Hold what a binding request says; nothing of it is true before `is_signed_with` has said so."""

    transaction: bytes
    ufrag: str
    remote_ufrag: str
    is_nominating: bool
    claims_controlled: bool
    signed: bytes
    signature: bytes

    def is_signed_with(self, password: bytes) -> bool:
        """Compare MESSAGE-INTEGRITY in constant time."""
        return hmac.compare_digest(self.signature, hmac.digest(password, self.signed, "sha1"))


def peek_ufrag(data: bytes) -> str | None:
    """Return to which of our user fragments a request is addressed, without parsing the rest.

    Spoofed floods end here: no hash is computed before a user fragment of ours has been named.
    """
    if len(data) < HEADER_LENGTH or data[4:8] != _COOKIE or data[:2] != b"\x00\x01" or len(data) % 4:
        return None
    position = HEADER_LENGTH
    while position + 4 <= len(data):
        kind, length = struct.unpack_from("!HH", data, position)
        if kind == _USERNAME:
            name = data[position + 4 : position + 4 + length]
            return name.partition(b":")[0].decode("ascii", "replace") if b":" in name else None
        position += 4 + length + (-length % 4)
    return None


def read_request(data: bytes) -> Request:
    """Read a request, or raise ValueError.

    MESSAGE-INTEGRITY must be there, and FINGERPRINT must be there, right, and last. What stands between the
    two is not signed and therefore not read (RFC 8489 section 14.5).
    """
    if len(data) < HEADER_LENGTH or len(data) % 4 or data[4:8] != _COOKIE:
        raise ValueError("not a STUN message")
    kind, length = struct.unpack_from("!HH", data)
    if kind != BINDING_REQUEST or length != len(data) - HEADER_LENGTH:
        raise ValueError("not a binding request")
    end = len(data) - _FINGERPRINT_LENGTH
    if end < HEADER_LENGTH or struct.unpack_from("!HHI", data, end) != (_FINGERPRINT, 4, _crc(data[:end])):
        raise ValueError("no right fingerprint")
    found: dict[int, bytes] = {}
    position = HEADER_LENGTH
    while position < end:
        attribute, size = struct.unpack_from("!HH", data, position)
        value = data[position + 4 : position + 4 + size]
        if len(value) != size or position + 4 + size > end:
            raise ValueError("an attribute is cut off")
        if attribute == _INTEGRITY:
            if size != _INTEGRITY_LENGTH - 4:
                raise ValueError("the signature has the wrong size")
            covered = struct.pack("!H", position + _INTEGRITY_LENGTH - HEADER_LENGTH)
            return _request(found, data[:2] + covered + data[4:position], value)
        found.setdefault(attribute, value)
        position += 4 + size + (-size % 4)
    raise ValueError("not signed")


def _request(found: dict[int, bytes], signed: bytes, signature: bytes) -> Request:
    ufrag, colon, remote_ufrag = found.get(_USERNAME, b"").partition(b":")
    if not colon:
        raise ValueError("no user name")
    return Request(
        transaction=signed[8:HEADER_LENGTH],
        ufrag=ufrag.decode("ascii"),
        remote_ufrag=remote_ufrag.decode("ascii"),
        is_nominating=_USE_CANDIDATE in found,
        claims_controlled=_ICE_CONTROLLED in found,
        signed=signed,
        signature=signature,
    )


def success(transaction: bytes, host: str, port: int, password: bytes) -> bytes:
    """Write the answer to a request, with the address it came from."""
    address = ipaddress.ip_address(host)
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped  # a socket for both families shows IPv4 so; the browser must not
    packed = struct.pack("!H", port) + address.packed
    mask = _COOKIE[:2] + _COOKIE + transaction
    masked = bytes(one ^ other for one, other in zip(packed, mask, strict=False))
    family = 1 if address.version == 4 else 2
    return _signed(BINDING_SUCCESS, transaction, _XOR_MAPPED_ADDRESS, bytes([0, family]) + masked, password)


def role_conflict(transaction: bytes, password: bytes) -> bytes:
    """Refuse a request of somebody who believes that we are in control."""
    return _signed(BINDING_ERROR, transaction, _ERROR_CODE, _ROLE_CONFLICT, password)


def _signed(kind: int, transaction: bytes, attribute: int, value: bytes, password: bytes) -> bytes:
    body = struct.pack("!HH", attribute, len(value)) + value + bytes(-len(value) % 4)
    message = _head(kind, len(body) + _INTEGRITY_LENGTH, transaction) + body
    signature = hmac.digest(password, message, "sha1")
    body += struct.pack("!HH", _INTEGRITY, len(signature)) + signature
    message = _head(kind, len(body) + _FINGERPRINT_LENGTH, transaction) + body
    return message + struct.pack("!HHI", _FINGERPRINT, 4, _crc(message))


def _head(kind: int, length: int, transaction: bytes) -> bytes:
    return struct.pack("!HH", kind, length) + _COOKIE + transaction


def _crc(covered: bytes) -> int:
    """Return the FINGERPRINT of a message whose length already counts the attribute."""
    return binascii.crc32(covered) ^ _FINGERPRINT_XOR
