"""Set the stage for whoever starts the demo now: one group to start at once, another in ten minutes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from sessions.models import GroupSession, RosterEntry, ServiceType, SessionState
from sessions.services.scheduling.schedule import cancel_session, create_session, move_session
from telehealth.accounts.models import User
from telehealth.enrollment.models import Patient
from telehealth.programs.models import Program

from . import cast

LENGTH = timedelta(minutes=60)
SOON = timedelta(minutes=10)
LEFT_OVER = timedelta(minutes=20)
ASIDE = timedelta(hours=2)
STEP = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Scene:
    """One session of the stage: who leads it, who is in it and when it begins."""

    title: str
    service_type: ServiceType
    leader: cast.Account
    patients: tuple[cast.Account, ...]
    start: datetime


def set_stage(program: Program, *, at: datetime) -> tuple[GroupSession, GroupSession]:
    """Give the group whose time is now and the one in ten minutes, made where they are not there."""
    now = at - timedelta(minutes=at.minute % 5, seconds=at.second, microseconds=at.microsecond)
    soon = at - timedelta(seconds=at.second, microseconds=at.microsecond) + SOON
    scenes = (
        Scene(
            "Process group",
            ServiceType.GROUP_THERAPY,
            cast.THERAPIST,
            (*cast.MORNING_GROUP, cast.NEWCOMER),
            now,
        ),
        Scene(
            "Coping skills group",
            ServiceType.LIFE_SKILLS,
            cast.SECOND_THERAPIST,
            cast.EVENING_GROUP,
            soon,
        ),
    )
    with transaction.atomic():
        first, second = (_stage(program, scene, at) for scene in scenes)
    return first, second


def _stage(program: Program, scene: Scene, at: datetime) -> GroupSession:
    leader = User.objects.get(email=scene.leader.person.email)
    admin = User.objects.get(email=cast.ADMIN.person.email)
    standing = GroupSession.objects.filter(program=program, facilitator=leader, series=None).order_by(
        "scheduled_start"
    )
    running = GroupSession.objects.filter(
        program=program, facilitator=leader, state=SessionState.OPEN
    ).first()
    if running is not None:  # somebody has pressed Start before, and End not yet: that group goes on
        return running
    for old in standing.filter(state=SessionState.SCHEDULED, scheduled_end__gt=at):
        if _serves(old, scene, at):
            return old
        cancel_session(actor=admin, group_session_id=old.pk, reason="Nobody came to this demo", at=at)
    patients = list(Patient.objects.filter(user__email__in=[each.person.email for each in scene.patients]))
    _make_room(admin, leader, patients, scene.start, at)
    return create_session(
        actor=admin,
        program=program,
        title=scene.title,
        service_type=scene.service_type,
        facilitator=leader,
        start=scene.start,
        end=scene.start + LENGTH,
        patients=patients,
        at=at,
    )


def _serves(old: GroupSession, scene: Scene, at: datetime) -> bool:
    """Say whether a session of an earlier start is still good: it has begun just so, or begins soon."""
    if scene.start <= at:
        return old.scheduled_start <= at and old.scheduled_end - at >= LEFT_OVER
    return at < old.scheduled_start <= at + SOON


def _make_room(
    admin: User, leader: User, patients: Collection[Patient], start: datetime, at: datetime
) -> None:
    """Move what the series planned for this hour two hours on, one after the other."""
    free = start + LENGTH + ASIDE
    clashing = GroupSession.objects.standing().overlapping(start, start + LENGTH)
    with_patients = RosterEntry.objects.current().filter(patient__in=patients, group_session__in=clashing)
    for one in clashing.filter(facilitator=leader) | clashing.filter(
        pk__in=with_patients.values("group_session")
    ):
        length = one.scheduled_end - one.scheduled_start
        if one.state == SessionState.SCHEDULED:
            move_session(actor=admin, group_session_id=one.pk, start=free, end=free + length, at=at)
            free += length + STEP
