"""The comparison: every relay in turn, again and again, each time a new process and new calls."""

import math
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.load.calls.call import Calls, Shape
from tests.load.calls.figures import Figures, figures
from tests.load.calls.media import Footage
from tests.load.calls.plans import Plan
from tests.load.calls.relays import Place, RelayFailedError
from tests.load.calls.relays.known import MakeRelay

# A relay that has failed so often on a shape is not tried on it again.
FAILURES = 2
FILL_PERCENT, FILL_NEAR_PERCENT = 70.0, 8.0
_FILL_PEOPLE, _FILL_FIRST_GROUPS, _FILL_TRIES, _FILL_MOST_GROUPS = 8, 3, 4, 16


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a relay; `figures` are None where `failure` says what went wrong."""

    shape: Shape
    relay: str
    figures: Figures | None
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Bench:
    """What all runs share: the address, the core of the relay, the spinners, the relays and the footage."""

    relays: Mapping[str, MakeRelay]
    address: str
    footage: Footage
    core: int | None = None
    spinners: Sequence[int] = ()

    def preflight(self, names: Sequence[str]) -> None:
        """Start and stop each relay once, so that what is missing is said now and not in ten minutes."""
        for name in names:
            with tempfile.TemporaryDirectory(prefix="calls-") as folder:
                relay = self.relays[name](Place(self.address, Path(folder), self.core))
                try:
                    relay.start()
                finally:
                    relay.stop()

    def run(self, shape: Shape, name: str, seconds: float) -> Run:
        """Start a relay, hold the calls, measure, stop it."""
        with tempfile.TemporaryDirectory(prefix="calls-") as folder:
            relay = self.relays[name](Place(self.address, Path(folder), self.core))
            calls = Calls(
                relay=relay,
                shape=shape,
                address=self.address,
                footage=self.footage,
                spinners=self.spinners,
            )
            try:
                relay.start()
                calls.join()
                calls.settle()
                return Run(shape, name, figures(calls.window(seconds)))
            except TimeoutError:
                return Run(shape, name, None, "not everybody received everybody in time")
            except (RelayFailedError, RuntimeError, OSError, ValueError) as error:
                return Run(shape, name, None, f"{type(error).__name__}: {error}")
            finally:
                calls.close()
                relay.stop()

    def run_all(self, plan: Plan) -> Iterator[Run]:
        """Run A B C A B C on each shape, so that what changes on the machine changes for all."""
        failures: Counter[tuple[Shape, str]] = Counter()
        for cell in plan.cells:
            for _ in range(cell.repetitions):
                for name in cell.relays:
                    if failures[cell.shape, name] < FAILURES:
                        run = self.run(cell.shape, name, plan.seconds)
                        failures[cell.shape, name] += run.figures is None
                        yield run

    def fill(self, name: str, seconds: float) -> Iterator[Run]:
        """Search for as many groups as bring the relay to 70 % of its core; `nearest` picks a run."""
        groups = _FILL_FIRST_GROUPS
        tried: set[int] = set()
        while groups not in tried and len(tried) < _FILL_TRIES:
            tried.add(groups)
            shape = Shape(f"{groups} groups of {_FILL_PEOPLE}", groups, _FILL_PEOPLE)
            run = self.run(shape, name, seconds)
            yield run
            if run.figures is None or abs(run.figures.core_percent - FILL_PERCENT) < FILL_NEAR_PERCENT:
                return
            wanted = round(groups * FILL_PERCENT / max(run.figures.core_percent, 1))
            groups = min(max(wanted, 1), 2 * groups, _FILL_MOST_GROUPS)


def nearest(tried: Sequence[Run]) -> Run:
    """Return the run that came nearest to 70 % of a core; one that failed only if all did."""
    return min(
        tried,
        key=lambda run: abs(run.figures.core_percent - FILL_PERCENT) if run.figures is not None else math.inf,
    )
