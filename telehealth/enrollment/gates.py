"""The join gate: may this patient enter this session now? One pure function over ordered conditions.

The caller gathers the facts (`enrollment.selectors.join_gate_facts`) and asks at every join and rejoin. The
first condition that fails answers, so the order is the order in which a person can do something about it. A
later condition (a guardian's signature, the check-in, a new version due by a date) is one more function in
`CONDITIONS` and one more field of the facts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from telehealth.core.decision import Decision

from .models import ConsentKind


class AgreementState(StrEnum):
    """Where one agreement of a patient stands at an instant."""

    SIGNED = "signed"
    MISSING = "missing"
    EXPIRED = "expired"
    REVOKED = "revoked"
    SUPERSEDED = "superseded"
    NOT_PUBLISHED = "not_published"

    @property
    def can_be_signed(self) -> bool:
        """Say whether the patient's own signature would help."""
        return self not in (AgreementState.SIGNED, AgreementState.NOT_PUBLISHED)


class JoinDenial(StrEnum):
    """Why the gate stays shut; ids are never reused. Agreement reasons read `<kind>_<state>`."""

    ENROLLMENT_NOT_IN_FORCE = "enrollment_not_in_force"
    NOT_ON_ROSTER = "not_on_roster"
    TREATMENT_MISSING = "treatment_missing"
    TREATMENT_EXPIRED = "treatment_expired"
    TREATMENT_REVOKED = "treatment_revoked"
    TREATMENT_SUPERSEDED = "treatment_superseded"
    TREATMENT_NOT_PUBLISHED = "treatment_not_published"
    TELEHEALTH_MISSING = "telehealth_missing"
    TELEHEALTH_EXPIRED = "telehealth_expired"
    TELEHEALTH_REVOKED = "telehealth_revoked"
    TELEHEALTH_SUPERSEDED = "telehealth_superseded"
    TELEHEALTH_NOT_PUBLISHED = "telehealth_not_published"
    GROUP_CONFIDENTIALITY_MISSING = "group_confidentiality_missing"
    GROUP_CONFIDENTIALITY_EXPIRED = "group_confidentiality_expired"
    GROUP_CONFIDENTIALITY_REVOKED = "group_confidentiality_revoked"
    GROUP_CONFIDENTIALITY_SUPERSEDED = "group_confidentiality_superseded"
    GROUP_CONFIDENTIALITY_NOT_PUBLISHED = "group_confidentiality_not_published"


SIGN_WAY_OUT = "enrollment:sign_next"
"""URL name of the page that leads through what is left to sign; takes `?next=` for the way back."""


@dataclass(frozen=True, slots=True)
class JoinGateFacts:
    """All the gate looks at, as of one instant. An agreement that is not listed counts as missing."""

    enrollment_in_force: bool
    on_roster: bool
    is_group: bool
    agreements: Mapping[ConsentKind, AgreementState]


Condition = Callable[[JoinGateFacts], Decision]

_NAMES: Mapping[ConsentKind, str] = {
    ConsentKind.TREATMENT: "consent to treatment",
    ConsentKind.TELEHEALTH: "telehealth consent",
    ConsentKind.GROUP_CONFIDENTIALITY: "group confidentiality agreement",
}
_SENTENCES: Mapping[AgreementState, str] = {
    AgreementState.MISSING: "Please read and sign the {name} first. Then you can join.",
    AgreementState.EXPIRED: "Your {name} has run out. Please read and sign it again. Then you can join.",
    AgreementState.REVOKED: "You took back your {name}. To join again, read and sign it once more.",
    AgreementState.SUPERSEDED: "There is a new version of the {name}. Please read and sign it first.",
    AgreementState.NOT_PUBLISHED: "Your program has not put up its {name} yet. Please call your program.",
}


def enrollment_is_in_force(facts: JoinGateFacts) -> Decision:
    """Ask for an episode of care that is active or tapering today."""
    if facts.enrollment_in_force:
        return Decision.allow()
    return Decision.deny(
        JoinDenial.ENROLLMENT_NOT_IN_FORCE,
        "You are not enrolled in this program right now. If this is a mistake, call your program.",
    )


def patient_is_on_roster(facts: JoinGateFacts) -> Decision:
    """Ask for a place on this session's roster."""
    if facts.on_roster:
        return Decision.allow()
    return Decision.deny(
        JoinDenial.NOT_ON_ROSTER,
        "You are not on the list for this session. Check your schedule, or call your program to be added.",
    )


def treatment_is_agreed(facts: JoinGateFacts) -> Decision:
    """Ask for the consent to treatment."""
    return _agreement(facts, ConsentKind.TREATMENT)


def telehealth_is_agreed(facts: JoinGateFacts) -> Decision:
    """Ask for the telehealth consent."""
    return _agreement(facts, ConsentKind.TELEHEALTH)


def group_confidentiality_is_agreed(facts: JoinGateFacts) -> Decision:
    """Ask for the group confidentiality agreement where peers will be present."""
    return _agreement(facts, ConsentKind.GROUP_CONFIDENTIALITY) if facts.is_group else Decision.allow()


CONDITIONS: tuple[Condition, ...] = (
    enrollment_is_in_force,
    patient_is_on_roster,
    treatment_is_agreed,
    telehealth_is_agreed,
    group_confidentiality_is_agreed,
)


def join_gate(facts: JoinGateFacts) -> Decision:
    """Answer with the first condition that fails, or allow."""
    for condition in CONDITIONS:
        decision = condition(facts)
        if not decision.allowed:
            return decision
    return Decision.allow()


def _agreement(facts: JoinGateFacts, kind: ConsentKind) -> Decision:
    state = facts.agreements.get(kind, AgreementState.MISSING)
    if state is AgreementState.SIGNED:
        return Decision.allow()
    return Decision.deny(
        JoinDenial(f"{kind.value}_{state.value}"),
        _SENTENCES[state].format(name=_NAMES[kind]),
        way_out=SIGN_WAY_OUT if state.can_be_signed else None,
    )
