"""The closed lists of models, rules and the wire are the same lists."""

from __future__ import annotations

from sessions.models import IncidentKind, ParticipationState, RoomRole, RosterState, ServiceType, SessionState
from sessions.rules import states
from sessions.rules.conditions import service_types
from sessions.rules.presence import incidents
from sessions.rules.presence.facts import Role
from sessions.rules.signing import roster_states
from sessions.services.room import RemovalReason


def values(choices: object) -> set[str]:
    return {str(one) for one in choices}  # type: ignore[attr-defined]


def test_models_and_rules_name_the_same_things() -> None:
    assert values(ServiceType) == values(service_types.ServiceType)
    assert values(SessionState) == values(states.SessionState)
    assert values(ParticipationState) == values(states.RoomState)
    assert values(RoomRole) < values(Role)
    assert values(RosterState) == values(roster_states.RosterState)
    assert values(IncidentKind) == values(incidents.IncidentKind)


def test_a_seat_and_an_end_mean_the_same_in_models_and_rules() -> None:
    for state in ParticipationState:
        assert state.is_seated == states.RoomState(state.value).is_seated
    for session_state in SessionState:
        assert session_state.is_final == states.SessionState(session_state.value).is_final


def test_reasons_for_a_removal_are_a_closed_list() -> None:
    assert values(RemovalReason) == {"disruptive", "wrong_person", "privacy", "other"}
