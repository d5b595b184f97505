"""The server half of ICE, lite: answer authenticated checks, remember their sources, gather nothing."""

import secrets
import string
from enum import Enum

from aioice import stun

from realtime.relay.counters import Counters

Address = tuple[str, int]

MAX_TUPLES = 8
_ICE_CHARACTERS = string.ascii_letters + string.digits
_COOKIE = stun.COOKIE.to_bytes(4, "big")
_USERNAME = 0x0006


class Verdict(Enum):
    """What an authenticated check changed."""

    KNOWN = "known"
    NEW_TUPLE = "new_tuple"


def random_ice_string(length: int) -> str:
    """Return a user fragment or password in ICE's alphabet."""
    return "".join(secrets.choice(_ICE_CHARACTERS) for _ in range(length))


def peek_local_ufrag(data: bytes) -> str | None:
    """Return to which of our user fragments a STUN request is addressed, without parsing the rest.

    Spoofed floods end here: no hash is computed before a user fragment of ours has been named.
    """
    if len(data) < 20 or data[4:8] != _COOKIE or data[:2] != b"\x00\x01" or len(data) % 4:
        return None
    position = 20
    while position + 4 <= len(data):
        kind = int.from_bytes(data[position : position + 2], "big")
        length = int.from_bytes(data[position + 2 : position + 4], "big")
        if kind == _USERNAME:
            name = data[position + 4 : position + 4 + length]
            return name.partition(b":")[0].decode("ascii", "replace") if b":" in name else None
        position += 4 + length + (-length % 4)
    return None


class IceLite:
    """Hold one peer connection's credentials and the addresses that have proven to know them."""

    def __init__(self, *, ufrag: str, password: str, counters: Counters) -> None:
        self.ufrag = ufrag
        self.password = password
        self.remote_ufrag: str | None = None
        self.selected: Address | None = None
        self._tuples: dict[Address, None] = {}
        self._counters = counters

    def check(self, data: bytes, address: Address) -> tuple[bytes, Verdict | None, Address | None] | None:
        """Answer a binding request: reply, what it changed, and which address was forgotten to make room.

        None means that it was not authentic; nothing is answered then, so nobody can be made to flood others.
        """
        try:
            message = stun.parse_message(data)
        except (ValueError, IndexError, OverflowError):
            self._counters.drop("stun_malformed")
            return None
        if not self._is_authentic(message):
            self._counters.drop("stun_unauthenticated")
            return None
        if "ICE-CONTROLLED" in message.attributes:
            return self._reply(message, stun.Class.ERROR, {"ERROR-CODE": (487, "Role Conflict")}), None, None
        is_new = address not in self._tuples
        forgotten = self._remember(address)
        if "USE-CANDIDATE" in message.attributes or self.selected is None:
            self.selected = address
        reply = self._reply(message, stun.Class.RESPONSE, {"XOR-MAPPED-ADDRESS": address[:2]})
        return reply, Verdict.NEW_TUPLE if is_new else Verdict.KNOWN, forgotten

    def tuples(self) -> list[Address]:
        """Return every address that has proven itself."""
        return list(self._tuples)

    def forget(self, address: Address) -> None:
        """Give an address up, because another peer connection has proven to be there now."""
        self._tuples.pop(address, None)
        if self.selected == address:
            self.selected = None

    def _is_authentic(self, message: stun.Message) -> bool:
        if message.message_method != stun.Method.BINDING or message.message_class != stun.Class.REQUEST:
            return False
        attributes = message.attributes
        local, _, remote = str(attributes.get("USERNAME", "")).partition(":")
        if local != self.ufrag or (self.remote_ufrag is not None and remote != self.remote_ufrag):
            return False
        if "MESSAGE-INTEGRITY" not in attributes or "FINGERPRINT" not in attributes:
            return False
        return message.check_message_integrity(self.password.encode())

    def _remember(self, address: Address) -> Address | None:
        self._tuples.pop(address, None)
        self._tuples[address] = None
        if len(self._tuples) <= MAX_TUPLES:
            return None
        forgotten = next(each for each in self._tuples if each != self.selected)
        del self._tuples[forgotten]
        return forgotten

    def _reply(self, request: stun.Message, kind: stun.Class, attributes: dict[str, object]) -> bytes:
        reply = stun.Message(stun.Method.BINDING, kind, request.transaction_id, dict(attributes))
        reply.add_message_integrity(self.password.encode())
        return bytes(reply)
