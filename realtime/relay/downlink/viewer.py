"""One subscriber: who is in which slot, which picture each slot gets, and how well the network carries it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from realtime.relay.clock import SECOND
from realtime.relay.counters import Counters
from realtime.relay.downlink.allocator import (
    LAST_N,
    Allocation,
    Layer,
    Wish,
    allocate,
)
from realtime.relay.downlink.bandwidth import Bandwidth, Feedback
from realtime.relay.downlink.consumer import Consumer
from realtime.relay.downlink.rates import Rates
from realtime.relay.downlink.slots import SlotTable, Wanted
from realtime.relay.downlink.stage import Candidate, Importance, choose
from realtime.relay.downlink.subscribing import SubscribePeer
from realtime.relay.downlink.views import Key, View, importance
from realtime.relay.uplink.encoding import Encoding
from realtime.relay.uplink.producer import Producer
from realtime.wire.relay import Downlink, MediaKind, Slot, Source

# A browser repeats its estimate every second or so while pictures come.
_ESTIMATE_LASTS_NS = 3 * SECOND
# Whoever has not been heard for so long was cut off: reports come every second, checks every few.
_GONE_NS = 4 * SECOND
# The first reports after it count what was lost meanwhile, smoothed over some seconds.
_LOSSES_OF_BEFORE_NS = 4 * SECOND
# Addresses and authentication add about half to a voice; and somebody may begin to speak at any time.
_VOICE_PERCENT, _VOICE_RESERVE = 150, 40_000
# A decision that left nothing to wish for stands for so long, while nothing but rates changes and the budget
# is larger by this share.
_STANDS_NS, _STANDS_PERCENT = SECOND, 125
# Measured voices swing; less than this is none of the pictures.
_SOME_VIDEO = 20_000


@dataclass(frozen=True, slots=True)
class Company:
    """Hold what is published in one side room: in order of arrival, screens in order of sharing."""

    producers: Mapping[Key, Producer]
    spoke_ns: Mapping[str, int]
    layers: Mapping[Key, tuple[Layer, ...]]
    voices: Mapping[str, int]
    # What of it decides who can be shown, and how; rates are not in it.
    shape: tuple[tuple[Key, int], ...]

    @classmethod
    def of_these(cls, producers: Mapping[Key, Producer], rates: Rates, now_ns: int) -> "Company":
        """Take in what is the same for all: who spoke when, which layers flow, what voices take."""
        spoke_ns, voices = dict[str, int](), dict[str, int]()
        layers: dict[Key, tuple[Layer, ...]] = {}
        for key, producer in producers.items():
            if producer.is_video:
                layers[key] = tuple(
                    Layer(encoding.rank, rates.of(producer, encoding))
                    for encoding in producer.encodings
                    if _is_flowing(encoding, now_ns)
                )
            elif producer.allowed:
                if producer.speech.spoke_ns is not None:
                    spoke_ns[key[0]] = producer.speech.spoke_ns
                if _is_flowing(producer.encodings[0], now_ns):
                    voices[key[0]] = producer.encodings[0].bitrate
        # The bits of a number say which layers flow.
        shape = tuple((key, sum(1 << layer.rank for layer in each)) for key, each in layers.items())
        return cls(producers=producers, spoke_ns=spoke_ns, layers=layers, voices=voices, shape=shape)

    def of(self, holder: str | None, source: Source) -> Producer | None:
        """Return somebody's track."""
        return None if holder is None else self.producers.get((holder, source))


