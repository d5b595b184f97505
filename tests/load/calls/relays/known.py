"""The relays that can be compared, by the names the command line knows."""

from collections.abc import Callable, Mapping

from tests.load.calls.relays import Place, RelayUnderTest
from tests.load.calls.relays.ours import OurRelay

RELAYS: Mapping[str, Callable[[Place], RelayUnderTest]] = {
    "ours": lambda place: OurRelay(place),
}
