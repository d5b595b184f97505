"""What the commands of this folder say about a process, a list of numbers and the machine."""

from __future__ import annotations

import os
import platform
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Footprint:
    """What a process takes of the machine now; memory in KiB."""

    rss: int
    pss: int
    private: int
    files: int
    threads: int


def footprint(pid: int) -> Footprint:
    """Ask the kernel about a process."""
    sizes: dict[str, int] = {}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        name, _, rest = line.partition(":")
        sizes[name] = int(rest.split()[0])
    return Footprint(
        rss=sizes["Rss"],
        pss=sizes["Pss"],
        private=sizes["Private_Dirty"],
        files=len(os.listdir(f"/proc/{pid}/fd")),
        threads=len(os.listdir(f"/proc/{pid}/task")),
    )


def cpu_seconds(pid: int) -> float:
    """Give the CPU time of a whole process by its own clock."""
    return time.clock_gettime(~pid << 3 | 2)


def percentile(values: Sequence[float], share: float) -> float:
    """Give the value that so large a share (0 to 1) does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -(-round(share * 1000) * len(ordered) // 1000) - 1))]


def slope(points: Sequence[tuple[float, float]]) -> float:
    """Give the rise per unit of the straight line nearest to the points."""
    count = len(points)
    if count < 2:
        return 0.0
    middle = sum(x for x, _ in points) / count
    height = sum(y for _, y in points) / count
    width = sum((x - middle) ** 2 for x, _ in points)
    return sum((x - middle) * (y - height) for x, y in points) / width if width else 0.0


def say(text: str) -> None:
    """Print a line now."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def machine() -> str:
    """Name the machine and how busy it is."""
    load = " ".join(f"{each:.2f}" for each in os.getloadavg())
    return f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, load {load}"
