"""Who may know of which session: everything outside one's scope does not exist."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from sessions.models import GroupSession
from sessions.selectors import get_session_for, join_decision, sessions_for
from sessions.services.scheduling import roster
from telehealth.core.errors import NotFound
from telehealth.programs.models import ProgramMembership
from tests.cast import Cast

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "who",
    ["patient", "patient_unsigned", "therapist", "covering_therapist", "case_manager", "admin", "auditor"],
)
def test_people_of_the_session_and_staff_of_its_program_see_it(cast: Cast, who: str) -> None:
    found = get_session_for(getattr(cast, who), cast.group_session.pk, cast.at)
    assert found.pk == cast.group_session.pk


@pytest.mark.parametrize("who", ["patient_off_roster", "other_patient", "other_therapist", "system_admin"])
def test_for_everybody_else_it_does_not_exist(cast: Cast, who: str) -> None:
    with pytest.raises(NotFound):
        get_session_for(getattr(cast, who), cast.group_session.pk, cast.at)
    assert list(sessions_for(getattr(cast, who), cast.at)) == []


def test_a_patient_taken_off_the_roster_no_longer_sees_it(cast: Cast) -> None:
    roster.take_off_roster(
        actor=cast.admin,
        group_session=cast.group_session,
        patient=cast.record_of(cast.patient),
        at=cast.at,
    )
    with pytest.raises(NotFound):
        get_session_for(cast.patient, cast.group_session.pk, cast.at)


def test_a_membership_ends_with_its_last_day_in_the_programs_own_zone(cast: Cast) -> None:
    ProgramMembership.objects.filter(user=cast.auditor).update(ends_on=date(2026, 3, 4))
    pk = cast.group_session.pk
    # Eleven at night in New York is the next day in UTC, and still the last day.
    assert get_session_for(cast.auditor, pk, cast.at + timedelta(hours=13)).pk == pk
    with pytest.raises(NotFound):
        get_session_for(cast.auditor, pk, cast.at + timedelta(hours=14))


def test_a_closed_account_sees_nothing(cast: Cast) -> None:
    cast.therapist.is_active = False
    assert list(sessions_for(cast.therapist, cast.at)) == []


def test_the_page_asks_the_same_gate_as_the_room(cast: Cast) -> None:
    group = GroupSession.objects.with_people().get(pk=cast.group_session.pk)
    assert join_decision(cast.patient, group, cast.at)
    assert join_decision(cast.therapist, group, cast.at)
    assert str(join_decision(cast.patient_unsigned, group, cast.at).reason) == "treatment_missing"
    assert str(join_decision(cast.patient_off_roster, group, cast.at).reason) == "not_on_roster"
    assert str(join_decision(cast.admin, group, cast.at).reason) == "role_may_not_join"
