"""Fill an empty database with the demo's program, people and eight weeks of sessions."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from functools import cache

from django.contrib.auth.hashers import make_password
from django.db import transaction

from sessions.models import GroupSession, ServiceType, SessionState
from sessions.services.scheduling.schedule import create_series
from telehealth.accounts.models import User
from telehealth.accounts.roles import Role
from telehealth.core.errors import Conflict
from telehealth.enrollment.models import ConsentKind, Patient
from telehealth.enrollment.selectors import my_agreements
from telehealth.enrollment.services import enrol_patient, publish_default_agreements, sign_document
from telehealth.enrollment.services.enrolment import DEFAULT_TARGET_MINUTES
from telehealth.programs.models import Program, ProgramMembership, Track
from telehealth.programs.selectors import ServiceDates
from telehealth.programs.services import add_membership, change_seat, create_program

from . import cast
from .absences import decide_absences, plan_make_up, reach_out
from .episodes import hold_episodes, let_rest, plan_taper
from .history import hold
from .models import DemoSeed
from .plot import plot
from .settle import settle_past
from .tracks import set_up_tracks

WEEKS_BACK = 8
WEEKS_AHEAD = 26
MORNING_DAYS = (0, 1, 2, 3)
AUDIT_DAYS = 90
EVENING_TARGET = 180  # minutes a week of a step-down group that meets twice


class ForeignDatabaseError(Conflict):
    """The database holds somebody's data; the demo leaves it alone."""


def seed(*, at: datetime) -> Program:
    """Give the demo's program, made first where the database is empty; all of it or nothing."""
    found = DemoSeed.objects.select_related("program").first()
    if found is not None:
        return found.program
    if User.objects.exists() or Program.objects.exists():
        raise ForeignDatabaseError(
            "not_the_demos_database",
            "This database holds data that the demo did not make, so the demo does not touch it.",
            "Unset DATABASE_URL, or name another folder with DATA_DIR.",
        )
    with transaction.atomic():
        return _fill(at)


def _fill(at: datetime) -> Program:
    founded = at - timedelta(weeks=WEEKS_BACK + 1)
    system_admin = _user(cast.SYSTEM_ADMIN)
    program = create_program(
        actor=system_admin,
        name=cast.PROGRAM_NAME,
        time_zone=cast.PROGRAM_ZONE,
        callback_phone=cast.PROGRAM_PHONE,
        at=founded,
    )
    today = program.date_at(at)
    admin = _user(cast.ADMIN)
    add_membership(actor=system_admin, program=program, user=admin, at=founded)
    publish_default_agreements(actor=admin, program=program, at=founded)
    for account in (cast.THERAPIST, cast.SECOND_THERAPIST, cast.CASE_MANAGER, cast.AUDITOR):
        seat_ends = today + timedelta(days=AUDIT_DAYS)
        is_auditor = account.role is Role.AUDITOR
        add_membership(
            actor=admin,
            program=program,
            user=_user(account),
            at=founded,
            ends_on=seat_ends if is_auditor else None,
            sees=ServiceDates(program.date_at(founded), seat_ends) if is_auditor else None,
        )
    therapist = User.objects.get(email=cast.THERAPIST.person.email)
    second = User.objects.get(email=cast.SECOND_THERAPIST.person.email)
    _make_supervisor(admin, program, second, founded)
    mornings, evenings = set_up_tracks(admin, program, today, founded)
    morning = [_enrol(admin, mornings, each, therapist, founded) for each in cast.MORNING_GROUP]
    evening = [
        _enrol(admin, evenings, each, second, founded, target=EVENING_TARGET) for each in cast.EVENING_GROUP
    ]
    newcomer = _enrol(
        admin, mornings, cast.NEWCOMER, therapist, at, leaves_out=ConsentKind.GROUP_CONFIDENTIALITY
    )
    plan_taper(admin, program, founded=founded, at=at)
    _plan(admin, mornings, therapist, morning, newcomer, today, at, founded)
    _plan_individual(admin, program, therapist, morning[0], today, founded)
    _plan_evening(admin, evenings, second, evening, today, founded)
    DemoSeed.objects.create(program=program, seeded_at=at)
    hold_past(program, at=at)
    hold_episodes(admin, program, at=at)
    plan_make_up(program, at=at)
    return program


def _make_supervisor(admin: User, program: Program, therapist: User, at: datetime) -> None:
    membership = ProgramMembership.objects.get(program=program, user=therapist)
    change_seat(actor=admin, membership=membership, is_supervisor=True, at=at)


