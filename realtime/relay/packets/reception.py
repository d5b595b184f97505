"""What a receiver owes its sender: reports of loss and jitter, and requests for what is missing."""

from realtime.relay.clock import MILLISECOND, SECOND
from realtime.relay.packets import rtcp
from realtime.relay.packets.rtp import signed16

# Packets of a frame come in a burst, in which a neighbour may overtake; those of a voice come 20 ms apart.
FIRST_VIDEO_NACK_AFTER_NS = 15 * MILLISECOND
DEFAULT_ROUND_TRIP_NS = 100 * MILLISECOND
_SHORTEST_REPEAT_NS, _LONGEST_REPEAT_NS = 40 * MILLISECOND, 400 * MILLISECOND
_SHORTEST_ROUND_TRIP_NS, _LONGEST_ROUND_TRIP_NS = 10 * MILLISECOND, SECOND
# What comes later than this finds nobody waiting for it.
VIDEO_GIVES_UP_AFTER_NS = SECOND
AUDIO_GIVES_UP_AFTER_NS = 400 * MILLISECOND
MAX_NACKS_PER_PACKET = 7
MAX_MISSING = 256
MAX_MISSING_AUDIO = 16
MAX_NACKED_AT_ONCE = 128
# How many packets may be asked for, in hundredths of those that come, and how many may be saved up. On a path
# that loses more video than this, sending it all again would only fill the path; a voice weighs nothing.
VIDEO_NACK_SHARE, VIDEO_NACK_BURST = 20, 96
AUDIO_NACK_SHARE, AUDIO_NACK_BURST = 100, 32


