"""What each picture costs over some seconds: a key frame is not the rate of a stream."""

from collections.abc import Iterable

from realtime.relay.clock import SECOND
from realtime.relay.uplink.encoding import Encoding
from realtime.relay.uplink.producer import Producer

# What to expect of a stream that has not been measured yet.
EXPECTED_SMALL, EXPECTED_FULL, EXPECTED_SCREEN = 120_000, 600_000, 500_000
_SMOOTHED_OVER_NS = 3 * SECOND


class Rates:
    """Follow the rates of one room's pictures more slowly than their encodings measure themselves."""

    def __init__(self) -> None:
        self._rates: dict[Encoding, float] = {}
        self._at_ns = 0

    def update(self, producers: Iterable[Producer], now_ns: int) -> None:
        """Take what is measured now; what is no longer there is forgotten."""
        weight = min((now_ns - self._at_ns) / _SMOOTHED_OVER_NS, 1.0) if self._rates else 0.0
        self._at_ns = now_ns
        before, self._rates = self._rates, {}
        for producer in producers:
            for encoding in producer.encodings if producer.is_video else ():
                rate = before.get(encoding, _expected(producer, encoding))
                if encoding.is_flowing(now_ns) and encoding.bitrate:
                    rate += (encoding.bitrate - rate) * weight
                self._rates[encoding] = rate

    def of(self, producer: Producer, encoding: Encoding) -> int:
        """Return what to reckon with for an encoding, in bit/s."""
        return round(self._rates.get(encoding, _expected(producer, encoding)))


def _expected(producer: Producer, encoding: Encoding) -> float:
    if producer.source == "screen":
        return EXPECTED_SCREEN
    # The only stream of a camera is the full picture, whatever its rank.
    return EXPECTED_FULL if encoding.rank or not producer.is_simulcast else EXPECTED_SMALL
