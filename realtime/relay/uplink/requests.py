"""What is asked of the publisher of one encoding: key frames until they come, and packets that were lost."""

from collections.abc import Callable

from realtime.relay.clock import SECOND
from realtime.relay.packets import rtcp
from realtime.relay.packets.reception import NackList
from realtime.relay.uplink.keyframes import FULL_THROTTLE_NS, LOW_THROTTLE_NS, KeyframeGovernor
from realtime.wire.relay import Source

# How long a source that has fallen silent is still asked for a picture.
_ANSWERS_NS: dict[Source, int] = {"microphone": 0, "camera": 2 * SECOND, "screen": 30 * SECOND}

Feedback = Callable[[list[bytes]], None]


class Requests:
    """Keep what is wanted of a publisher and send it as RTCP when it is due (RFC 4585).

    `is_asking` says whether `send` has anything to do, now or later. Sequence numbers are unwrapped ones of
    the source.
    """

    __slots__ = (
        "_answers_ns", "_feedback", "_governor", "_is_video", "_newest_key", "_ssrc", "is_allowed",
        "is_asking", "is_nackable", "missing",
    )  # fmt: skip

    def __init__(self, source: Source, rank: int) -> None:
        self._is_video = is_video = source != "microphone"
        self._answers_ns = _ANSWERS_NS[source]
        self._governor = KeyframeGovernor(FULL_THROTTLE_NS if rank or source == "screen" else LOW_THROTTLE_NS)
        self._ssrc = 0
        self._feedback: Feedback | None = None
        self._newest_key = 0
        self.missing = NackList(is_video=is_video)
        # What nobody may see is not asked for.
        self.is_allowed = True
        self.is_nackable = is_video
        self.is_asking = False

    def begin(self, ssrc: int, feedback: Feedback) -> None:
        """Ask this source from now on; what was asked of the one before is void."""
        self._ssrc, self._feedback = ssrc, feedback
        self._governor.restart()
        self.missing.clear()

    def end(self) -> None:
        """Ask nobody until another source begins; a wish for a key frame stands."""
        self._feedback = None
        self.missing.clear()

    def begin_run(self, sequence: int) -> None:
        """Forget what was lost before a key frame with which the stream begins anew."""
        self._newest_key = sequence
        self.missing.clear()

    def keyframe_came(self, sequence: int) -> None:
        """Take every wish for a key frame as answered."""
        self._newest_key = max(self._newest_key, sequence)
        self._governor.seen()

    def drop_wishes(self) -> None:
        """Want no key frame any more: nobody watches."""
        self._governor.seen()

    def gap(self, first: int, until: int, now_ns: int) -> None:
        """Take packets as lost, from the first to before another."""
        if self.is_nackable:
            self.is_asking = True
            if not self.missing.gap(first, until, now_ns):
                self.want_keyframe(now_ns)

    def want_keyframe(self, now_ns: int, requester: object | None = None) -> None:
        """Ask for a key frame now or as soon as the governor allows, until one comes."""
        if self._is_video:
            self.is_asking = True
            self._governor.want(now_ns, requester)
            self._ask_keyframe(now_ns)

    def send(self, now_ns: int, *, last_ns: int, received: int) -> None:
        """Send what is due of a source that was heard last then, and of which so many packets came."""
        if self._governor.has_work and now_ns - last_ns < self._answers_ns:
            self._ask_keyframe(now_ns)
        if self.missing and self._feedback is not None:
            wanted, given_up = self.missing.due(now_ns, received)
            if wanted:
                low = [sequence & 0xFFFF for sequence in wanted]
                self._feedback([rtcp.build_nack(rtcp.RELAY_SSRC, self._ssrc, low)])
            if given_up is not None and given_up >= self._newest_key:
                # Pictures since the last key frame build on it.
                self.want_keyframe(now_ns)
        self.is_asking = self._governor.has_work or bool(self.missing)

    def _ask_keyframe(self, now_ns: int) -> None:
        if (
            self.is_allowed
            and self._feedback is not None
            and self._governor.is_due(now_ns, self.missing.round_trip_ns)
        ):
            self._feedback([rtcp.build_pli(rtcp.RELAY_SSRC, self._ssrc)])