class Viewer:
    """Bring the slots of one connection in line with its company, its view and its network.

    `lines` are the subscribe peer connections of the seat, the newest last; more than one only while they
    change over.
    """

    def __init__(
        self,
        *,
        participant: str,
        table: SlotTable,
        lines: Sequence[SubscribePeer],
        counters: Counters,
        overloaded: Callable[[int], None],
        last_n: int = LAST_N,
    ) -> None:
        self.view = View()
        self._last_n = last_n
        self._participant = participant
        self._table = table
        self._lines = lines
        self._counters = counters
        self._overloaded = overloaded
        self._voices: Mapping[str, int] = {}
        self._cameras: Mapping[str, int] = {}
        self._allocation = Allocation()
        self._bandwidth: Bandwidth | None = None
        self._measured: SubscribePeer | None = None
        self._was_gone = False
        self._back_ns: int | None = None
        self._paused: frozenset[Key] = frozenset()
        self._is_crowded = False
        # For which company and view the allocation stands, and until when.
        self._stands_for: tuple[tuple[tuple[Key, int], ...], View] | None = None
        self._stands_until_ns = 0

    @property
    def downlink(self) -> Downlink:
        """Say what the pictures get now; a wish for sound only is no complaint."""
        if self.view.is_sound_only or not self._allocation.lacking:
            return "good"
        return "sound_only" if self._allocation.is_silenced else "reduced"

    def refresh(self, company: Company, now_ns: int) -> bool:
        """Take in who is there; say whether the subscriber has to be told."""
        self._follow_line(now_ns)
        changed = self._table.assign(self._wanted(company, now_ns))
        for line in self._lines:
            line.carry(
                "audio", [company.of(each, "microphone") for each in self._table.audio.holders], now_ns
            )
            line.carry("video", [company.of(each, "camera") for each in self._table.video.holders], now_ns)
            line.carry("screen", [company.of(each, "screen") for each in self._table.screen.holders], now_ns)
        return self._share(company, now_ns) or changed

    def tick(self, company: Company, now_ns: int) -> bool:
        """Follow the network and who speaks; say whether the subscriber has to be told."""
        self._follow_line(now_ns)
        if self._measured is not None and self._bandwidth is not None:
            self._bandwidth.update(self._feedback(self._measured, company, now_ns), now_ns)
        # Without newcomers only a crowd has to make room for whoever speaks.
        if self._is_crowded:
            return self.refresh(company, now_ns)
        if self._stands(company, now_ns):
            return False
        return self._share(company, now_ns, is_table_new=False)

    def _stands(self, company: Company, now_ns: int) -> bool:
        """Say whether sharing out anew could only find what is there: it is so nearly always."""
        return (
            now_ns < self._stands_until_ns
            and self._bandwidth is not None
            and self._bandwidth.budget * 100 >= self._allocation.cost * _STANDS_PERCENT
            and self._stands_for == (company.shape, self.view)
        )

    def slots(self) -> list[Slot]:
        """Return the whole table, in the order of the m-lines of the newest peer connection."""
        newest = self._lines[-1]
        columns: tuple[tuple[list[Consumer], list[str | None], MediaKind, Source], ...] = (
            (newest.audio, self._table.audio.holders, "audio", "microphone"),
            (newest.video, self._table.video.holders, "video", "camera"),
            (newest.screen, self._table.screen.holders, "video", "screen"),
        )
        return [
            _empty_slot(consumer.mid, kind, source)
            if holder is None
            else Slot(
                mid=consumer.mid,
                kind=kind,
                participant=holder,
                source=source,
                paused=(holder, source) in self._paused,
            )
            for consumers, holders, kind, source in columns
            for consumer, holder in zip(consumers, holders, strict=True)
        ]

    def _follow_line(self, now_ns: int) -> None:
        line = next((each for each in reversed(self._lines) if each.peer.is_connected), None)
        if line is not self._measured:
            # Another path: nothing that is known of the one before holds.
            self._measured = line
            self._bandwidth = None if line is None else Bandwidth(now_ns)
        elif line is not None and now_ns - line.peer.last_ns >= _GONE_NS:
            self._was_gone = True
        elif self._was_gone:
            # A way that was cut says nothing of the way that is back, and its losses are of the time between.
            self._was_gone, self._back_ns = False, now_ns
            self._bandwidth = Bandwidth(now_ns)

    def _wanted(self, company: Company, now_ns: int) -> list[Wanted]:
        others = [key for key in company.producers if key[0] != self._participant]
        cameras = [key for key in others if key[1] == "camera"]
        voices = [key[0] for key in others if key[1] == "microphone"]
        self._is_crowded = len(voices) > self._table.audio.size or len(cameras) > self._table.video.size
        if len(voices) > self._table.audio.size:
            self._overloaded(len(voices))
        if not self._is_crowded:
            self._voices, self._cameras = {}, {}
            return [key for key in others if key[1] != "screen"] + self._screens(others)
        self._voices = choose(
            self._voices,
            [self._voice(each, company, now_ns) for each in voices],
            size=self._table.audio.size,
            now_ns=now_ns,
        )
        self._cameras = choose(
            self._cameras,
            [self._camera(key, company, len(cameras), now_ns) for key in cameras],
            size=self._table.video.size,
            now_ns=now_ns,
        )
        return [
            key
            for key in others
            if (key[1] == "microphone" and key[0] in self._voices)
            or (key[1] == "camera" and key[0] in self._cameras)
        ] + self._screens(others)

    def _screens(self, others: list[Key]) -> list[Wanted]:
        return [key for key in others if key[1] == "screen"][-self._table.screen.size :]

    def _voice(self, participant: str, company: Company, now_ns: int) -> Candidate:
        speaking = company.producers[participant, "microphone"].speech.is_speaking(now_ns)
        return Candidate(
            participant,
            Importance.SPEAKING if speaking else Importance.VISIBLE,
            company.spoke_ns.get(participant),
        )

    def _camera(self, key: Key, company: Company, cameras: int, now_ns: int) -> Candidate:
        spoke_ns = company.spoke_ns.get(key[0])
        weight = importance(self.view.tile(key, cameras=cameras), spoke_ns, now_ns)
        if not company.layers[key]:
            weight = Importance.HIDDEN
        return Candidate(key[0], weight, spoke_ns)

    def _share(self, company: Company, now_ns: int, *, is_table_new: bool = True) -> bool:
        bandwidth, before = self._bandwidth or Bandwidth(now_ns), self._allocation
        self._stands_for = None
        if self.view.is_sound_only:
            self._allocation = Allocation()
        else:
            self._allocation = allocate(
                self._wishes(company),
                audio=self._audio(company),
                budget=bandwidth.budget,
                held=bandwidth.held(now_ns),
                may_try=bandwidth.may_try(now_ns),
                before=self._allocation,
                now_ns=now_ns,
                last_n=self._last_n,
            )
            bandwidth.planned(self._allocation.cost, has_risen=self._allocation.has_risen, now_ns=now_ns)
        if self._allocation.choices is before.choices and not is_table_new:
            if len(company.shape) <= self._last_n:  # nobody waits for somebody else's place
                self._stands_for = company.shape, self.view
                self._stands_until_ns = now_ns + _STANDS_NS
            return False  # every slot has been told this before
        for line in self._lines:
            self._select("camera", line.video, self._table.video.holders, now_ns)
            self._select("screen", line.screen, self._table.screen.holders, now_ns)
        paused = frozenset(key for key in self._pictures(company) if self._allocation.rank(key) is None)
        if paused == self._paused:
            return False
        self._counters.add("video_paused", len(paused - self._paused))
        self._paused = paused
        return True

    def _select(
        self, source: Source, consumers: list[Consumer], holders: list[str | None], now_ns: int
    ) -> None:
        for consumer, holder in zip(consumers, holders, strict=True):
            if holder is not None and consumer.producer is not None:
                rank = self._allocation.rank((holder, source))
                consumer.select(None if rank is None else consumer.producer.encodings[rank], now_ns)

    def _pictures(self, company: Company) -> list[Key]:
        held: list[Key] = [(each, "camera") for each in self._table.video.holders if each is not None]
        held += [(each, "screen") for each in self._table.screen.holders if each is not None]
        return [key for key in held if key in company.producers]

    def _wishes(self, company: Company) -> list[Wish]:
        pictures = self._pictures(company)
        cameras = sum(key[1] == "camera" for key in pictures)
        return [
            Wish(
                key,
                self.view.tile(key, cameras=cameras),
                company.layers[key],
                company.spoke_ns.get(key[0]),
            )
            for key in pictures
        ]

    def _audio(self, company: Company) -> int:
        """Return what the voices take now on the wire."""
        return max(self._voices_sent(company) * _VOICE_PERCENT // 100, _VOICE_RESERVE)

    def _voices_sent(self, company: Company) -> int:
        return sum(company.voices.get(each, 0) for each in self._table.audio.holders if each is not None)

    def _feedback(self, line: SubscribePeer, company: Company, now_ns: int) -> Feedback:
        video = max(line.sent_bitrate(now_ns) - self._voices_sent(company), 0)
        is_recent = line.remb_ns is not None and now_ns - line.remb_ns <= _ESTIMATE_LASTS_NS
        is_just_back = self._back_ns is not None and now_ns - self._back_ns < _LOSSES_OF_BEFORE_NS
        return Feedback(
            # Without pictures a browser goes on to repeat its last estimate, which says nothing any more.
            remb=line.remb if is_recent and video >= _SOME_VIDEO else None,
            video=video,
            audio=self._audio(company),
            loss=0.0 if is_just_back else line.loss,
            has_reported=line.has_reported,
        )


@cache
def _empty_slot(mid: str, kind: MediaKind, source: Source) -> Slot:
    """Most slots are empty most of the time, and all empty ones are alike."""
    return Slot(mid=mid, kind=kind, participant=None, source=source)


def _is_flowing(encoding: Encoding, now_ns: int) -> bool:
    return encoding.allowed and encoding.is_flowing(now_ns)
