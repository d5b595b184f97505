"""Why a week ended below its target: the deficit by cause, in minutes that sum to it exactly."""

from collections.abc import Iterable, Mapping
from enum import StrEnum


class LossCause(StrEnum):
    """Where minutes went that would have counted."""

    NO_SHOW = "NO_SHOW"
    EXCUSED = "EXCUSED"
    LATE_OR_PARTIAL = "LATE_OR_PARTIAL"
    PROGRAM = "PROGRAM"
    NOT_PLANNED = "NOT_PLANNED"


Losses = Mapping[LossCause, int]


def session_losses(
    *, planned_min: int, delivered_min: int, hours_min: int, is_absent: bool, is_excused: bool
) -> Losses:
    """Say where one session's planned minutes went that were not credited.

    The program answers for what it did not deliver (cancelled, opened late, ended early, no clinician), the
    patient's absence for the rest. `delivered_min` is 0 for a session that was cancelled or never held.
    """
    lost = max(0, planned_min - hours_min)
    by_program = min(lost, max(0, planned_min - delivered_min))
    rest = LossCause.LATE_OR_PARTIAL
    if is_absent:
        rest = LossCause.EXCUSED if is_excused else LossCause.NO_SHOW
    found = {LossCause.PROGRAM: by_program, rest: lost - by_program}
    return {cause: minutes for cause, minutes in found.items() if minutes}


def shortfall_split(
    *, target_min: int, hours_min: int, planned_min: int, losses: Iterable[Losses]
) -> dict[LossCause, int]:
    """Divide a week's deficit by cause; the minutes sum to the deficit, whatever the losses sum to.

    What was never planned comes first: no attendance could have brought it. The rest is shared in proportion
    to what each cause cost: sessions planned beyond the target make up for losses without saying which.
    """
    deficit = max(0, target_min - hours_min)
    if not deficit:
        return {}
    totals: dict[LossCause, int] = {}
    for one in losses:
        for cause, minutes in one.items():
            totals[cause] = totals.get(cause, 0) + minutes
    lost = sum(totals.values())
    unplanned = min(deficit, max(0, target_min - planned_min)) if lost else deficit
    found = _share(deficit - unplanned, totals)
    if unplanned:
        found[LossCause.NOT_PLANNED] = unplanned
    return {cause: found[cause] for cause in LossCause if found.get(cause)}


def _share(minutes: int, weights: Mapping[LossCause, int]) -> dict[LossCause, int]:
    """Share whole minutes in proportion to weights; the largest remainders get what is left."""
    whole = sum(weights.values())
    if not whole:
        return {}
    found = {cause: minutes * weight // whole for cause, weight in weights.items()}
    causes = list(LossCause)
    order = sorted(weights, key=lambda cause: (-(minutes * weights[cause] % whole), causes.index(cause)))
    for cause in order[: minutes - sum(found.values())]:
        found[cause] += 1
    return found
