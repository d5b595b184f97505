"""The same few people for every test, built through the services, around one session.

`cast.build(at=...)` founds two programs thirty days before `at` and plans a group that begins ten minutes
after it. Staff have their second factor, patients have signed everything, unless a name says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.conf import settings
from django.test import Client

from sessions.models import GroupSession, ServiceType
from sessions.services.scheduling.schedule import create_session
from telehealth.accounts.models import User
from telehealth.accounts.roles import Role
from telehealth.enrollment.models import Enrollment, Patient
from telehealth.enrollment.selectors import my_agreements
from telehealth.enrollment.services import enrol_patient, publish_default_agreements, sign_document
from telehealth.programs.models import Program
from telehealth.programs.selectors import ServiceDates
from telehealth.programs.services import add_membership, create_program

# A Wednesday, ten in the morning in New York.
AT = datetime(2026, 3, 4, 15, 0, tzinfo=UTC)
PASSWORD = "slow green river 47"
HISTORY = timedelta(days=30)
STARTS_IN = timedelta(minutes=10)
LENGTH = timedelta(hours=3)


@dataclass(frozen=True, slots=True)
class Cast:
    """Everybody, and the session they are (or are not) part of."""

    at: datetime
    program: Program
    other_program: Program
    system_admin: User
    admin: User
    auditor: User
    case_manager: User
    therapist: User
    covering_therapist: User
    other_therapist: User
    therapist_without_mfa: User
    patient: User
    patient_off_roster: User
    patient_unsigned: User
    other_patient: User
    more_patients: tuple[User, ...]
    group_session: GroupSession

    def record_of(self, user: User) -> Patient:
        """Give the patient behind an account."""
        return Patient.objects.get(user=user)

    def enrollment_of(self, user: User) -> Enrollment:
        """Give the open episode of an account."""
        return Enrollment.objects.get(patient__user=user)

    def one_of(self, role: Role) -> User:
        """Give the person who stands for a role in tables of roles."""
        return {
            Role.PATIENT: self.patient,
            Role.THERAPIST: self.therapist,
            Role.CASE_MANAGER: self.case_manager,
            Role.PROGRAM_ADMIN: self.admin,
            Role.AUDITOR: self.auditor,
            Role.SYSTEM_ADMIN: self.system_admin,
        }[role]


def build(
    *, at: datetime = AT, starts_in: timedelta = STARTS_IN, length: timedelta = LENGTH, patients: int = 1
) -> Cast:
    """Build everybody; `patients` above one puts more signed patients on the roster."""
    founded = at - HISTORY
    system_admin = account(Role.SYSTEM_ADMIN, "sid")
    program, admin = _program(system_admin, "admin", founded)
    other_program, other_admin = _program(system_admin, "other-admin", founded)
    therapist = _member(admin, program, Role.THERAPIST, "thea", founded)
    patient = _patient(admin, program, "pat", founded)
    unsigned = _enrol(admin, program, account(Role.PATIENT, "una"), founded)
    more = tuple(_patient(admin, program, f"patient{number}", founded) for number in range(2, patients + 1))
    group_session = create_session(
        actor=admin,
        program=program,
        title="Morning group",
        service_type=ServiceType.GROUP_THERAPY,
        facilitator=therapist,
        start=at + starts_in,
        end=at + starts_in + length,
        patients=list(Patient.objects.filter(user__in=[patient, unsigned, *more])),
        at=founded,
    )
    return Cast(
        at=at,
        program=program,
        other_program=other_program,
        system_admin=system_admin,
        admin=admin,
        auditor=_member(admin, program, Role.AUDITOR, "aud", founded),
        case_manager=_member(admin, program, Role.CASE_MANAGER, "casey", founded),
        therapist=therapist,
        covering_therapist=_member(admin, program, Role.THERAPIST, "cole", founded),
        other_therapist=_member(other_admin, other_program, Role.THERAPIST, "otto", founded),
        therapist_without_mfa=_member(admin, program, Role.THERAPIST, "newton", founded, mfa=False),
        patient=patient,
        patient_off_roster=_patient(admin, program, "ophelia", founded),
        patient_unsigned=unsigned,
        other_patient=_patient(other_admin, other_program, "quentin", founded),
        more_patients=more,
        group_session=group_session,
    )


def account(role: Role, name: str, *, mfa: bool = True) -> User:
    """Make an account `<name>@example.org` with `PASSWORD`, and its second factor if it is staff."""
    user = User.objects.create_user(
        f"{name}@example.org",
        PASSWORD,
        role=role.value,
        given_name=name.capitalize(),
        family_name="Example",
    )
    if mfa and role.is_staff_role:
        TOTP.activate(user, generate_totp_secret())
    return user


def quick_account(role: Role, name: str) -> User:
    """Make an account without a password: hashing one for each of hundreds would take minutes."""
    user = User.objects.create_user(
        f"{name}@example.org", None, role=role.value, given_name=name, family_name="Example"
    )
    if role.is_staff_role:
        TOTP.activate(user, generate_totp_secret())
    return user


def join_program(cast: Cast, user: User, at: datetime) -> User:
    """Make somebody of the staff a member, or a patient enrolled and with everything signed."""
    if user.role_enum is not Role.PATIENT:
        add_membership(actor=cast.admin, program=cast.program, user=user, at=at)
        return user
    _enrol(cast.admin, cast.program, user, at)
    sign_everything(user, at)
    return user


def cookie_of(user: User) -> str:
    """Sign somebody in, and give the cookie that says so."""
    client = Client()
    client.force_login(user)
    name = settings.SESSION_COOKIE_NAME
    return f"{name}={client.cookies[name].value}"


def _program(system_admin: User, admin_name: str, at: datetime) -> tuple[Program, User]:
    program = create_program(
        actor=system_admin,
        name="Harbor",
        time_zone="America/New_York",
        callback_phone="+1 212 555 0100",
        at=at,
    )
    admin = account(Role.PROGRAM_ADMIN, admin_name)
    add_membership(actor=system_admin, program=program, user=admin, at=at)
    publish_default_agreements(actor=admin, program=program, at=at)
    return program, admin


def _member(admin: User, program: Program, role: Role, name: str, at: datetime, *, mfa: bool = True) -> User:
    user = account(role, name, mfa=mfa)
    today, year = program.date_at(at), timedelta(days=365)
    is_auditor = role is Role.AUDITOR
    add_membership(
        actor=admin,
        program=program,
        user=user,
        at=at,
        ends_on=today + year if is_auditor else None,
        sees=ServiceDates(today - year, today + year) if is_auditor else None,
    )
    return user


def _enrol(admin: User, program: Program, user: User, at: datetime) -> User:
    enrol_patient(
        actor=admin,
        program=program,
        user=user,
        record_number=f"R-{user.pk.hex[:8]}",
        admitted_on=program.date_at(at),
        at=at,
    )
    return user


def _patient(admin: User, program: Program, name: str, at: datetime) -> User:
    user = _enrol(admin, program, account(Role.PATIENT, name), at)
    sign_everything(user, at)
    return user


def sign_everything(user: User, at: datetime) -> None:
    """Sign what the patient still has to sign, as their page would."""
    patient = Patient.objects.get(user=user)
    for row in my_agreements(user, at):
        if row.document is not None and row.may_be_signed:
            sign_document(
                actor=user,
                patient=patient,
                document=row.document,
                shown_sha256=row.document.sha256,
                printed_name=user.full_name,
                at=at,
                ip="127.0.0.1",
                user_agent="test",
            )
