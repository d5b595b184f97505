"""The comparison: every relay in turn, again and again, each time a new process and new calls."""

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.load.calls.call import Calls, Shape
from tests.load.calls.figures import Figures, figures
from tests.load.calls.media import Footage
from tests.load.calls.relays import Place, RelayFailedError, RelayUnderTest

RELAY_CORE, GENERATOR_CORE = 0, 1
MakeRelay = Callable[[Place], RelayUnderTest]


@dataclass(frozen=True, slots=True)
class Cell:
    """One shape and the relays that are compared on it."""

    shape: Shape
    relays: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a relay; `figures` are None where `failure` says what went wrong."""

    shape: Shape
    relay: str
    repetition: int
    figures: Figures | None
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is run: the cells, how often, how long each window is."""

    cells: Sequence[Cell]
    repetitions: int
    seconds: float

    def __len__(self) -> int:
        """Return the number of runs."""
        return self.repetitions * sum(len(cell.relays) for cell in self.cells)


def run_all(
    plan: Plan, *, relays: Mapping[str, MakeRelay], address: str, footage: Footage, core: int | None
) -> Iterator[Run]:
    """Run the plan: A B C A B C on each shape, so that what changes on the machine changes for all."""
    for cell in plan.cells:
        for repetition in range(plan.repetitions):
            for name in cell.relays:
                yield run_one(
                    cell.shape,
                    name,
                    relays[name],
                    repetition=repetition,
                    seconds=plan.seconds,
                    address=address,
                    footage=footage,
                    core=core,
                )


def run_one(
    shape: Shape,
    name: str,
    make: MakeRelay,
    *,
    repetition: int,
    seconds: float,
    address: str,
    footage: Footage,
    core: int | None,
) -> Run:
    """Start a relay, hold the calls, measure, stop it."""
    with tempfile.TemporaryDirectory(prefix="calls-") as folder:
        relay = make(Place(address=address, folder=Path(folder), core=core))
        calls = Calls(relay=relay, shape=shape, address=address, footage=footage)
        try:
            relay.start()
            measured = figures(calls.measure(seconds))
        except TimeoutError:
            return Run(shape, name, repetition, None, "not everybody received everybody in time")
        except (RelayFailedError, RuntimeError, OSError, ValueError) as error:
            return Run(shape, name, repetition, None, f"{type(error).__name__}: {error}")
        finally:
            calls.close()
            relay.stop()
    return Run(shape, name, repetition, measured)


def eta(started: float, done: int, total: int) -> str:
    """Say how long the rest takes if it goes on like this."""
    left = (time.monotonic() - started) / max(done, 1) * (total - done)
    return f"{left / 60:.0f} min left"