class ReceptionStats:
    """Follow one SSRC as RFC 3550 appendix A does."""

    __slots__ = (
        "_base", "_expected_prior", "_highest", "_jitter", "_received_prior", "_sr_arrival_ns", "_sr_middle",
        "_transit", "clock_rate", "fraction_lost", "received", "ssrc",
    )  # fmt: skip

    def __init__(self, ssrc: int, clock_rate: int, sequence: int) -> None:
        self.ssrc = ssrc
        self.clock_rate = clock_rate
        self._base = sequence
        self._highest = sequence - 1
        self.received = 0
        self.fraction_lost = 0
        self._expected_prior = 0
        self._received_prior = 0
        self._jitter = 0.0
        self._transit: int | None = None
        self._sr_middle = 0
        self._sr_arrival_ns = 0

    def count(self, sequence: int, timestamp: int, now_ns: int) -> int:
        """Take one packet in; return its unwrapped sequence number."""
        # `signed16` and `signed32`, written out: this is done for every packet that comes.
        ahead = ((sequence - self._highest + 0x8000) & 0xFFFF) - 0x8000
        unwrapped = self._highest + ahead
        if ahead > 0:
            self._highest = unwrapped
        self.received += 1
        transit = now_ns * self.clock_rate // SECOND - timestamp
        if self._transit is not None:
            # The RTP clock wraps, a difference of transits does not.
            distance = ((transit - self._transit + 0x80000000) & 0xFFFFFFFF) - 0x80000000
            self._jitter += (abs(distance) - self._jitter) / 16
        self._transit = transit
        return unwrapped

    @property
    def variation(self) -> tuple[int, float]:
        """The newest transit, of which 32 bits count, and the smoothed jitter, in ticks."""
        return (self._transit or 0) & 0xFFFFFFFF, self._jitter

    def is_newest(self, sequence: int) -> bool:
        """Say whether nothing newer than this number has come."""
        return sequence == self._highest

    def is_beyond(self, sequence: int) -> bool:
        """Say whether a number lies further ahead than can be missing: nobody repeats what was not sent."""
        return sequence - self._highest > MAX_MISSING

    def went_on(self, sequence: int, timestamp: int, jitter: float, now_ns: int) -> None:
        """Take the next packet in, whose jitter somebody else has reckoned as `count` would."""
        self._highest = sequence
        self.received += 1
        self._transit = now_ns * self.clock_rate // SECOND - timestamp
        self._jitter = jitter

    def unwrap(self, sequence: int) -> int:
        """Return the unwrapped number of a packet that was sent again, which says nothing about the path."""
        return self._highest + signed16(sequence - self._highest)

    @property
    def jitter_seconds(self) -> float:
        """How much the time between packets varies."""
        return self._jitter / self.clock_rate

    def sender_report(self, report: rtcp.SenderReport, now_ns: int) -> None:
        """Remember when the sender's report came, for its round trip time."""
        self._sr_middle = (report.ntp >> 16) & 0xFFFFFFFF
        self._sr_arrival_ns = now_ns

    def report(self, now_ns: int) -> rtcp.ReportBlock:
        """Return the report block for the time since the last one."""
        expected = self._highest - self._base + 1
        expected_now = expected - self._expected_prior
        lost_now = expected_now - (self.received - self._received_prior)
        self._expected_prior, self._received_prior = expected, self.received
        fraction = min(255, (lost_now << 8) // expected_now) if expected_now > 0 and lost_now > 0 else 0
        self.fraction_lost = fraction
        delay = (now_ns - self._sr_arrival_ns) * 65536 // SECOND if self._sr_middle else 0
        return rtcp.ReportBlock(
            ssrc=self.ssrc,
            fraction_lost=fraction,
            cumulative_lost=expected - self.received,
            highest_sequence=max(self._highest, 0) & 0xFFFFFFFF,
            jitter=min(int(self._jitter), 0xFFFFFFFF),
            last_sr=self._sr_middle,
            delay_since_sr=min(delay, 0xFFFFFFFF),
        )


class NackList:
    """Remember which packets are missing and when to ask for them; bounded in number, tries, age, share."""

    __slots__ = ("_credit", "_is_video", "_missing", "_received", "round_trip_ns")

    def __init__(self, *, is_video: bool) -> None:
        self._is_video = is_video
        # unwrapped sequence -> [missing since, asked first, asked last, times asked]
        self._missing: dict[int, list[int]] = {}
        self._received = 0
        self._credit = 100 * (VIDEO_NACK_BURST if is_video else AUDIO_NACK_BURST)
        self.round_trip_ns = DEFAULT_ROUND_TRIP_NS

    def __bool__(self) -> bool:
        return bool(self._missing)

    def __contains__(self, sequence: int) -> bool:
        return sequence in self._missing

    def gap(self, first: int, until: int, now_ns: int) -> bool:
        """Note that `first` up to, not including, `until` are missing; False means too many are."""
        if not self._is_video:
            first = max(first, until - MAX_MISSING_AUDIO)
        if until - first + len(self._missing) > MAX_MISSING:
            self._missing.clear()
            return False
        for sequence in range(first, until):
            self._missing[sequence] = [now_ns, 0, 0, 0]
        return True

    def arrived(self, sequence: int, now_ns: int) -> None:
        """Forget a packet that came after all; its delay since it was first asked for tells the round trip.

        Of one asked for again it is not known which request it answers. Taking the first errs upwards, and
        slowly; taking none would leave an estimate below the truth there for ever.
        """
        entry = self._missing.pop(sequence, None)
        if entry is not None and entry[3]:
            took = min(max(now_ns - entry[1], _SHORTEST_ROUND_TRIP_NS), _LONGEST_ROUND_TRIP_NS)
            self.round_trip_ns += (took - self.round_trip_ns) // (4 * entry[3])

    def clear(self) -> None:
        """Forget everything, because another stream begins."""
        self._missing.clear()

    def due(self, now_ns: int, received: int) -> tuple[list[int], int | None]:
        """Return what to ask for now, and the newest number that was given up, if any.

        `received` counts the packets of the stream so far: what may be asked for is a share of them.
        """
        share = VIDEO_NACK_SHARE if self._is_video else AUDIO_NACK_SHARE
        burst = 100 * (VIDEO_NACK_BURST if self._is_video else AUDIO_NACK_BURST)
        self._credit = min(burst, self._credit + share * max(0, received - self._received))
        self._received = received
        first_after = FIRST_VIDEO_NACK_AFTER_NS if self._is_video else 0
        gives_up_after = VIDEO_GIVES_UP_AFTER_NS if self._is_video else AUDIO_GIVES_UP_AFTER_NS
        repeat = min(max(self.round_trip_ns * 5 // 4, _SHORTEST_REPEAT_NS), _LONGEST_REPEAT_NS)
        wanted: list[int] = []
        expired: list[int] = []
        for sequence, entry in self._missing.items():
            since, first, asked, times = entry
            if now_ns - since >= gives_up_after or times >= MAX_NACKS_PER_PACKET:
                expired.append(sequence)
            elif self._credit >= 100 and len(wanted) < MAX_NACKED_AT_ONCE:  # one packet's worth
                wait = min(repeat << max(0, times - 2), _LONGEST_REPEAT_NS) if times else first_after
                if now_ns - (asked if times else since) >= wait:
                    entry[1:] = first if times else now_ns, now_ns, times + 1
                    self._credit -= 100
                    wanted.append(sequence)
        for sequence in expired:
            del self._missing[sequence]
        return sorted(wanted), max(expired, default=None)
