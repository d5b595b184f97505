"""A group that was held before the browser tests begin, told through the rooms and a relay's journal."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from uuid import UUID

from sessions.models import GroupSession, ServiceType
from sessions.services import room
from sessions.services.recording import attendance
from sessions.services.scheduling.schedule import create_session
from telehealth.accounts.models import User
from telehealth.enrollment.models import Patient
from telehealth.programs.models import Program
from tests.factories import Relay

MINUTE = timedelta(minutes=1)
BEGAN_AGO = timedelta(hours=5)


def hold(
    *, admin: User, program: Program, title: str, therapist: User, late: Patient, other: Patient, at: datetime
) -> GroupSession:
    """Hold worked example B for `late`, with another patient there in full: 154 of 180 minutes count."""
    start = (at - BEGAN_AGO).replace(second=0, microsecond=0)
    group = create_session(
        actor=admin,
        program=program,
        title=title,
        service_type=ServiceType.GROUP_THERAPY,
        facilitator=therapist,
        start=start,
        end=start + 195 * MINUTE,
        breaks=[(start + 90 * MINUTE, start + 105 * MINUTE)],
        patients=[late, other],
        at=start - 60 * MINUTE,
    )
    relay, end, came = Relay("boot-held"), start + 195 * MINUTE, start + timedelta(minutes=12, seconds=20)
    _present(relay, group, therapist, _enter(group, therapist, start), (start, end), "ended")
    room.open_session(actor=therapist, group_session_id=group.pk, at=start)
    for patient, joined in ((other, start), (late, came)):
        seat = _enter(group, patient.user, joined)
        room.admit(actor=therapist, group_session_id=group.pk, participant=patient.user_id, at=joined)
        span = (joined, start + 62 * MINUTE) if patient is late else (joined, end)
        _present(relay, group, patient.user, seat, span, "left" if patient is late else "ended")
    back = start + timedelta(minutes=63, seconds=30), start + 130 * MINUTE
    again = start + timedelta(minutes=137, seconds=10), start + 189 * MINUTE
    for span in (back, again):
        _present(relay, group, late.user, uuid.uuid4(), span, "left")
    relay.deliver(end, is_last=True)
    room.end_session(actor=therapist, group_session_id=group.pk, at=end)
    attendance.recompute(group.pk, at=end + MINUTE)
    return group


def _enter(group: GroupSession, person: User, at: datetime) -> UUID:
    connection = uuid.uuid4()
    entry = room.enter_room(
        actor=person,
        group_session_id=group.pk,
        connection=connection,
        secret_hash=f"hash-of-{connection}",
        microphone=True,
        camera=True,
        take_over=False,
        at=at,
        resume=None,
    )
    return entry.connection


def _present(
    relay: Relay, group: GroupSession, person: User, seat: UUID, span: tuple[datetime, datetime], reason: str
) -> None:
    """Witness presence in as few facts as decide it."""
    start, end = span
    relay.first_packet(group, person, seat, start)
    relay.beat(group, person, seat, start + timedelta(seconds=5))
    relay.closed(group, person, seat, end, end, reason)
