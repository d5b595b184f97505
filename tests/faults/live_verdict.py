"""Judge a live schedule: what the participants sent against what the ledger says. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import floor
from typing import Any

from tests.faults.counting import Count, count
from tests.faults.simulated_time import Clocks
from tests.faults.truth import Truth

# A packet is sent a moment before the relay sees it, and both ends of a second are floored.
HAIR_SECONDS = 1


@dataclass(frozen=True, slots=True)
class Sent:
    """One stretch of one person's peer connection on one life of the relay; unix seconds of its packets.

    `ended_at` is when that relay was killed, if it was.
    """

    person: str
    boot: str
    connection: str
    packets: Sequence[float]
    ended_at: float | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one schedule came to. `credited` are the product's own qualified seconds of the patients.

    `final_after` are the seconds from the end of the session to its final result.
    """

    name: str
    faults: str
    counts: tuple[Count, ...]
    credited: int
    problems: tuple[str, ...]
    final_after: float | None = None

    @property
    def is_right(self) -> bool:
        """Say whether the rule held."""
        return not self.problems and all(each.is_right for each in self.counts)

    @property
    def row(self) -> tuple[object, ...]:
        """Give the schedule as a line of the table; the most anybody lost stands beside the sum."""
        most = max((each.lost for each in self.counts), default=0)
        return (
            self.name,
            self.faults,
            sum(each.true for each in self.counts),
            sum(each.counted for each in self.counts),
            self.credited,
            f"{sum(each.lost for each in self.counts)} ({most})",
            sum(each.invented for each in self.counts),
            sum(each.twice for each in self.counts),
            "never" if self.final_after is None else f"{self.final_after:.1f}",
            "right" if self.is_right else "WRONG: " + "; ".join(self.problems or ("seconds",)),
        )


HEADS = (
    "schedule",
    "faults",
    "true s",
    "in ledger",
    "qualified",
    "lost (most)",
    "invented",
    "twice",
    "final after s",
    "verdict",
)


def judge_live(
    *, name: str, faults: str, sent: Iterable[Sent], ledger: Mapping[str, Any], patients: Sequence[str]
) -> Outcome:
    """Compare; `ledger` is what `live_stage --read` printed."""
    origin = floor(min((at for _, at, _ in ledger["decisions"]), default=0)) - 3600
    truth = _truth(sent, ledger, origin)
    counts = []
    for number, patient in enumerate(patients):
        spans = [(floor(a) - origin, floor(b) - origin) for a, b in ledger["presence"].get(patient, [])]
        may = truth.may_count(patient)
        near = {second + step for second in may for step in range(-HAIR_SECONDS, HAIR_SECONDS + 1)}
        must = truth.must_count(patient)
        counts.append(count(f"patient {number}", must=must, may=near, spans=spans))
    return Outcome(
        name=name,
        faults=faults,
        counts=tuple(counts),
        credited=sum(ledger["credited"].get(patient, 0) for patient in patients),
        problems=tuple(_problems(ledger)),
        final_after=ledger["final_after"],
    )


def exit_code(outcomes: Sequence[Outcome]) -> int:
    """Give 0 if every schedule is right, 1 if one is not, 2 if there was none."""
    if not outcomes:
        return 2
    return 0 if all(each.is_right for each in outcomes) else 1


def _truth(sent: Iterable[Sent], ledger: Mapping[str, Any], origin: int) -> Truth:
    truth = Truth(Clocks())
    for kind, at, who in ledger["decisions"]:
        match kind:
            case "opened":
                truth.opened = at - origin
            case "ended":
                truth.ended = at - origin
            case "admitted":
                truth.of(who).admitted.append(at - origin)
            case "removed" | "consent_revoked":
                truth.of(who).removed.append(at - origin)
    for number, stretch in enumerate(sent):
        # Two devices or generations may share a connection: each is a stretch of its own here.
        line = truth.on(stretch.person, stretch.boot, f"{stretch.connection}/{number}")
        for at in stretch.packets:
            line.saw(round((at - origin) * 1000), at - origin)
        line.died_at = None if stretch.ended_at is None else round((stretch.ended_at - origin) * 1000)
    return truth


def _problems(ledger: Mapping[str, Any]) -> Iterable[str]:
    if ledger["state"] != "ENDED":
        yield f"the session is {ledger['state']}"
    if not ledger["is_final"]:
        yield "the result is not final"
    if not ledger["is_chain_whole"]:
        yield "the chain is broken"
    for boot, numbers in ledger["journals"].items():
        if len(set(numbers)) != len(numbers):
            yield f"facts of {boot} are stored twice"
        if numbers and max(numbers) > ledger["cursors"].get(boot, 0):
            yield f"the cursor of {boot} is behind its facts"
