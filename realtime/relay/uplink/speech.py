"""Who is speaking, from the audio level that each packet carries in the clear (RFC 6464). Pure.

Nothing here decides what is forwarded: a voice too soft to be noticed is heard all the same.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from realtime.relay.clock import MILLISECOND

# In -dBov, a lower number is louder. Soft speech that the sender's own detector calls voice counts; without
# its flag, which not every sender sets, only what is clearly louder than a room.
_SOFT, _CLEAR = 55, 40
_SILENCE = 127
# Loudness above silence, smoothed per packet: a click is over before it counts, a word is not.
_WEIGHT = 0.25
_STARTS_AT, _GOES_ON_AT = _SILENCE - 75, _SILENCE - 90
# A pause within a sentence; and what is older than a gap in the packets is not smoothed into what follows.
_QUIET_AFTER_NS = 800 * MILLISECOND
_GAP_NS = 500 * MILLISECOND
SPEAKERS_EVERY_NS = 300 * MILLISECOND


class SpeechMeter:
    """Turn the levels of one microphone into speaking or not."""

    __slots__ = ("_is_active", "_level_ns", "_loudness", "spoke_ns")

    def __init__(self) -> None:
        self.spoke_ns: int | None = None
        self._is_active = False
        self._loudness = 0.0
        self._level_ns = 0

    def level(self, value: int, now_ns: int) -> None:
        """Take the extension's byte: the voice flag and seven bits of -dBov."""
        quietness = value & 0x7F
        is_voice = quietness <= (_SOFT if value & 0x80 else _CLEAR)
        if now_ns - self._level_ns > _GAP_NS:
            self._loudness = 0.0
        self._level_ns = now_ns
        self._loudness += ((_SILENCE - quietness if is_voice else 0) - self._loudness) * _WEIGHT
        if not self.is_speaking(now_ns):
            self._is_active = self._loudness >= _STARTS_AT
        if self._is_active and self._loudness >= _GOES_ON_AT:
            self.spoke_ns = now_ns

    def is_speaking(self, now_ns: int) -> bool:
        """Say whether speech was heard within the last moments."""
        return self._is_active and self.spoke_ns is not None and now_ns - self.spoke_ns <= _QUIET_AFTER_NS


@dataclass(frozen=True, slots=True)
class Voice:
    """Say where somebody is and whether they speak; the side room of the group is empty."""

    participant: str
    side_room: str
    is_speaking: bool


class Speakers:
    """Remember what was last said of each side room, and say what is new, not too often."""

    def __init__(self) -> None:
        self._named: dict[str, list[str]] = {"": []}
        self._due_ns: dict[str, int] = {}

    def named(self) -> list[tuple[str, list[str]]]:
        """Return for each side room who was last said to speak."""
        return list(self._named.items())

    def hear(self, voices: Sequence[Voice], now_ns: int) -> Iterable[tuple[str, list[str]]]:
        """Return the side rooms where others speak now than were named; nobody is named outside their own."""
        speaking: dict[str, set[str]] = {"": set()}
        for voice in voices:
            place = speaking.setdefault(voice.side_room, set())
            if voice.is_speaking:
                place.add(voice.participant)
        news: list[tuple[str, list[str]]] = []
        for side_room in speaking.keys() | self._named.keys():
            named = sorted(speaking.get(side_room, ()))
            if named != self._named.get(side_room, []) and now_ns >= self._due_ns.get(side_room, now_ns):
                self._due_ns[side_room] = now_ns + SPEAKERS_EVERY_NS
                self._named[side_room] = named
                news.append((side_room, named))
            if side_room not in speaking and not self._named.get(side_room):
                self._named.pop(side_room, None)
                self._due_ns.pop(side_room, None)
        return sorted(news)
