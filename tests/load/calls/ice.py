"""ICE of a load client: one host candidate, checks of its own, answers to the checks of the other side."""

import secrets
from collections.abc import Callable

from aioice import stun

from realtime.relay.clock import MILLISECOND
from tests.load.calls.sdp import Address, Remote

_FIRST_CHECKS_NS = 20 * MILLISECOND
_CONSENT_NS = 2500 * MILLISECOND
_PRIORITY = 1_862_270_975
_REMEMBERED = 64


class IceAgent:
    """Find the address that media goes to, and keep the consent of whoever is there.

    The side that offers controls, unless the other is ICE lite. Every check of a controlling agent nominates;
    a controlled one waits for that, since the other side takes no handshake before.
    """

    def __init__(self, *, is_offerer: bool, send: Callable[[bytes, Address], None]) -> None:
        self.ufrag = secrets.token_hex(4)
        self.password = secrets.token_hex(12)
        self.selected: Address | None = None
        self._is_controlling = is_offerer
        self._send = send
        self._tie = secrets.randbits(64)
        self._remote: Remote | None = None
        self._targets: list[Address] = []
        self._sent: dict[bytes, Address] = {}
        self._working: set[Address] = set()
        self._nominated: set[Address] = set()
        self._next_ns = 0

    def start(self, remote: Remote) -> None:
        """Begin to check with the next tick."""
        self._remote = remote
        self._is_controlling |= remote.is_lite
        self._targets += [each for each in remote.candidates if each not in self._targets]

    def tick(self, now_ns: int) -> None:
        """Send the checks that are due."""
        if self._remote is None or now_ns < self._next_ns:
            return
        self._next_ns = now_ns + (_CONSENT_NS if self.selected is not None else _FIRST_CHECKS_NS)
        for target in self._targets if self.selected is None else [self.selected]:
            self._check(self._remote, target)

    def datagram(self, data: bytes, source: Address) -> None:
        """Take a STUN message; what is not authentic is dropped."""
        try:
            message = stun.parse_message(data)
        except ValueError:
            return
        if message.message_method != stun.Method.BINDING:
            return
        if message.message_class == stun.Class.REQUEST:
            self._answer(message, source)
        elif message.message_class == stun.Class.RESPONSE and self._remote is not None:
            target = self._sent.pop(message.transaction_id, None)
            is_authentic = message.check_message_integrity(self._remote.password.encode())
            if target is not None and is_authentic:
                self._working.add(target)
                self._select(target)

    def _check(self, remote: Remote, target: Address) -> None:
        attributes: dict[str, object] = {
            "USERNAME": f"{remote.ufrag}:{self.ufrag}",
            "PRIORITY": _PRIORITY,
            "ICE-CONTROLLING" if self._is_controlling else "ICE-CONTROLLED": self._tie,
        }
        if self._is_controlling:
            attributes["USE-CANDIDATE"] = None
        message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST, attributes=attributes)
        message.add_message_integrity(remote.password.encode())
        self._sent[message.transaction_id] = target
        if len(self._sent) > _REMEMBERED:
            self._sent.pop(next(iter(self._sent)))
        self._send(bytes(message), target)

    def _answer(self, request: stun.Message, source: Address) -> None:
        key = self.password.encode()
        if not request.check_message_integrity(key):
            return
        answer = stun.Message(
            stun.Method.BINDING,
            stun.Class.RESPONSE,
            transaction_id=request.transaction_id,
            attributes={"XOR-MAPPED-ADDRESS": source},
        )
        answer.add_message_integrity(key)
        self._send(bytes(answer), source)
        if "USE-CANDIDATE" in request.attributes:
            self._nominated.add(source)
            self._select(source)
        if source not in self._targets:
            self._targets.append(source)
            self._next_ns = 0

    def _select(self, target: Address) -> None:
        is_agreed = self._is_controlling or target in self._nominated
        if self.selected is None and is_agreed and target in self._working:
            self.selected = target
