"""A random schedule: who means to do what and when, and what will break; the same for the same seed."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace

from tests.faults.simulated_time import SECOND

FAULT_KINDS = (
    "relay_killed",
    "process_killed",
    "database_away",
    "redis_away",
    "link_cut",
    "link_bad",
    "clock_step",
)
ACTS = ("drop", "drop", "drop", "other_device", "leave", "reload", "removed", "revoked", "camera")


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that begins at a time and may last."""

    ms: int
    kind: str
    lasts_ms: int = 0
    detail: int = 0

    def __str__(self) -> str:
        lasts = f" for {self.lasts_ms / SECOND:.0f} s" if self.lasts_ms else ""
        return f"{self.ms / SECOND:7.1f} s  {self.kind}{lasts}" + (f" ({self.detail})" if self.detail else "")


@dataclass(frozen=True, slots=True)
class Role:
    """What one person means to do."""

    name: str
    arrives_ms: int
    leaves_ms: int | None
    acts: tuple[Moment, ...] = ()
    has_camera: bool = True


@dataclass(frozen=True, slots=True)
class Plan:
    """One schedule."""

    seed: int
    is_split: bool
    opens_ms: int
    ends_ms: int | None
    people: tuple[Role, ...]
    breaks: tuple[Moment, ...]
    faults: tuple[Moment, ...]

    def story(self) -> str:
        """Tell it in as few lines as possible."""
        web = "web, worker and Redis" if self.is_split else "one process"
        ends = "is abandoned" if self.ends_ms is None else f"ends at {self.ends_ms / SECOND:.0f} s"
        lines = [f"seed {self.seed}: {web}; opens at {self.opens_ms / SECOND:.0f} s, {ends}"]
        for role in self.people:
            leaves = "stays" if role.leaves_ms is None else f"leaves {role.leaves_ms / SECOND:.1f} s"
            lines.append(f"  {role.name}: arrives {role.arrives_ms / SECOND:.1f} s, {leaves}")
            lines += [f"    {act}" for act in role.acts]
        lines += [f"  break {each}" for each in self.breaks]
        lines += [f"  FAULT {each}" for each in self.faults]
        return "\n".join(lines)


@dataclass
class Dice:
    """Shorter words for chance."""

    luck: random.Random
    length_ms: int
    faults: list[Moment] = field(default_factory=list)

    def ms(self, low: float, high: float) -> int:
        return self.luck.randrange(round(low * SECOND), round(high * SECOND))

    def moment(self) -> int:
        return self.luck.randrange(0, self.length_ms)


def make_plan(seed: int, *, with_faults: bool = True) -> Plan:
    """Roll a schedule."""
    luck = random.Random(seed)
    length = luck.randrange(100, 210) * SECOND
    dice = Dice(luck, length)
    opens = dice.ms(20, 35)
    is_abandoned = luck.random() < 0.1
    people = [Role("therapist", dice.ms(1, 15), opens + length if is_abandoned else None, _few(dice, 0.4))]
    for number in range(luck.choice((1, 1, 2, 2, 3))):
        leaves = opens + dice.moment() if luck.random() < 0.3 else None
        people.append(
            Role(
                f"patient {number}",
                dice.ms(2, 75),
                leaves,
                _acts(dice, opens),
                has_camera=luck.random() < 0.8,
            )
        )
    breaks = (Moment(opens + dice.moment(), "pause", dice.ms(20, 60)),) if luck.random() < 0.3 else ()
    is_split = luck.random() < 0.6
    faults = _faults(dice, opens, luck, is_split=is_split)
    people[-1] = _leaves_on_the_eve(people[-1], faults, random.Random(-1 - seed))
    return Plan(
        seed=seed,
        is_split=is_split,
        opens_ms=opens,
        ends_ms=None if is_abandoned else opens + length,
        people=tuple(people),
        breaks=breaks,
        faults=tuple(faults) if with_faults else (),
    )


def _leaves_on_the_eve(role: Role, faults: list[Moment], luck: random.Random) -> Role:
    """Let somebody be lost just before the clock jumps: what is said of it later must not jump along."""
    drops = [
        Moment(fault.ms - luck.randrange(1 * SECOND, 9 * SECOND), "drop", luck.randrange(15, 60) * SECOND)
        for fault in faults
        if fault.kind == "clock_step" and fault.detail > 0 and luck.random() < 0.7
    ]
    return replace(role, acts=tuple(sorted((*role.acts, *drops), key=lambda act: act.ms)))


def _few(dice: Dice, chance: float) -> tuple[Moment, ...]:
    if dice.luck.random() >= chance:
        return ()
    return (Moment(60 * SECOND + dice.moment(), "drop", dice.ms(3, 60)),)


def _acts(dice: Dice, opens: int) -> tuple[Moment, ...]:
    acts = []
    for _ in range(dice.luck.choice((0, 1, 1, 2))):
        kind = dice.luck.choice(ACTS)
        lasts = {"drop": dice.ms(2, 150), "leave": dice.ms(3, 60), "reload": dice.ms(1, 6)}.get(kind, 0)
        acts.append(Moment(opens + dice.moment(), kind, lasts))
    return tuple(sorted(acts, key=lambda act: act.ms))


def _faults(dice: Dice, opens: int, luck: random.Random, *, is_split: bool) -> list[Moment]:
    possible = [kind for kind in FAULT_KINDS if is_split or kind != "redis_away"]
    kinds = luck.sample(possible, luck.randrange(1, 5))
    faults: list[Moment] = []
    for kind in kinds:
        at = opens - 30 * SECOND + luck.randrange(0, dice.length_ms + 40 * SECOND)
        match kind:
            case "relay_killed":
                for _ in range(luck.choice((1, 1, 1, 2))):
                    late = at + luck.randrange(0, 90 * SECOND)
                    faults.append(Moment(late, kind, dice.ms(1, 60), luck.randrange(2)))
            case "process_killed":
                victims = ("web", "worker") if is_split else ("web",)
                for victim in luck.choices(victims, k=luck.choice((1, 1, 2, 3))):
                    late = at + luck.randrange(0, 60 * SECOND)
                    faults.append(Moment(late, f"{victim}_killed", 0, luck.randrange(0, 40)))
            case "database_away":
                faults.append(Moment(at, kind, dice.ms(10, 180), luck.randrange(1, 25)))
            case "redis_away":
                faults.append(Moment(at, kind, dice.ms(10, 180), luck.randrange(2)))
            case "link_cut":
                faults.append(Moment(at, kind, dice.ms(5, 150)))
            case "link_bad":
                faults.append(Moment(at, kind, dice.ms(60, 240), luck.randrange(5, 40)))
            case "clock_step":
                faults.append(Moment(at, kind, 0, luck.choice((-1, 1)) * luck.randrange(2, 61)))
                if luck.random() < 0.4:
                    back = at + luck.randrange(10, 120) * SECOND
                    faults.append(Moment(back, kind, 0, luck.choice((-1, 1)) * luck.randrange(1, 61)))
    return sorted(faults, key=lambda fault: fault.ms)
