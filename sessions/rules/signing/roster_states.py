"""How far the attendance of a session is settled, and which step may follow which (domain.md 3.6)."""

from collections.abc import Mapping
from enum import StrEnum

from sessions.rules.states import InvalidStep


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
    CHANGE = "change"


# A change of the rows (a correction, or facts that came late) takes the signature's force away: what stands
# now is not what was signed. Before the lock the roster is simply unsigned again. After it that would hide
# that a settled roster was touched, so it stays amended for good, and is signed as such. Only what somebody
# vouches for is locked.
ROSTER_STEPS: Mapping[tuple[RosterState, RosterStep], RosterState] = {
    (RosterState.COMPUTED, RosterStep.SIGN): RosterState.ATTESTED,
    (RosterState.COMPUTED, RosterStep.CHANGE): RosterState.COMPUTED,
    (RosterState.ATTESTED, RosterStep.CHANGE): RosterState.COMPUTED,
    (RosterState.ATTESTED, RosterStep.LOCK): RosterState.LOCKED,
    (RosterState.LOCKED, RosterStep.CHANGE): RosterState.AMENDED,
    (RosterState.AMENDED, RosterStep.SIGN): RosterState.AMENDED,
    (RosterState.AMENDED, RosterStep.CHANGE): RosterState.AMENDED,
}


def next_roster_state(now: RosterState, step: RosterStep) -> RosterState:
    """Take a step of a roster, or raise InvalidStep."""
    if (now, step) not in ROSTER_STEPS:
        raise InvalidStep(f"a roster that is {now} cannot take the step {step}")
    return ROSTER_STEPS[now, step]
