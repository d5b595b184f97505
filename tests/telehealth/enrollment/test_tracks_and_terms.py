"""Tracks of patients and terms of their own: dated steps, from the future only, each of them written down."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import pytest

from telehealth.accounts.roles import Role
from telehealth.audit.actions import AuditAction
from telehealth.audit.models import AuditEvent
from telehealth.core.errors import Conflict, Denied, DomainError
from telehealth.enrollment.models import (
    DischargeKind,
    Enrollment,
    EnrollmentChange,
    EnrollmentState,
    EnrollmentTerms,
)
from telehealth.enrollment.selectors.terms import own_terms_on, track_on, track_steps
from telehealth.enrollment.services import (
    assign_track,
    change_enrollment_state,
    enrol_patient,
    set_enrollment_terms,
)
from telehealth.programs.models import Track
from telehealth.programs.services import create_track, end_track
from tests.telehealth.enrollment.world import AT, TODAY, World, person

DAY = timedelta(days=1)
# The world stands on a Wednesday; program weeks begin on Sundays.
NEXT_WEEK = date(2026, 11, 22)


def track(world: World, name: str = "Evening") -> Track:
    return create_track(actor=world.admin, program=world.program, name=name, at=AT)


def assign(world: World, to: Track | None, on: date = TODAY, **changes: Any) -> EnrollmentChange:
    values = {"actor": world.admin, "enrollment": world.enrollment, "track": to, "effective_on": on, "at": AT}
    return assign_track(**{**values, **changes})


def accept_all(parameters: Mapping[str, object]) -> None:
    """Judge nothing."""


def set_terms(world: World, on: date = NEXT_WEEK, **changes: Any) -> EnrollmentTerms:
    values = {
        "actor": world.admin,
        "enrollment": world.enrollment,
        "name": "Payer X",
        "effective_on": on,
        "parameters": {"per_diem_min_minutes": 120},
        "validate": accept_all,
        "at": AT,
    }
    return set_enrollment_terms(**{**values, **changes})


def test_track_holds_from_its_day_and_not_before(world: World) -> None:
    evening = track(world)
    assign(world, evening, TODAY + 3 * DAY)
    enrollment = Enrollment.objects.get(pk=world.enrollment.pk)
    assert enrollment.track == evening  # the one assigned last, whenever it begins
    assert track_on(enrollment, TODAY + 2 * DAY) is None
    assert track_on(enrollment, TODAY + 3 * DAY) == evening


def test_every_step_is_a_row_and_an_event(world: World) -> None:
    evening = track(world)
    change = assign(world, evening)
    assert (change.track, change.state, change.effective_on) == (evening, "ACTIVE", TODAY)
    event = AuditEvent.objects.get(action=AuditAction.TRACK_ASSIGNED)
    assert event.data == {"track": str(evening.pk), "effective_on": TODAY.isoformat()}
    assign(world, None, TODAY)
    assert Enrollment.objects.get(pk=world.enrollment.pk).track is None
    assert track_on(Enrollment.objects.get(pk=world.enrollment.pk), TODAY) is None


def test_steps_follow_each_other_in_time(world: World) -> None:
    evening, morning = track(world), track(world, "Morning")
    assign(world, evening, TODAY + 7 * DAY)
    with pytest.raises(Conflict, match="track_planned"):
        assign(world, morning, TODAY)
    assign(world, morning, TODAY + 7 * DAY)
    assert track_on(Enrollment.objects.get(pk=world.enrollment.pk), TODAY + 8 * DAY) == morning


def test_changes_of_state_are_no_steps_of_the_track(world: World) -> None:
    evening = track(world)
    assign(world, evening, TODAY + 7 * DAY)
    change_enrollment_state(
        actor=world.admin, enrollment=world.enrollment, state=EnrollmentState.TAPER, at=AT
    )
    enrollment = Enrollment.objects.get(pk=world.enrollment.pk)
    assert track_on(enrollment, TODAY) is None
    assert [step.track_id for step in track_steps([enrollment])[enrollment.pk]] == [None, evening.pk]


def test_patient_can_begin_in_a_track(world: World) -> None:
    evening = track(world)
    enrolled = enrol_patient(
        actor=world.admin,
        program=world.program,
        user=person(Role.PATIENT, "Petra"),
        record_number="R-9",
        admitted_on=TODAY,
        track=evening,
        at=AT,
    )
    # The week of the admission began before it, and has the track all the same.
    assert track_on(enrolled.enrollment, TODAY - 3 * DAY) == evening


@pytest.mark.parametrize(("on", "error"), [(TODAY - DAY, "date_in_past"), (TODAY + 30 * DAY, "track_ended")])
def test_track_is_assigned_in_its_time_and_not_for_the_past(world: World, on: date, error: str) -> None:
    evening = track(world)
    end_track(actor=world.admin, track=evening, ended_on=TODAY + 20 * DAY, at=AT)
    with pytest.raises(Conflict, match=error):
        assign(world, evening, on)
    assert not AuditEvent.objects.filter(action=AuditAction.TRACK_ASSIGNED).exists()


def test_same_track_another_programs_and_an_episode_that_is_over_are_refused(world: World) -> None:
    with pytest.raises(Conflict, match="same_track"):
        assign(world, None)
    foreign = create_track(actor=world.other_admin, program=world.other_program, name="Night", at=AT)
    with pytest.raises(Conflict, match="track_of_another_program"):
        assign(world, foreign)
    change_enrollment_state(
        actor=world.admin,
        enrollment=world.enrollment,
        state=EnrollmentState.DISCHARGED,
        at=AT,
        discharge_kind=DischargeKind.COMPLETED,
    )
    for refused in (lambda: assign(world, track(world)), lambda: set_terms(world)):
        with pytest.raises(Conflict, match="episode_over"):
            refused()


def test_others_assign_no_track_and_set_no_terms(world: World) -> None:
    evening = track(world)
    for actor in (world.therapist, world.other_admin, world.user, world.system_admin):
        with pytest.raises(Denied):
            assign(world, evening, actor=actor)
        with pytest.raises(Denied):
            set_terms(world, actor=actor)


@pytest.mark.parametrize("on", [TODAY, date(2026, 11, 15), date(2026, 11, 23), date(2026, 11, 24)])
def test_own_terms_begin_with_a_week_still_to_come(world: World, on: date) -> None:
    with pytest.raises(Conflict, match="not_a_week_start"):
        set_terms(world, on)
    assert not EnrollmentTerms.objects.exists()


def test_own_terms_are_versions_in_force_from_their_week(world: World) -> None:
    first, second = set_terms(world), set_terms(world, parameters={}, name=" ")
    assert (first.version, second.version, second.name) == (1, 2, "Own terms")
    assert own_terms_on(world.enrollment, NEXT_WEEK - DAY) is None
    assert own_terms_on(world.enrollment, NEXT_WEEK) == second
    event = AuditEvent.objects.filter(action=AuditAction.ENROLLMENT_TERMS_SET).latest("seq")
    assert event.data["version"] == 2
    assert "name" not in event.data  # words stay in the row


def test_own_terms_of_the_wrong_shape_are_refused(world: World) -> None:
    with pytest.raises(DomainError, match="bad_parameters"):
        set_terms(world, parameters={"x": 0.5})


def test_tracks_have_names_of_their_own(world: World) -> None:
    track(world)
    for name, error in (
        ("evening ", "track_name_taken"),
        (" ", "track_name_missing"),
        ("x" * 81, "track_name_missing"),
    ):
        with pytest.raises(DomainError, match=error):
            track(world, name)
    assert AuditEvent.objects.filter(action=AuditAction.TRACK_CREATED).count() == 1


def test_track_ends_today_or_later_and_once(world: World) -> None:
    evening = track(world)
    with pytest.raises(Conflict, match="date_in_past"):
        end_track(actor=world.admin, track=evening, ended_on=TODAY - DAY, at=AT)
    end_track(actor=world.admin, track=evening, ended_on=TODAY, at=AT)
    with pytest.raises(Conflict, match="track_ended"):
        end_track(actor=world.admin, track=evening, ended_on=TODAY + 2 * DAY, at=AT + 2 * DAY)
    with pytest.raises(Denied):
        end_track(actor=world.other_admin, track=evening, ended_on=TODAY, at=AT)
    assert AuditEvent.objects.filter(action=AuditAction.TRACK_ENDED).count() == 1
