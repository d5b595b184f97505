"""What breaks in a live schedule, and when; the same for the same seed."""

from __future__ import annotations

import random
from dataclasses import dataclass

LENGTH_SECONDS = 75.0
LIVE_KINDS = (
    "relay killed",
    "web killed",
    "worker killed",
    "database hangs",
    "database refuses",
    "redis hangs",
    "redis refuses",
    "link cut",
    "media cut",
    "media bad",
)


@dataclass(frozen=True, slots=True)
class LiveFault:
    """One fault: it begins so long after the opening, and is put right again."""

    kind: str
    at_seconds: float
    lasts_seconds: float

    def __str__(self) -> str:
        return f"{self.kind} @{self.at_seconds:.0f}+{self.lasts_seconds:.0f}"


@dataclass(frozen=True, slots=True)
class LivePlan:
    """One live schedule."""

    name: str
    faults: tuple[LiveFault, ...]

    def __str__(self) -> str:
        return ", ".join(str(fault) for fault in self.faults) or "none"


def make_live_plan(seed: int, number: int) -> LivePlan:
    """Roll schedule `number` of a seed; one after the other takes every kind once before any repeats."""
    order = random.Random(seed).sample(LIVE_KINDS, len(LIVE_KINDS))
    luck = random.Random(f"{seed}/{number}")
    first = order[number % len(order)]
    kinds = [first, *luck.sample([kind for kind in LIVE_KINDS if kind != first], luck.choice((0, 1, 1)))]
    faults = []
    for kind in kinds:
        lasts = luck.uniform(1, 4) if kind.endswith("killed") else luck.uniform(8, 25)
        faults.append(LiveFault(kind, round(luck.uniform(8, 45), 1), round(lasts, 1)))
    return LivePlan(f"{seed}/{number}", tuple(sorted(faults, key=lambda fault: fault.at_seconds)))
