"""Enrol a patient, move the episode from state to state, date the weekly target."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from telehealth import audit
from telehealth.accounts.models import User
from telehealth.accounts.roles import Role
from telehealth.core.errors import Conflict, DomainError
from telehealth.core.locking import lock
from telehealth.programs.models import Invitation, Program, Track
from telehealth.programs.people import Deliver, Person
from telehealth.programs.selectors import staff_of
from telehealth.programs.services.invitations import create_account, invite_account
from telehealth.programs.tracks import require_track_of

from .. import events, selectors
from ..models import DischargeKind, Enrollment, EnrollmentState, Patient, WeeklyTarget
from ..policies import can_manage_enrollment
from ..transitions import next_states
from .changes import record_change, require_reason_and_return

DEFAULT_TARGET_MINUTES = 540
MAX_TARGET_MINUTES = 2400
FIRST_STATES = (EnrollmentState.PENDING, EnrollmentState.ACTIVE)


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What enrolling made; invitation and secret only where the person still needs a password."""

    enrollment: Enrollment
    invitation: Invitation | None
    token: str | None


def enrol_patient(
    *,
    actor: User,
    program: Program,
    admitted_on: date,
    at: datetime,
    person: Person | None = None,
    user: User | None = None,
    record_number: str = "",
    weekly_target_minutes: int = DEFAULT_TARGET_MINUTES,
    primary_therapist: User | None = None,
    track: Track | None = None,
    state: EnrollmentState = EnrollmentState.ACTIVE,
    deliver: Deliver | None = None,
) -> Enrolled:
    """Begin an episode for a new `person`, who is invited, or for the account of an existing patient `user`.

    `record_number` is needed once, when the account becomes a patient. The first target starts at admission.
    """
    if (person is None) == (user is None):
        raise TypeError("give either person or user")
    with transaction.atomic():
        program = lock(Program, program.pk)
        can_manage_enrollment(actor, program, at).require()
        if state not in FIRST_STATES:
            raise Conflict("bad_first_state", "An episode begins as active, or as not yet admitted.")
        if primary_therapist is not None:
            _require_therapist(primary_therapist, program, at)
        require_track_of(program, track, [admitted_on])
        if person is not None:
            user = create_account(program=program, person=person, role=Role.PATIENT)
        assert user is not None  # noqa: S101 - narrows for the type checker; the first line of this function decided it
        patient = _patient(actor, user, record_number, at)
        _require_no_overlap(patient, program, admitted_on)
        enrollment = Enrollment.objects.create(
            patient=patient,
            program=program,
            track=track,
            state=state,
            admitted_on=admitted_on,
            primary_therapist=primary_therapist,
        )
        _add_target(enrollment, admitted_on, weekly_target_minutes)
        record_change(actor=actor, enrollment=enrollment, effective_on=admitted_on, at=at)
        audit.record(
            audit.AuditAction.PATIENT_ENROLLED,
            actor=actor,
            subject=enrollment,
            at=at,
            data={
                "patient": str(patient.pk),
                "program": str(program.pk),
                "target_minutes": weekly_target_minutes,
            },
        )
        invitation, token = None, None
        if not user.is_active:
            invitation, token = invite_account(
                actor=actor, program=program, user=user, at=at, deliver=deliver
            )
        _announce(enrollment, actor, at)
    return Enrolled(enrollment, invitation, token)


def change_enrollment_state(
    *,
    actor: User,
    enrollment: Enrollment,
    state: EnrollmentState,
    at: datetime,
    discharged_on: date | None = None,
    discharge_kind: DischargeKind | None = None,
    reason: str = "",
    expected_return_on: date | None = None,
) -> Enrollment:
    """Move an episode to a state that may follow, from today on.

    A discharge names its kind and the last day of service, a hold its reason and the expected return.
    """
    with transaction.atomic():
        enrollment = lock(Enrollment.objects.select_related("program", "patient"), enrollment.pk)
        program = enrollment.program
        can_manage_enrollment(actor, program, at).require()
        before = enrollment.state_enum
        if state not in next_states(before):
            raise Conflict(
                "bad_transition", f"An enrollment that is “{before.label}” cannot become “{state.label}”."
            )
        effective_on = max(program.date_at(at), enrollment.admitted_on)
        require_reason_and_return(state, reason, expected_return_on, effective_on)
        enrollment.state = state
        if state is EnrollmentState.DISCHARGED:
            last = effective_on = discharged_on or effective_on
            if discharge_kind is None:
                raise DomainError("discharge_kind_missing", "Choose how the episode ended.")
            if not enrollment.admitted_on <= last <= max(program.date_at(at), enrollment.admitted_on):
                raise DomainError(
                    "bad_discharge_date", "The last day lies between the day of admission and today."
                )
            enrollment.discharged_on = last
            enrollment.discharge_kind = discharge_kind
        enrollment.save(update_fields=["state", "discharged_on", "discharge_kind"])
        record_change(
            actor=actor,
            enrollment=enrollment,
            effective_on=effective_on,
            at=at,
            reason=reason,
            expected_return_on=expected_return_on,
        )
        # The reason is free text and stays in the row.
        data = {
            "from": before.value,
            "to": state.value,
            "discharge_kind": enrollment.discharge_kind or None,
            "effective_on": effective_on.isoformat(),
            "expected_return_on": expected_return_on and expected_return_on.isoformat(),
        }
        audit.record(
            audit.AuditAction.ENROLLMENT_STATE_CHANGED, actor=actor, subject=enrollment, at=at, data=data
        )
        _announce(enrollment, actor, at)
    return enrollment


def set_weekly_target(
    *, actor: User, enrollment: Enrollment, minutes: int, effective_on: date, at: datetime
) -> WeeklyTarget:
    """Add a target from a date on. Earlier targets stay; weeks already past keep theirs."""
    with transaction.atomic():
        enrollment = lock(Enrollment.objects.select_related("program"), enrollment.pk)
        can_manage_enrollment(actor, enrollment.program, at).require()
        if enrollment.state_enum is EnrollmentState.DISCHARGED:
            raise Conflict("episode_over", "This episode is over; its targets stay as they were.")
        if effective_on < max(enrollment.program.date_at(at), enrollment.admitted_on):
            raise Conflict(
                "date_in_past", "A target starts today or later, so that past weeks stay as they were."
            )
        target = _add_target(enrollment, effective_on, minutes)
        audit.record(
            audit.AuditAction.WEEKLY_TARGET_SET,
            actor=actor,
            subject=enrollment,
            at=at,
            data={"minutes": minutes, "effective_on": effective_on.isoformat()},
        )
        _announce(enrollment, actor, at)
    return target


def view_patient(*, actor: User, patient_id: UUID, at: datetime) -> selectors.PatientPage:
    """Give a patient's page and note in the audit trail who looked."""
    page = selectors.patient_page(actor, patient_id, at)
    audit.record(audit.AuditAction.PATIENT_VIEWED, actor=actor, subject=page.patient, at=at)
    return page


def _patient(actor: User, user: User, record_number: str, at: datetime) -> Patient:
    if user.role_enum is not Role.PATIENT:
        raise DomainError("not_a_patient", "This account belongs to staff; only patients are enrolled.")
    known = Patient.objects.filter(user=user).first()
    if known is not None:
        # Somebody else's patient is none of the actor's business: 404, as on every page.
        return selectors.get_patient_for(actor, known.pk, at)
    number = record_number.strip()
    if not number or len(number) > Patient._meta.get_field("record_number").max_length:  # type: ignore[operator]
        raise DomainError(
            "record_number_missing", "Enter the patient's record number, at most 40 characters."
        )
    if Patient.objects.filter(record_number=number).exists():
        raise Conflict("record_number_taken", "This record number is taken. Check it, or enter another one.")
    return Patient.objects.create(user=user, record_number=number)


def _require_therapist(therapist: User, program: Program, at: datetime) -> None:
    if therapist.pk not in {user.pk for user in staff_of(program, at, selectors.THERAPIST_ROLES)}:
        raise DomainError("not_a_therapist", "Choose a primary therapist who works in this program.")


def _require_no_overlap(patient: Patient, program: Program, admitted_on: date) -> None:
    for row in Enrollment.objects.filter(patient=patient, program=program):
        if row.state_enum is not EnrollmentState.DISCHARGED:
            raise Conflict("already_enrolled", "This patient is already enrolled in the program.")
        if row.discharged_on is not None and admitted_on < row.discharged_on:
            raise Conflict(
                "episodes_overlap", "The last episode ended later. Choose a later day of admission."
            )


def _add_target(enrollment: Enrollment, effective_on: date, minutes: int) -> WeeklyTarget:
    if not 0 < minutes <= MAX_TARGET_MINUTES:
        raise DomainError("bad_target", f"A weekly target lies between 1 and {MAX_TARGET_MINUTES} minutes.")
    if WeeklyTarget.objects.filter(enrollment=enrollment, effective_on=effective_on).exists():
        raise Conflict(
            "target_exists",
            "There is already a target from that day on. Targets are never rewritten: choose another day.",
        )
    return WeeklyTarget.objects.create(enrollment=enrollment, effective_on=effective_on, minutes=minutes)


def _announce(enrollment: Enrollment, actor: User, at: datetime) -> None:
    events.enrollment_changed.send_on_commit(
        enrollment_id=enrollment.pk,
        patient_id=enrollment.patient_id,
        user_id=enrollment.patient.user_id,
        program_id=enrollment.program_id,
        in_treatment=enrollment.state_enum.is_in_treatment,
        changed_by=actor.pk,
        at=at,
    )
