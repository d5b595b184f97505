"""Which state of an episode may follow which (the part of domain.md 7 that exists so far). Pure."""

from __future__ import annotations

from collections.abc import Mapping

from .models import EnrollmentState

_NEXT: Mapping[EnrollmentState, tuple[EnrollmentState, ...]] = {
    EnrollmentState.PENDING: (EnrollmentState.ACTIVE, EnrollmentState.DISCHARGED),
    EnrollmentState.ACTIVE: (EnrollmentState.TAPER, EnrollmentState.ON_HOLD, EnrollmentState.DISCHARGED),
    EnrollmentState.TAPER: (EnrollmentState.ACTIVE, EnrollmentState.ON_HOLD, EnrollmentState.DISCHARGED),
    EnrollmentState.ON_HOLD: (EnrollmentState.ACTIVE, EnrollmentState.DISCHARGED),
    # A discharged person who comes back begins a new episode; the old one is never reopened.
    EnrollmentState.DISCHARGED: (),
}


def next_states(state: EnrollmentState) -> tuple[EnrollmentState, ...]:
    """Give the states that may follow, in the order a page offers them."""
    return _NEXT[state]
