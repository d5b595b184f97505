"""How well a connection's network carries, said with patience: a word that flickers is no news. Pure."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Generic, TypeVar

from realtime.relay.clock import SECOND
from realtime.wire.relay import Downlink, Uplink

# Losses at which speech begins to sound broken in spite of concealment, and at which it no longer does.
_WEAK_LOSS, _FINE_LOSS = 0.08, 0.03

Word = TypeVar("Word", bound=str)


class Patience(Generic[Word]):
    """Take over a new word only when it has been the right one for its time."""

    def __init__(self, first: Word, *, after_ns: Mapping[Word, int]) -> None:
        self.word = first
        self._after_ns = after_ns
        self._candidate = first
        self._since_ns = 0

    def hear(self, word: Word, now_ns: int) -> bool:
        """Take what is right now; say whether the word has changed."""
        if word != self._candidate:
            self._candidate, self._since_ns = word, now_ns
        if word == self.word or now_ns - self._since_ns < self._after_ns[word]:
            return False
        self.word = word
        return True


_DOWNLINK_AFTER_NS: Mapping[Downlink, int] = MappingProxyType(
    # Sound only is said at once, before anybody wonders; the rest when it is more than a passing adjustment.
    {"good": 3 * SECOND, "reduced": 3 * SECOND, "sound_only": 0}
)
_UPLINK_AFTER_NS: Mapping[Uplink, int] = MappingProxyType({"good": 5 * SECOND, "weak": 3 * SECOND})


class Quality:
    """Hold both words of one connection."""

    def __init__(self) -> None:
        self._downlink: Patience[Downlink] = Patience("good", after_ns=_DOWNLINK_AFTER_NS)
        self._uplink: Patience[Uplink] = Patience("good", after_ns=_UPLINK_AFTER_NS)

    @property
    def downlink(self) -> Downlink:
        """Say how what the person receives arrives."""
        return self._downlink.word

    @property
    def uplink(self) -> Uplink:
        """Say how what the person sends arrives."""
        return self._uplink.word

    def received(self, word: Downlink, now_ns: int) -> bool:
        """Take what the pictures got just now; say whether it is news."""
        return self._downlink.hear(word, now_ns)

    def sent(self, loss: float, now_ns: int) -> bool:
        """Take the loss of what the person sends; between the two limits nothing changes."""
        word = self._uplink.word
        if loss >= _WEAK_LOSS:
            word = "weak"
        elif loss <= _FINE_LOSS:
            word = "good"
        return self._uplink.hear(word, now_ns)
