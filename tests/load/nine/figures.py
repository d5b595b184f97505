"""What a round came to: percentiles, CPU for each join, what went wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

from tests.load.nine.people import Tally

POINTS = (50, 95, 99)
HEADS = (
    "round",
    "joins",
    "join answer p50/p95/p99",
    "from page request",
    "page",
    "page and files",
    "seen in lobby after",
    "admit to admitted",
    "media answer",
    "CPU ms/join: web, PostgreSQL, Redis, relay, worker",
    "generator",
    "errors, lost",
)
MOST_OF_A_CORE = 0.7  # a generator busier than this measures itself
PARTS = ("web", "PostgreSQL", "Redis", "relay", "worker")


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures of one round; `times` are milliseconds at `POINTS`, `cpu` milliseconds for each join."""

    round: str
    joins: int
    seconds: float
    times: dict[str, list[float]]
    cpu: dict[str, float]
    counts: dict[str, float]
    generator: float
    errors: dict[str, int]
    gaps: int
    dropped: int
    events: int
    answered: int
    admitted: int

    @classmethod
    def of(
        cls,
        name: str,
        *,
        joins: int,
        seconds: float,
        tally: Tally,
        cpu: Mapping[str, float],
        counts: Mapping[str, int],
        generator: float,
        dropped: int,
    ) -> Self:
        """Reduce what was collected."""
        kinds = ("join", "from_page", "page", "whole_page", "socket_open", "lobby", "admit", "ack", "media")
        return cls(
            round=name,
            joins=joins,
            seconds=seconds,
            times={
                kind: [round(1000 * percentile(getattr(tally, kind), point), 1) for point in POINTS]
                for kind in kinds
            },
            cpu={part: round(1000 * cpu[part] / joins, 2) for part in PARTS},
            counts={kind: round(number / joins, 1) for kind, number in counts.items()},
            generator=round(generator, 2),
            errors=dict(tally.errors),
            gaps=tally.gaps,
            dropped=dropped,
            events=tally.events,
            answered=len(tally.join),
            admitted=tally.admitted,
        )

    @property
    def join_p95(self) -> float:
        """Give the 95th percentile of the join answer in seconds."""
        return self.times["join"][1] / 1000

    @property
    def is_whole(self) -> bool:
        """Say whether everybody came in and nothing was lost or refused."""
        whole = self.answered == self.admitted == self.joins
        return whole and not (self.errors or self.gaps or self.dropped)

    def is_good(self, goal: float) -> bool:
        """Say whether the round is whole, quick enough, and measured by somebody who had time to look."""
        return self.is_whole and self.join_p95 < goal and self.generator < MOST_OF_A_CORE

    def row(self) -> list[str]:
        """Give the cells under `HEADS`."""
        kinds = ("join", "from_page", "page", "whole_page", "lobby", "admit", "media")
        wrong = sum(self.errors.values())
        return [
            self.round,
            f"{self.joins}",
            *(" / ".join(f"{each:.0f}" for each in self.times[kind]) + " ms" for kind in kinds),
            ", ".join(f"{self.cpu[part]:.1f}" for part in PARTS),
            f"{self.generator:.0%}",
            f"{wrong}, {self.gaps + self.dropped + self.joins - self.admitted}",
        ]

    def line(self) -> str:
        """Say it in one line, with what went wrong."""
        wrong = "; ".join(f"{text} x{number}" for text, number in self.errors.items())
        return (
            f"{self.round}: answer {self.times['join']} ms, socket {self.times['socket_open']}, "
            f"admit {self.times['admit']}, per join {self.counts}, {self.events} events, "
            f"{self.gaps} gaps, {self.dropped} dropped; errors: {wrong or 'none'}"
        )

    def as_json(self) -> dict[str, Any]:
        """Give everything."""
        return asdict(self)


def percentile(values: Sequence[float], point: int) -> float:
    """Give the value that `point` percent do not exceed; 0 of nothing."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * point // 100)] if ordered else 0.0


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Lay out a table as the documents have it."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
