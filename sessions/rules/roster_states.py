"""How far the attendance of a session is settled, and which step may follow which (domain.md 3.6)."""

from collections.abc import Mapping
from enum import StrEnum

from .states import InvalidStep


class RosterState(StrEnum):
    """Where the roster of a session stands."""

    COMPUTED = "COMPUTED"
    ATTESTED = "ATTESTED"
    LOCKED = "LOCKED"
    AMENDED = "AMENDED"


class RosterStep(StrEnum):
    """What happens to a roster."""

    SIGN = "sign"
    LOCK = "lock"
    CORRECT = "correct"


# A correction takes the signature's force away: what stands now is not what was signed. Before the lock the
# roster is simply unsigned again. After it that would hide that a settled roster was touched, so it stays
# amended for good, and is signed as such. Only what somebody vouches for is locked.
ROSTER_STEPS: Mapping[tuple[RosterState, RosterStep], RosterState] = {
    (RosterState.COMPUTED, RosterStep.SIGN): RosterState.ATTESTED,
    (RosterState.COMPUTED, RosterStep.CORRECT): RosterState.COMPUTED,
    (RosterState.ATTESTED, RosterStep.SIGN): RosterState.ATTESTED,
    (RosterState.ATTESTED, RosterStep.CORRECT): RosterState.COMPUTED,
    (RosterState.ATTESTED, RosterStep.LOCK): RosterState.LOCKED,
    (RosterState.LOCKED, RosterStep.SIGN): RosterState.AMENDED,
    (RosterState.LOCKED, RosterStep.CORRECT): RosterState.AMENDED,
    (RosterState.AMENDED, RosterStep.SIGN): RosterState.AMENDED,
    (RosterState.AMENDED, RosterStep.CORRECT): RosterState.AMENDED,
}


def next_roster_state(now: RosterState, step: RosterStep) -> RosterState:
    """Take a step of a roster, or raise InvalidStep.

    Signing anew what is signed already happens where facts that came late changed the rows.
    """
    if (now, step) not in ROSTER_STEPS:
        raise InvalidStep(f"a roster that is {now} cannot take the step {step}")
    return ROSTER_STEPS[now, step]
