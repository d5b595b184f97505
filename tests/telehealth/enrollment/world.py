"""Two programs with their people, built through the services: what the tests of both apps stand on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

from telehealth.accounts.models import User
from telehealth.accounts.roles import Role
from telehealth.enrollment.models import Enrollment, Patient
from telehealth.enrollment.services import enrol_patient, publish_default_agreements
from telehealth.programs.models import Program
from telehealth.programs.services import add_membership, create_program

# A Wednesday noon in New York.
AT = datetime(2026, 11, 18, 17, 0, tzinfo=UTC)
TODAY = date(2026, 11, 18)
PASSWORD = "correct-horse-battery"


def person(role: Role, name: str) -> User:
    """Make an account that can sign in."""
    return User.objects.create_user(
        f"{name.lower()}@example.org", PASSWORD, role=role.value, given_name=name, family_name="Example"
    )


@dataclass
class World:
    """A program with staff, agreements and one patient, and another one with two people of its own."""

    system_admin: User
    program: Program
    admin: User
    therapist: User
    user: User
    patient: Patient
    enrollment: Enrollment
    other_program: Program
    other_admin: User
    other_patient: Patient


def build() -> World:
    """Build the world of `AT`."""
    system_admin = person(Role.SYSTEM_ADMIN, "Sidney")
    program, admin = _program(system_admin, "Harbor", "Ada")
    other_program, other_admin = _program(system_admin, "Meadow", "Olga")
    therapist = person(Role.THERAPIST, "Theo")
    add_membership(actor=admin, program=program, user=therapist, at=AT)
    user = person(Role.PATIENT, "Paula")
    enrolled = enrol_patient(
        actor=admin, program=program, user=user, record_number="R-1", admitted_on=date(2026, 10, 1), at=AT
    )
    other = enrol_patient(
        actor=other_admin,
        program=other_program,
        user=person(Role.PATIENT, "Quentin"),
        record_number="R-2",
        admitted_on=date(2026, 10, 1),
        at=AT,
    )
    return World(
        system_admin=system_admin,
        program=program,
        admin=admin,
        therapist=therapist,
        user=user,
        patient=enrolled.enrollment.patient,
        enrollment=enrolled.enrollment,
        other_program=other_program,
        other_admin=other_admin,
        other_patient=other.enrollment.patient,
    )


def _program(system_admin: User, name: str, admin_name: str) -> tuple[Program, User]:
    program = create_program(
        actor=system_admin, name=name, time_zone="America/New_York", callback_phone="+1 212 555 0100", at=AT
    )
    admin = person(Role.PROGRAM_ADMIN, admin_name)
    add_membership(actor=system_admin, program=program, user=admin, at=AT)
    publish_default_agreements(actor=admin, program=program, at=AT)
    return program, admin
