"""The relays that can be compared, by the names the command line knows."""

from collections.abc import Callable, Mapping

from tests.load.calls.relays import Place, RelayUnderTest
from tests.load.calls.relays.janus import JanusRelay
from tests.load.calls.relays.ours import OurRelay
from tests.load.calls.relays.reencode import ReencodingRelay

MakeRelay = Callable[[Place], RelayUnderTest]

OURS, PYTHON, COMPILED = "ours", "ours-python", "ours-compiled"
JANUS, TUNED, REENCODE = "janus", "janus-loops1", "reencode"
RELAYS: Mapping[str, MakeRelay] = {
    OURS: lambda place: OurRelay(place),
    PYTHON: lambda place: OurRelay(place, name=PYTHON, options=("--data-plane", "python")),
    COMPILED: lambda place: OurRelay(place, name=COMPILED, options=("--data-plane", "compiled")),
    JANUS: lambda place: JanusRelay(place),
    TUNED: lambda place: JanusRelay(place, event_loops=1),
    REENCODE: lambda place: ReencodingRelay(place),
}
MEANINGS: Mapping[str, str] = {
    OURS: "this project's relay as it starts by itself",
    PYTHON: "this project's relay without a compiled data plane",
    COMPILED: "this project's relay with its compiled data plane",
    JANUS: "Debian's janus, videoroom, as it comes",
    TUNED: "the same with `event_loops=1`",
    REENCODE: "aiortc's MediaRelay, which decodes and encodes again",
}
