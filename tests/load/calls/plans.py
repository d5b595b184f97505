"""What is measured: shapes of calls, and which relays on each of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.load.calls.call import Shape
from tests.load.calls.relays.known import COMPILED, JANUS, PYTHON, REENCODE, TUNED

FORWARDERS = (PYTHON, COMPILED, JANUS, TUNED)
ONE_ON_ONES = Shape("6 one-on-ones", 6, 2)
GROUP = Shape("group of 12", 1, 12)
GROUPS = (Shape("group of 4", 1, 4), Shape("group of 8", 1, 8), GROUP, Shape("group of 16", 1, 16))
SEVERAL = tuple(Shape(f"{count} groups of 12", count, 12) for count in (2, 3, 4))
# To encode for everybody else is beyond any core as soon as two publish.
LECTURE = Shape("1 to 6", 1, 7, publishers=1)


@dataclass(frozen=True, slots=True)
class Cell:
    """One shape and the relays that are compared on it."""

    shape: Shape
    relays: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is run: the cells, how often, how long each window is; then who is brought to 70 % of a core."""

    cells: Sequence[Cell]
    repetitions: int
    seconds: float
    filled: tuple[str, ...] = ()

    def __len__(self) -> int:
        """Return the number of runs."""
        return self.repetitions * sum(len(cell.relays) for cell in self.cells)


def full(seconds: float, repetitions: int) -> Plan:
    """Return everything that is claimed, in some twenty minutes."""
    cells = [Cell(shape, FORWARDERS) for shape in (GROUP, ONE_ON_ONES, *GROUPS, *SEVERAL)]
    cells.append(Cell(LECTURE, (PYTHON, COMPILED, JANUS, REENCODE)))
    return Plan(list(dict.fromkeys(cells)), repetitions, seconds, filled=FORWARDERS)


def quick(seconds: float) -> Plan:
    """Return the group of twelve alone, in some two minutes."""
    return Plan([Cell(GROUP, FORWARDERS)], 2, seconds)
