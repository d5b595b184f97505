"""Enrolling, changing state and dating targets: whose patient it is, what may follow, nothing rewritten."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from telehealth.accounts.models import User
from telehealth.audit.models import AuditEvent
from telehealth.core.errors import Conflict, Denied, DomainError, NotFound
from telehealth.enrollment import selectors
from telehealth.enrollment.models import DischargeKind, Enrollment, EnrollmentState, Patient, WeeklyTarget
from telehealth.enrollment.services import (
    Enrolled,
    change_enrollment_state,
    enrol_patient,
    set_weekly_target,
    view_patient,
)
from telehealth.programs.people import Person

from .world import AT, TODAY, World

NORA = Person(email="nora@example.org", given_name="Nora", family_name="Nash", preferred_name="Nony")
STATES = list(EnrollmentState)
HOLD: dict[str, Any] = {"reason": "Surgery", "expected_return_on": TODAY + timedelta(days=7)}
ALLOWED = {
    ("PENDING", "ACTIVE"),
    ("PENDING", "DISCHARGED"),
    ("ACTIVE", "TAPER"),
    ("ACTIVE", "ON_HOLD"),
    ("ACTIVE", "DISCHARGED"),
    ("TAPER", "ACTIVE"),
    ("TAPER", "ON_HOLD"),
    ("TAPER", "DISCHARGED"),
    ("ON_HOLD", "ACTIVE"),
    ("ON_HOLD", "DISCHARGED"),
}


def enrol(world: World, **changes: object) -> Enrolled:
    values = {
        "actor": world.admin,
        "program": world.program,
        "person": NORA,
        "record_number": "R-9",
        "admitted_on": TODAY,
        "at": AT,
    }
    return enrol_patient(**{**values, **changes})  # type: ignore[arg-type]


def test_new_patient_is_invited_enrolled_and_has_the_usual_target(world: World) -> None:
    enrolled = enrol(world)
    user = enrolled.enrollment.patient.user
    assert (user.peer_name, user.time_zone, user.is_active) == ("Nony N.", "America/New_York", False)
    assert enrolled.invitation is not None
    assert enrolled.token
    target = WeeklyTarget.objects.get(enrollment=enrolled.enrollment)
    assert (target.minutes, target.effective_on) == (540, TODAY)
    event = AuditEvent.objects.get(action="enrollment.patient_enrolled", subject_id=enrolled.enrollment.pk)
    assert "Nora" not in str(event.data)
    assert "R-9" not in str(event.data)


def test_account_that_can_sign_in_needs_no_invitation(world: World) -> None:
    other = User.objects.create_user("z@example.org", "x", role="patient", given_name="Z", family_name="Z")
    enrolled = enrol(world, person=None, user=other)
    assert enrolled.invitation is None
    assert enrolled.token is None


def test_failed_enrolment_leaves_no_account_behind(world: World) -> None:
    for change in ({"record_number": "R-1"}, {"record_number": " "}, {"weekly_target_minutes": 0}):
        with pytest.raises(DomainError):
            enrol(world, **change)
    assert not User.objects.filter(email="nora@example.org").exists()


def test_only_the_programs_administrator_enrols(world: World) -> None:
    for actor in (world.therapist, world.user, world.other_admin, world.system_admin):
        with pytest.raises(Denied):
            enrol(world, actor=actor)


def test_patient_of_another_program_does_not_exist_here(world: World) -> None:
    with pytest.raises(NotFound):
        enrol(world, person=None, user=world.other_patient.user)
    for read in (selectors.get_patient_for, selectors.patient_page):
        with pytest.raises(NotFound):
            read(world.admin, world.other_patient.pk, AT)
    with pytest.raises(NotFound):
        selectors.get_enrollment_for(world.other_admin, world.enrollment.pk, AT)
    assert {row.patient for row in selectors.patients_of(world.admin, AT)} == {world.patient}


def test_staff_account_cannot_be_enrolled(world: World) -> None:
    with pytest.raises(DomainError) as caught:
        enrol(world, person=None, user=world.therapist)
    assert caught.value.error == "not_a_patient"


def test_therapist_of_another_program_cannot_be_primary(world: World) -> None:
    with pytest.raises(DomainError) as caught:
        enrol(world, primary_therapist=world.other_admin)
    assert caught.value.error == "not_a_therapist"
    assert enrol(world, primary_therapist=world.therapist).enrollment.primary_therapist == world.therapist


def test_one_open_episode_and_a_new_one_after_discharge(world: World) -> None:
    with pytest.raises(Conflict) as caught:
        enrol(world, person=None, user=world.user)
    assert caught.value.error == "already_enrolled"
    change_enrollment_state(
        actor=world.admin,
        enrollment=world.enrollment,
        state=EnrollmentState.DISCHARGED,
        discharge_kind=DischargeKind.COMPLETED,
        discharged_on=date(2026, 11, 10),
        at=AT,
    )
    with pytest.raises(Conflict) as caught:
        enrol(world, person=None, user=world.user, admitted_on=date(2026, 11, 9))
    assert caught.value.error == "episodes_overlap"
    again = enrol(world, person=None, user=world.user)
    assert again.enrollment != world.enrollment
    assert again.enrollment.patient == world.patient
    assert Patient.objects.filter(user=world.user).count() == 1


@pytest.mark.parametrize("after", STATES)
@pytest.mark.parametrize("before", STATES)
def test_state_follows_state_as_the_table_says(
    world: World, before: EnrollmentState, after: EnrollmentState
) -> None:
    world.enrollment.state = before
    world.enrollment.save(update_fields=["state"])

    def change() -> None:
        change_enrollment_state(
            actor=world.admin,
            enrollment=world.enrollment,
            state=after,
            discharge_kind=DischargeKind.COMPLETED,
            at=AT,
            **(HOLD if after is EnrollmentState.ON_HOLD else {}),
        )

    if (before.value, after.value) not in ALLOWED:
        with pytest.raises(Conflict):
            change()
        return
    change()
    world.enrollment.refresh_from_db()
    assert world.enrollment.state == after
    in_force = selectors.enrollment_in_force(world.patient, world.program, AT) is not None
    assert in_force == (after in (EnrollmentState.ACTIVE, EnrollmentState.TAPER))
    event = AuditEvent.objects.get(action="enrollment.state_changed")
    assert (event.data["from"], event.data["to"]) == (before.value, after.value)


def test_discharge_names_its_kind_and_a_day_within_the_episode(world: World) -> None:
    for change in (
        {"discharge_kind": None},
        {"discharged_on": date(2026, 9, 30)},
        {"discharged_on": TODAY + timedelta(days=1)},
    ):
        values = {"discharge_kind": DischargeKind.COMPLETED, "discharged_on": TODAY, **change}
        with pytest.raises(DomainError):
            change_enrollment_state(
                actor=world.admin,
                enrollment=world.enrollment,
                state=EnrollmentState.DISCHARGED,
                at=AT,
                **values,  # type: ignore[arg-type]
            )


def test_only_the_programs_administrator_changes_the_episode(world: World) -> None:
    for actor in (world.therapist, world.user, world.other_admin):
        with pytest.raises(Denied):
            change_enrollment_state(
                actor=actor, enrollment=world.enrollment, state=EnrollmentState.TAPER, at=AT
            )
        with pytest.raises(Denied):
            set_weekly_target(
                actor=actor, enrollment=world.enrollment, minutes=360, effective_on=TODAY, at=AT
            )


def test_targets_are_added_with_their_date(world: World) -> None:
    taper = TODAY + timedelta(days=14)
    set_weekly_target(actor=world.admin, enrollment=world.enrollment, minutes=360, effective_on=taper, at=AT)
    assert selectors.target_minutes_on(world.enrollment, taper - timedelta(days=1)) == 540
    assert selectors.target_minutes_on(world.enrollment, taper) == 360
    assert selectors.target_minutes_on(world.enrollment, date(2026, 9, 30)) is None


@pytest.mark.parametrize(
    ("minutes", "effective_on", "error"),
    [
        (360, TODAY - timedelta(days=1), "date_in_past"),
        (0, TODAY, "bad_target"),
        (2401, TODAY, "bad_target"),
    ],
)
def test_target_that_would_rewrite_the_past_is_refused(
    world: World, minutes: int, effective_on: date, error: str
) -> None:
    with pytest.raises(DomainError) as caught:
        set_weekly_target(
            actor=world.admin, enrollment=world.enrollment, minutes=minutes, effective_on=effective_on, at=AT
        )
    assert caught.value.error == error


def test_second_target_for_the_same_day_is_refused(world: World) -> None:
    values = {"actor": world.admin, "enrollment": world.enrollment, "effective_on": TODAY, "at": AT}
    set_weekly_target(minutes=360, **values)  # type: ignore[arg-type]
    with pytest.raises(Conflict) as caught:
        set_weekly_target(minutes=400, **values)  # type: ignore[arg-type]
    assert caught.value.error == "target_exists"


def test_looking_at_a_patient_is_noted(world: World) -> None:
    page = view_patient(actor=world.therapist, patient_id=world.patient.pk, at=AT)
    assert page.cards[0].target_in_force is not None
    event = AuditEvent.objects.get(action="enrollment.patient_viewed")
    assert (event.actor_id, event.subject_id) == (world.therapist.pk, str(world.patient.pk))


def test_patient_page_shows_the_episodes_of_the_readers_programs_only(world: World) -> None:
    Enrollment.objects.create(
        patient=world.patient, program=world.other_program, state=EnrollmentState.ACTIVE, admitted_on=TODAY
    )
    page = selectors.patient_page(world.admin, world.patient.pk, AT)
    assert [card.program for card in page.cards] == [world.program]
    assert page.programs_to_enrol_in == []
