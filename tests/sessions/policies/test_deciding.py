"""Policies answer with a reason fit for the person and for the auditor."""

from __future__ import annotations

import pytest

from sessions.models import GroupSession, Participation, ParticipationState, ServiceType
from sessions.policies import can_come_back, can_edit_session, can_facilitate, can_run_room, can_take_seat
from sessions.terms import patient_limit
from telehealth.programs.models import CreditTerms
from tests import cast as stage
from tests.cast import Cast


@pytest.fixture
def cast(db: None) -> Cast:
    return stage.build()


def test_a_session_is_edited_by_its_facilitator_and_the_programs_administrators(cast: Cast) -> None:
    allowed = {
        name
        for name in ("therapist", "covering_therapist", "admin", "case_manager", "auditor", "patient")
        if can_edit_session(getattr(cast, name), cast.group_session, at=cast.at)
    }
    assert allowed == {"therapist", "admin"}


def test_a_room_is_run_by_active_therapists_of_the_program(cast: Cast) -> None:
    assert can_run_room(cast.covering_therapist, cast.group_session, at=cast.at)
    assert not can_run_room(cast.other_therapist, cast.group_session, at=cast.at)
    cast.covering_therapist.is_active = False
    assert not can_run_room(cast.covering_therapist, cast.group_session, at=cast.at)


def test_a_facilitator_is_a_therapist_of_the_program_and_the_way_out_is_named(cast: Cast) -> None:
    assert can_facilitate(cast.therapist, cast.program, at=cast.at)
    refused = can_facilitate(cast.admin, cast.program, at=cast.at)
    assert (str(refused.reason), refused.way_out is not None) == ("facilitator_not_qualified", True)


@pytest.mark.parametrize("state", ParticipationState)
def test_only_the_removed_and_the_turned_away_stay_out(state: ParticipationState) -> None:
    kept_out = state in (ParticipationState.REMOVED, ParticipationState.DENIED)
    assert bool(can_come_back(Participation(state=state))) != kept_out


def test_a_room_is_full_at_its_limit_and_never_without_one() -> None:
    group = GroupSession()
    assert can_take_seat(group, seated_patients=11, limit=12)
    assert str(can_take_seat(group, seated_patients=12, limit=12).reason) == "group_too_large"
    assert can_take_seat(group, seated_patients=99, limit=None)


@pytest.mark.parametrize(
    ("service_type", "limit"),
    [
        (ServiceType.GROUP_THERAPY, 8),
        (ServiceType.PSYCHOEDUCATION, 35),
        (ServiceType.INDIVIDUAL_THERAPY, None),
    ],
)
def test_the_limit_depends_on_the_type_and_its_terms(service_type: ServiceType, limit: int | None) -> None:
    group = GroupSession(service_type=service_type, terms=CreditTerms(parameters={"group_max": 8}))
    assert patient_limit(group) == limit