def hold_past(program: Program, *, at: datetime) -> None:
    """Hold what the series planned for days gone by, and settle it; nobody was there to press Start."""
    due = list(
        GroupSession.objects.filter(
            program=program, series__isnull=False, state=SessionState.SCHEDULED, scheduled_end__lt=at
        )
        .select_related("facilitator", "program", "terms", "track")
        .order_by("scheduled_start")
    )
    turns = plot(due, at=at)
    attempts = 0
    for group_session in due:
        turn = turns[group_session.pk]
        if turn.on_hold:
            let_rest(User.objects.get(email=cast.ADMIN.person.email), group_session, turn.on_hold)
        hold(
            group_session,
            facilitator=group_session.facilitator,
            ordinal=group_session.scheduled_start.toordinal() * 24 + group_session.scheduled_start.hour,
            turn=turn,
        )
        if turn.asks_for_outreach:
            reach_out(group_session, number=attempts, at=at)
            attempts += 1
    settle_past(program, at=at)
    decide_absences(program, at=at)


@cache
def _password_hash() -> str:
    """Hash the demo's one password once: slow on purpose, and the same for every invented person."""
    return make_password(cast.PASSWORD)


def _user(account: cast.Account) -> User:
    person = account.person
    return User.objects.create(
        email=person.email,
        password=_password_hash(),
        role=account.role.value,
        given_name=person.given_name,
        family_name=person.family_name,
        preferred_name=person.preferred_name,
        credential=person.credential,
        phone=person.phone,
        time_zone=person.time_zone or cast.PROGRAM_ZONE,
    )


def _enrol(
    admin: User,
    track: Track,
    account: cast.Account,
    therapist: User,
    at: datetime,
    *,
    target: int = DEFAULT_TARGET_MINUTES,
    leaves_out: ConsentKind | None = None,
) -> Patient:
    user, program = _user(account), track.program
    number = 1001 + [*cast.MORNING_GROUP, cast.NEWCOMER, *cast.EVENING_GROUP].index(account)
    enrol_patient(
        actor=admin,
        program=program,
        track=track,
        weekly_target_minutes=target,
        user=user,
        record_number=f"HL-{number}",
        admitted_on=program.date_at(at),
        primary_therapist=therapist,
        at=at,
    )
    patient = Patient.objects.get(user=user)
    for row in my_agreements(user, at):
        if row.document is None or not row.may_be_signed or row.document.kind == leaves_out:
            continue
        sign_document(
            actor=user,
            patient=patient,
            document=row.document,
            shown_sha256=row.document.sha256,
            printed_name=user.full_name,
            at=at,
            ip=None,
            user_agent="demo",
        )
    return patient


def _plan(
    admin: User,
    track: Track,
    therapist: User,
    morning: list[Patient],
    newcomer: Patient,
    today: date,
    at: datetime,
    founded: datetime,
) -> None:
    """Plan the mornings up to yesterday and from tomorrow on: today belongs to the stage."""
    for first, last, patients, made_at in _around(today, morning, [*morning, newcomer], founded, at):
        create_series(
            actor=admin,
            program=track.program,
            track=track,
            title="Morning process group",
            service_type=ServiceType.GROUP_THERAPY,
            facilitator=therapist,
            weekdays=MORNING_DAYS,
            starts_at=time(9, 0),
            duration_min=195,
            breaks=[(90, 15)],
            starts_on=first,
            until_on=last,
            patients=patients,
            at=made_at,
        )


def _around(
    today: date, before: list[Patient], after: list[Patient], founded: datetime, at: datetime
) -> Iterable[tuple[date, date, list[Patient], datetime]]:
    yield today - timedelta(weeks=WEEKS_BACK), today - timedelta(days=1), before, founded
    yield today + timedelta(days=1), today + timedelta(weeks=WEEKS_AHEAD), after, at


def _plan_individual(
    admin: User, program: Program, therapist: User, patient: Patient, today: date, founded: datetime
) -> None:
    create_series(
        actor=admin,
        program=program,
        title="One-on-one",
        service_type=ServiceType.INDIVIDUAL_THERAPY,
        facilitator=therapist,
        weekdays=[(today - timedelta(days=2)).weekday()],
        starts_at=time(14, 0),
        duration_min=50,
        starts_on=today - timedelta(weeks=WEEKS_BACK),
        until_on=today + timedelta(weeks=WEEKS_AHEAD),
        patients=[patient],
        at=founded,
    )


def _plan_evening(
    admin: User, track: Track, therapist: User, patients: list[Patient], today: date, founded: datetime
) -> None:
    create_series(
        actor=admin,
        program=track.program,
        track=track,
        title="Coping skills",
        service_type=ServiceType.LIFE_SKILLS,
        facilitator=therapist,
        weekdays=[(today - timedelta(days=1)).weekday(), (today - timedelta(days=3)).weekday()],
        starts_at=time(17, 30),
        duration_min=120,
        breaks=[(55, 10)],
        starts_on=today - timedelta(weeks=WEEKS_BACK),
        until_on=today + timedelta(weeks=WEEKS_AHEAD),
        patients=patients,
        at=founded,
    )
