"""Compare what was counted with what really happened; shared by the simulated schedules and the live ones."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

MOST_LOST_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Count:
    """One person's seconds in one schedule."""

    who: str
    true: int
    counted: int
    lost: int
    invented: int
    twice: int

    @property
    def is_right(self) -> bool:
        """Say whether the rule holds: at most ten seconds lost, none invented, none counted twice."""
        return self.lost <= MOST_LOST_SECONDS and not self.invented and not self.twice


def count(
    who: str, *, must: Collection[int], may: Collection[int], spans: Iterable[tuple[int, int]]
) -> Count:
    """Compare counted spans with the seconds that must and those that may be counted."""
    every = [second for start, end in spans for second in range(start, end)]
    counted = set(every)
    return Count(
        who=who,
        true=len(must),
        counted=len(counted),
        lost=len(set(must) - counted),
        invented=len(counted - set(may)),
        twice=len(every) - len(counted),
    )


def runs(seconds: Collection[int]) -> list[tuple[int, int]]:
    """Write a set of seconds as spans."""
    found: list[tuple[int, int]] = []
    for second in sorted(seconds):
        if found and found[-1][1] == second:
            found[-1] = (found[-1][0], second + 1)
        else:
            found.append((second, second + 1))
    return found


def table(rows: Iterable[Collection[object]], heads: Collection[str]) -> str:
    """Lay rows out in columns."""
    lines = [[str(cell) for cell in row] for row in (heads, *rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(heads))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )
