"""Patients as staff see them: within the programs of their memberships in force, 404 outside."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import QuerySet

from telehealth.accounts.models import User
from telehealth.accounts.roles import Role
from telehealth.core.errors import NotFound
from telehealth.programs.models import Invitation, InvitationState, Program, Track
from telehealth.programs.selectors import latest_invitation, programs_of, staff_of
from telehealth.programs.tracks import tracks_in

from ..consent_rules import Standing
from ..gates import AgreementState
from ..models import ConsentKind, Enrollment, EnrollmentState, Patient, WeeklyTarget
from ..transitions import next_states
from .agreements import AgreementRow, agreements_of, standings_by_pair
from .holds import Holds, holds_of
from .scope import enrollments_for

THERAPIST_ROLES = (Role.THERAPIST, Role.CASE_MANAGER)


@dataclass(frozen=True, slots=True)
class PatientRow:
    """One line of the patients list: the newest episode in one program."""

    patient: Patient
    user: User
    enrollment: Enrollment
    program: Program
    state: EnrollmentState
    target_minutes: int | None
    agreements_left: int

    @property
    def is_open(self) -> bool:
        """Say whether the episode still runs."""
        return self.state is not EnrollmentState.DISCHARGED


@dataclass(frozen=True, slots=True)
class EnrollmentCard:
    """One episode on the patient's page."""

    enrollment: Enrollment
    program: Program
    state: EnrollmentState
    next_states: tuple[EnrollmentState, ...]
    targets: list[WeeklyTarget]
    target_in_force: WeeklyTarget | None
    agreements: list[AgreementRow]
    held: Holds

    @property
    def is_open(self) -> bool:
        """Say whether the episode still runs."""
        return self.state is not EnrollmentState.DISCHARGED


@dataclass(frozen=True, slots=True)
class PatientPage:
    """All the patient page shows."""

    patient: Patient
    user: User
    invitation: Invitation | None
    invitation_state: InvitationState | None
    cards: list[EnrollmentCard]
    programs_to_enrol_in: list[Program]


@dataclass(frozen=True, slots=True)
class EnrolmentChoices:
    """What the enrol form offers: programs, their therapists, and the date it is there."""

    programs: list[Program]
    therapists: QuerySet[User]
    tracks: list[Track]
    today: date


def enrolment_choices(user: User, at: datetime) -> EnrolmentChoices:
    """Gather what the enrol form offers to an administrator."""
    programs = programs_of(user, at)
    ids = {person.pk for program in programs for person in staff_of(program, at, THERAPIST_ROLES)}
    therapists = User.objects.filter(pk__in=ids).order_by("family_name", "given_name")
    tracks = [track for program in programs for track in tracks_in(program, program.date_at(at))]
    return EnrolmentChoices(programs, therapists, tracks, programs[0].date_at(at) if programs else at.date())


def patient_of(user: User) -> Patient | None:
    """Give the patient behind an account, or none for staff."""
    return Patient.objects.filter(user=user).select_related("user").first()


def patients_in(program: Program, at: datetime) -> list[Patient]:
    """List the patients with an open episode in a program, by name; for rosters."""
    rows = (
        Enrollment.objects.filter(program=program)
        .exclude(state=EnrollmentState.DISCHARGED)
        .select_related("patient__user")
        .order_by("patient__user__family_name", "patient__user__given_name")
    )
    on = program.date_at(at)
    return [row.patient for row in rows if row.discharged_on is None or on <= row.discharged_on]


def patients_of(user: User, at: datetime) -> list[PatientRow]:
    """List the patients of the account's programs, open episodes first; five queries."""
    enrollments = list(
        enrollments_for(user, at)
        .select_related("patient__user", "program", "track")
        .order_by("patient__user__family_name", "patient__user__given_name", "-admitted_on")
    )
    newest: dict[tuple[UUID, UUID], Enrollment] = {}
    for row in enrollments:
        newest.setdefault((row.patient_id, row.program_id), row)
    standings = standings_by_pair([(row.patient_id, row.program) for row in newest.values()], at)
    targets = _targets_by_enrollment(newest.values())
    rows = [
        PatientRow(
            patient=row.patient,
            user=row.patient.user,
            enrollment=row,
            program=row.program,
            state=row.state_enum,
            target_minutes=_minutes(_in_force(targets[row.pk], row, at)),
            agreements_left=_left(standings[row.patient_id, row.program_id]),
        )
        for row in newest.values()
    ]
    return sorted(rows, key=lambda row: not row.is_open)


def get_patient_for(user: User, pk: UUID, at: datetime) -> Patient:
    """Give a patient with an episode in one of the account's programs."""
    row = (
        Patient.objects.filter(pk=pk, enrollments__in=enrollments_for(user, at))
        .select_related("user")
        .first()
    )
    if row is None:
        raise NotFound("patient_not_found", "There is no such patient in your programs.")
    return row


def get_enrollment_for(user: User, pk: UUID, at: datetime) -> Enrollment:
    """Give an episode in one of the account's programs."""
    row = (
        enrollments_for(user, at)
        .filter(pk=pk)
        .select_related("patient__user", "program", "track", "primary_therapist")
        .first()
    )
    if row is None:
        raise NotFound("enrollment_not_found", "There is no such enrollment in your programs.")
    return row


def patient_page(user: User, pk: UUID, at: datetime) -> PatientPage:
    """Gather a patient's page: only the episodes in the account's own programs."""
    patient = get_patient_for(user, pk, at)
    programs = programs_of(user, at)
    enrollments = list(
        enrollments_for(user, at)
        .filter(patient=patient)
        .select_related("program", "track", "primary_therapist")
        .order_by("-admitted_on")
    )
    targets = _targets_by_enrollment(enrollments)
    held = holds_of([row.pk for row in enrollments])
    open_in = {row.program_id for row in enrollments if row.state_enum is not EnrollmentState.DISCHARGED}
    found = latest_invitation(patient.user)
    mine = found is not None and found.program_id in {program.pk for program in programs}
    invitation = found if mine else None
    return PatientPage(
        patient=patient,
        user=patient.user,
        invitation=invitation,
        invitation_state=None if invitation is None else invitation.state_at(at),
        cards=[_card(row, patient, targets[row.pk], held.get(row.pk, Holds()), at) for row in enrollments],
        programs_to_enrol_in=[program for program in programs if program.pk not in open_in],
    )


def _card(
    row: Enrollment, patient: Patient, targets: list[WeeklyTarget], held: Holds, at: datetime
) -> EnrollmentCard:
    is_open = row.state_enum is not EnrollmentState.DISCHARGED
    return EnrollmentCard(
        enrollment=row,
        program=row.program,
        state=row.state_enum,
        next_states=next_states(row.state_enum),
        targets=targets,
        target_in_force=_in_force(targets, row, at),
        agreements=agreements_of(patient, row.program, at) if is_open else [],
        held=held,
    )


def _targets_by_enrollment(enrollments: Iterable[Enrollment]) -> dict[UUID, list[WeeklyTarget]]:
    found: dict[UUID, list[WeeklyTarget]] = defaultdict(list)
    rows = WeeklyTarget.objects.filter(enrollment__in=[row.pk for row in enrollments])
    for target in rows.order_by("effective_on"):
        found[target.enrollment_id].append(target)
    return found


def _in_force(targets: list[WeeklyTarget], row: Enrollment, at: datetime) -> WeeklyTarget | None:
    on = row.program.date_at(at)
    return next((target for target in reversed(targets) if target.effective_on <= on), None)


def _minutes(target: WeeklyTarget | None) -> int | None:
    return None if target is None else target.minutes


def _left(standings: dict[ConsentKind, Standing]) -> int:
    return sum(found.state is not AgreementState.SIGNED for found in standings.values())
