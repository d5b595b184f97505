"""Who is speaking, from the audio level that each packet carries in the clear (RFC 6464)."""

from realtime.relay.clock import MILLISECOND

SPEECH_LEVEL = 50  # -dBov; a lower number is louder
_PACKETS_TO_START = 3
_QUIET_AFTER_NS = 600 * MILLISECOND


class SpeechMeter:
    """Turn levels into speaking or not: a few loud packets start it, a pause ends it."""

    __slots__ = ("_loud", "_loud_ns")

    def __init__(self) -> None:
        self._loud = 0
        self._loud_ns = 0

    def level(self, value: int, now_ns: int) -> None:
        """Take the extension's byte: the voice flag and seven bits of -dBov."""
        if value & 0x80 and value & 0x7F <= SPEECH_LEVEL:
            if now_ns - self._loud_ns > _QUIET_AFTER_NS:
                self._loud = 0
            self._loud += 1
            self._loud_ns = now_ns

    def is_speaking(self, now_ns: int) -> bool:
        """Say whether speech was heard within the last moments."""
        return self._loud >= _PACKETS_TO_START and now_ns - self._loud_ns <= _QUIET_AFTER_NS
