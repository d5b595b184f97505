"""What a receiver owes its sender: reports of loss and jitter, and requests for what is missing."""

from realtime.relay.clock import MILLISECOND, SECOND
from realtime.relay.packets import rtcp
from realtime.relay.packets.rtp import signed16, signed32

FIRST_NACK_AFTER_NS = 15 * MILLISECOND
REPEAT_NACK_AFTER_NS = 100 * MILLISECOND
NACK_GIVES_UP_AFTER_NS = SECOND
MAX_NACKS_PER_PACKET = 8
MAX_MISSING = 256
MAX_NACKED_AT_ONCE = 128


class ReceptionStats:
    """Follow one SSRC as RFC 3550 appendix A does."""

    __slots__ = (
        "_base", "_expected_prior", "_highest", "_jitter", "_received", "_received_prior", "_sr_arrival_ns",
        "_sr_middle", "_transit", "clock_rate", "ssrc",
    )  # fmt: skip

    def __init__(self, ssrc: int, clock_rate: int, sequence: int) -> None:
        self.ssrc = ssrc
        self.clock_rate = clock_rate
        self._base = sequence
        self._highest = sequence - 1
        self._received = 0
        self._expected_prior = 0
        self._received_prior = 0
        self._jitter = 0.0
        self._transit: int | None = None
        self._sr_middle = 0
        self._sr_arrival_ns = 0

    def count(self, sequence: int, timestamp: int, now_ns: int) -> int:
        """Take one packet in; return its unwrapped sequence number."""
        unwrapped = self._highest + signed16(sequence - self._highest)
        self._highest = max(self._highest, unwrapped)
        self._received += 1
        arrival = now_ns * self.clock_rate // SECOND
        transit = arrival - timestamp
        if self._transit is not None:
            # signed32: the RTP clock wraps, a difference of transits does not
            distance = abs(signed32(transit - self._transit))
            self._jitter += (distance - self._jitter) / 16
        self._transit = transit
        return unwrapped

    def sender_report(self, report: rtcp.SenderReport, now_ns: int) -> None:
        """Remember when the sender's report came, for its round trip time."""
        self._sr_middle = (report.ntp >> 16) & 0xFFFFFFFF
        self._sr_arrival_ns = now_ns

    def report(self, now_ns: int) -> rtcp.ReportBlock:
        """Return the report block for the time since the last one."""
        expected = self._highest - self._base + 1
        expected_now = expected - self._expected_prior
        lost_now = expected_now - (self._received - self._received_prior)
        self._expected_prior, self._received_prior = expected, self._received
        fraction = min(255, (lost_now << 8) // expected_now) if expected_now > 0 and lost_now > 0 else 0
        delay = (now_ns - self._sr_arrival_ns) * 65536 // SECOND if self._sr_middle else 0
        return rtcp.ReportBlock(
            ssrc=self.ssrc,
            fraction_lost=fraction,
            cumulative_lost=expected - self._received,
            highest_sequence=max(self._highest, 0) & 0xFFFFFFFF,
            jitter=min(int(self._jitter), 0xFFFFFFFF),
            last_sr=self._sr_middle,
            delay_since_sr=min(delay, 0xFFFFFFFF),
        )


class NackList:
    """Remember which packets are missing and when to ask for them; bounded in number, tries and age."""

    __slots__ = ("_missing",)

    def __init__(self) -> None:
        # unwrapped sequence -> [missing since, asked last, times asked]
        self._missing: dict[int, list[int]] = {}

    def __bool__(self) -> bool:
        return bool(self._missing)

    def gap(self, first: int, until: int, now_ns: int) -> bool:
        """Note that `first` up to, not including, `until` are missing; False means too many are."""
        if until - first + len(self._missing) > MAX_MISSING:
            self._missing.clear()
            return False
        for sequence in range(first, until):
            self._missing[sequence] = [now_ns, 0, 0]
        return True

    def arrived(self, sequence: int) -> None:
        """Forget a packet that came after all."""
        self._missing.pop(sequence, None)

    def clear(self) -> None:
        """Forget everything, because another stream begins."""
        self._missing.clear()

    def due(self, now_ns: int) -> tuple[list[int], bool]:
        """Return what to ask for now, and whether any packet was given up."""
        wanted: list[int] = []
        expired: list[int] = []
        for sequence, entry in self._missing.items():
            since, asked, times = entry
            if now_ns - since >= NACK_GIVES_UP_AFTER_NS or times >= MAX_NACKS_PER_PACKET:
                expired.append(sequence)
            elif now_ns - (asked or since) >= (REPEAT_NACK_AFTER_NS if asked else FIRST_NACK_AFTER_NS):
                entry[1], entry[2] = now_ns, times + 1
                wanted.append(sequence)
                if len(wanted) == MAX_NACKED_AT_ONCE:
                    break
        for sequence in expired:
            del self._missing[sequence]
        return sorted(wanted), bool(expired)
