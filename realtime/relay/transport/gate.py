"""How much of whose traffic is looked at: of a proven address plenty, of a stranger next to nothing."""

from realtime.relay.clock import SECOND

# A publisher at 3 Mbit/s with simulcast, screen and voice sends about 450 packets a second; after a stalled
# Wi-Fi some seconds of them come at once.
PACKETS_PER_SECOND = 2000
# A browser checks a path every 2.5 s, and all its pairs together 20 times a second while it looks for one.
CHECKS_PER_SECOND = 100
# Unproven checks cost a hash each. Their budget belongs to the peer they name, so that spending it harms only
# that peer's next address, never anybody's known ones.
STRANGE_CHECKS_PER_SECOND_AND_HOST = 50
STRANGE_CHECKS_PER_SECOND = 200
STRANGE_HOSTS = 32
# Reports, NACKs, key frame requests and REMB of a browser with 30 slots on a bad network stay below this.
RTCP_PER_SECOND = 500
# A handshake is a dozen datagrams a side; afterwards there is nothing but its repetition and the end.
HANDSHAKE_DATAGRAMS_PER_SECOND = 100
DTLS_PER_SECOND = 20


class Rate:
    """Let `limit` things pass a second, counted in windows; it costs a subtraction until they are spent."""

    __slots__ = ("_left", "_limit", "_since_ns")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._left = limit
        self._since_ns: int | None = None

    def is_new(self, now_ns: int) -> bool:
        """Say whether another second has begun for it."""
        return self._since_ns is None or now_ns - self._since_ns >= SECOND

    def passes(self, now_ns: int) -> bool:
        """Say whether one more may pass now."""
        since = self._since_ns
        if since is None or now_ns - since >= SECOND:
            self._since_ns = now_ns
            self._left = self._limit - 1
            return True
        if self._left <= 0:
            return False
        self._left -= 1
        return True


class StrangeChecks:
    """Limit the checks that name one peer and come from addresses it has not proven."""

    def __init__(self) -> None:
        self._all = Rate(STRANGE_CHECKS_PER_SECOND)
        self._hosts: dict[str, Rate] = {}

    def passes(self, host: str, now_ns: int) -> bool:
        """Say whether one more may be looked at; ports of one host share what the host may."""
        if not self._all.passes(now_ns):
            return False
        rate = self._hosts.get(host)
        if rate is None:
            if len(self._hosts) >= STRANGE_HOSTS:
                self._hosts.pop(next(iter(self._hosts)))
            rate = self._hosts[host] = Rate(STRANGE_CHECKS_PER_SECOND_AND_HOST)
        return rate.passes(now_ns)
