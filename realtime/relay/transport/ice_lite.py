"""The server half of ICE, lite: answer authenticated checks, remember their sources, gather nothing."""

import secrets
import string
from dataclasses import dataclass

from realtime.relay.clock import SECOND
from realtime.relay.counters import Counters
from realtime.relay.transport import stun

Address = tuple[str, int]

MAX_TUPLES = 8
# The confirmed credentials and two restarts that nobody has used yet; a third lets go of the first of them.
MAX_CREDENTIALS = 3
# Checks with the old credentials may still be under way when the first with the new ones has come.
OVERLAP_NS = 5 * SECOND
# RFC 7675 has a path checked at least every 6 s, Chromium does it every 2.5 s: this is two checks lost.
PATH_STALE_NS = 12 * SECOND
_ICE_CHARACTERS = string.ascii_letters + string.digits


def random_ice_string(length: int) -> str:
    """Return a user fragment or password in ICE's alphabet."""
    return "".join(secrets.choice(_ICE_CHARACTERS) for _ in range(length))


@dataclass(slots=True)
class Credentials:
    """One pair of ours, and the user fragment of the other side that goes with it, once it is known."""

    ufrag: str
    password: str
    remote_ufrag: str | None = None
    ends_ns: int | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """Say what to answer to an authentic check, and what it changed."""

    reply: bytes
    is_proof: bool
    forgotten: Address | None = None
    has_moved: bool = False


class IceLite:
    """Hold one peer connection's credentials and the addresses that have proven to know them.

    After a restart several credentials are valid, oldest first. The first authentic check with newer ones
    confirms them, and gives the older ones a short time to live; until then nothing changes for media.
    """

    def __init__(self, *, ufrag: str, password: str, counters: Counters) -> None:
        self.selected: Address | None = None
        self._confirmed = Credentials(ufrag, password)
        self._credentials = [self._confirmed]
        self._checked: dict[Address, int] = {}
        self._counters = counters

    @property
    def ufrag(self) -> str:
        """The user fragment that the newest description names."""
        return self._credentials[-1].ufrag

    @property
    def password(self) -> str:
        """The password that the newest description names."""
        return self._credentials[-1].password

    @property
    def remote_ufrag(self) -> str | None:
        """The other side's user fragment, as far as its newest description has come."""
        return self._credentials[-1].remote_ufrag

    def meet(self, remote_ufrag: str) -> bool:
        """Take the other side's user fragment, for the oldest credentials without one; say whether it fits.

        Answers come in order, but some never come: the first authentic check then says what is right.
        """
        if any(each.remote_ufrag == remote_ufrag for each in self._credentials):
            return True
        waiting = [each for each in self._credentials if each.remote_ufrag is None and each.ends_ns is None]
        if waiting:
            waiting[0].remote_ufrag = remote_ufrag
        return bool(waiting)

    def ufrags(self) -> list[str]:
        """Return every user fragment of ours that is still accepted."""
        return [each.ufrag for each in self._credentials]

    def restart(self, *, ufrag: str, password: str, remote_ufrag: str | None) -> bool:
        """Accept new credentials beside the old ones; say whether there was need for them.

        An offer that comes again, or goes back to a user fragment of before, gets the credentials it had.
        """
        for position, each in enumerate(self._credentials):
            if remote_ufrag is not None and each.remote_ufrag == remote_ufrag and each.ends_ns is None:
                del self._credentials[position + 1 :]
                return False
        self._credentials.append(Credentials(ufrag, password, remote_ufrag))
        if len(self._credentials) > MAX_CREDENTIALS:
            self._credentials.remove(next(each for each in self._credentials if each is not self._confirmed))
        return True

    def check(self, data: bytes, address: Address, now_ns: int) -> Outcome | None:
        """Answer a binding request.

        None means that it was not authentic; nothing is answered then, so nobody can be made to flood others.
        """
        try:
            request = stun.read_request(data)
        except ValueError:
            self._counters.drop("stun_malformed")
            return None
        self._expire(now_ns)
        used = self._used(request)
        if used is None:
            self._counters.drop("stun_unauthenticated")
            return None
        password = used.password.encode()
        if request.claims_controlled:
            return self._outcome(data, stun.role_conflict(request.transaction, password), is_proof=False)
        reply = stun.success(request.transaction, address[0], address[1], password)
        outcome = self._outcome(data, reply, is_proof=True)
        if outcome is None:
            return None
        self._confirm(used, request.remote_ufrag, now_ns)
        forgotten, has_moved = self._prove(address, request.is_nominating, now_ns)
        return Outcome(reply, is_proof=True, forgotten=forgotten, has_moved=has_moved)

    def checked_ns(self, address: Address) -> int:
        """Say when the newest authentic check came from an address."""
        return self._checked.get(address, 0)

    def tuples(self) -> list[Address]:
        """Return every address that has proven itself."""
        return list(self._checked)

    def forget(self, address: Address) -> None:
        """Give an address up, because another peer connection has proven to be there now."""
        self._checked.pop(address, None)
        if self.selected == address:
            self.selected = None

    def _used(self, request: stun.Request) -> Credentials | None:
        for each in self._credentials:
            if each.ufrag == request.ufrag and each.remote_ufrag in (None, request.remote_ufrag):
                return each if request.is_signed_with(each.password.encode()) else None
        return None

    def _outcome(self, request: bytes, reply: bytes, *, is_proof: bool) -> Outcome | None:
        if len(reply) > len(request):  # a source that is spoofed must not get more than it cost
            self._counters.drop("stun_amplifying")
            return None
        return Outcome(reply, is_proof=is_proof)

    def _confirm(self, used: Credentials, remote_ufrag: str, now_ns: int) -> None:
        """Let what is older than the credentials in use end soon."""
        if used is self._confirmed or used.ends_ns is not None:
            return
        self._confirmed = used
        used.remote_ufrag = remote_ufrag
        for each in self._credentials[: self._credentials.index(used)]:
            if each.ends_ns is None:
                each.ends_ns = now_ns + OVERLAP_NS

    def _expire(self, now_ns: int) -> None:
        self._credentials = [
            each for each in self._credentials if each.ends_ns is None or now_ns < each.ends_ns
        ]

    def _prove(self, address: Address, is_nominating: bool, now_ns: int) -> tuple[Address | None, bool]:
        """Remember a source, and choose the path: what is nominated, else a new one when the old is stale."""
        self._checked.pop(address, None)
        self._checked[address] = now_ns
        before = self.selected
        if before is None or is_nominating or now_ns - self.checked_ns(before) >= PATH_STALE_NS:
            self.selected = address
        forgotten = None
        if len(self._checked) > MAX_TUPLES:
            forgotten = next(each for each in self._checked if each != self.selected)
            del self._checked[forgotten]
        return forgotten, before is not None and self.selected != before
