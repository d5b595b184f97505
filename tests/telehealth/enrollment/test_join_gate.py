"""The join gate: every condition, its words, and the order in which they answer."""

from __future__ import annotations

from dataclasses import replace

import pytest

from telehealth.enrollment.gates import (
    CONDITIONS,
    SIGN_WAY_OUT,
    AgreementState,
    JoinDenial,
    JoinGateFacts,
    join_gate,
)
from telehealth.enrollment.models import ConsentKind

ALL_SIGNED = dict.fromkeys(ConsentKind, AgreementState.SIGNED)
OPEN = JoinGateFacts(enrollment_in_force=True, on_roster=True, is_group=True, agreements=ALL_SIGNED)
UNSIGNED = [state for state in AgreementState if state is not AgreementState.SIGNED]


def with_state(facts: JoinGateFacts, kind: ConsentKind, state: AgreementState) -> JoinGateFacts:
    return replace(facts, agreements={**facts.agreements, kind: state})


def test_gate_opens_when_every_condition_holds() -> None:
    assert join_gate(OPEN).allowed


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        (replace(OPEN, enrollment_in_force=False), JoinDenial.ENROLLMENT_NOT_IN_FORCE),
        (replace(OPEN, on_roster=False), JoinDenial.NOT_ON_ROSTER),
    ],
)
def test_gate_says_call_where_the_patient_cannot_help_herself(
    facts: JoinGateFacts, reason: JoinDenial
) -> None:
    decision = join_gate(facts)
    assert decision.reason is reason
    assert decision.way_out is None
    assert "call your program" in decision.text


@pytest.mark.parametrize("state", UNSIGNED)
@pytest.mark.parametrize("kind", list(ConsentKind))
def test_every_agreement_that_does_not_count_stops_a_group(kind: ConsentKind, state: AgreementState) -> None:
    decision = join_gate(with_state(OPEN, kind, state))
    assert not decision.allowed
    assert decision.reason == f"{kind.value}_{state.value}"
    assert isinstance(decision.reason, JoinDenial)
    assert decision.way_out == (SIGN_WAY_OUT if state is not AgreementState.NOT_PUBLISHED else None)


@pytest.mark.parametrize("kind", list(ConsentKind))
def test_agreement_nobody_mentions_counts_as_missing(kind: ConsentKind) -> None:
    left = {other: state for other, state in ALL_SIGNED.items() if other is not kind}
    assert join_gate(replace(OPEN, agreements=left)).reason == f"{kind.value}_missing"


def test_individual_session_does_not_ask_for_the_group_agreement() -> None:
    facts = with_state(OPEN, ConsentKind.GROUP_CONFIDENTIALITY, AgreementState.MISSING)
    assert join_gate(replace(facts, is_group=False)).allowed


def test_conditions_answer_in_their_order_one_at_a_time() -> None:
    facts = JoinGateFacts(enrollment_in_force=False, on_roster=False, is_group=True, agreements={})
    seen = []
    repairs = [
        {"enrollment_in_force": True},
        {"on_roster": True},
        {"agreements": {ConsentKind.TREATMENT: AgreementState.SIGNED}},
        {"agreements": dict.fromkeys((ConsentKind.TREATMENT, ConsentKind.TELEHEALTH), AgreementState.SIGNED)},
        {"agreements": ALL_SIGNED},
    ]
    for repair in repairs:
        seen.append(join_gate(facts).reason)
        facts = replace(facts, **repair)
    assert seen == [
        JoinDenial.ENROLLMENT_NOT_IN_FORCE,
        JoinDenial.NOT_ON_ROSTER,
        JoinDenial.TREATMENT_MISSING,
        JoinDenial.TELEHEALTH_MISSING,
        JoinDenial.GROUP_CONFIDENTIALITY_MISSING,
    ]
    assert len(repairs) == len(CONDITIONS)
    assert join_gate(facts).allowed


def test_every_pair_of_kind_and_state_has_a_reason_of_its_own() -> None:
    pairs = {f"{kind.value}_{state.value}" for kind in ConsentKind for state in UNSIGNED}
    rest = {JoinDenial.ENROLLMENT_NOT_IN_FORCE.value, JoinDenial.NOT_ON_ROSTER.value}
    assert pairs | rest == {reason.value for reason in JoinDenial}
