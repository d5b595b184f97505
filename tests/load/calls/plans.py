"""What is measured: shapes of calls, and which relays on each of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.load.calls.call import Shape
from tests.load.calls.relays.known import COMPILED, JANUS, PYTHON, REENCODE, TUNED

FORWARDERS = (PYTHON, COMPILED, JANUS, TUNED)
ONE_ON_ONES = Shape("6 one-on-ones", 6, 2)
GROUP = Shape("group of 12", 1, 12)
OTHER_GROUPS = tuple(Shape(f"group of {people}", 1, people) for people in (4, 8, 16))
SEVERAL = tuple(Shape(f"{count} groups of 12", count, 12) for count in (2, 3, 4))
# To encode for everybody else is beyond any core as soon as two publish.
LECTURE = Shape("1 to 6", 1, 7, publishers=1)


@dataclass(frozen=True, slots=True)
class Cell:
    """One shape, the relays that are compared on it, and how often each is measured."""

    shape: Shape
    relays: tuple[str, ...]
    repetitions: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What is run: the cells, how long each window is; then who is brought to 70 % of a core."""

    cells: Sequence[Cell]
    seconds: float
    filled: tuple[str, ...] = ()

    def __len__(self) -> int:
        """Return the number of runs."""
        return sum(cell.repetitions * len(cell.relays) for cell in self.cells)


def full(seconds: float, repetitions: int) -> Plan:
    """Return all that is claimed, in some twenty minutes; the targets are about the group of twelve."""
    cells = [Cell(GROUP, FORWARDERS, repetitions + 2)]
    cells += [Cell(shape, FORWARDERS, repetitions) for shape in (ONE_ON_ONES, *OTHER_GROUPS, *SEVERAL)]
    cells.append(Cell(LECTURE, (PYTHON, COMPILED, JANUS, REENCODE), repetitions))
    return Plan(cells, seconds, filled=FORWARDERS)


def quick(seconds: float) -> Plan:
    """Return the group of twelve alone, in some two minutes."""
    return Plan([Cell(GROUP, FORWARDERS, 2)], seconds)
