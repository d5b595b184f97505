"""A month with several held sessions, told through the room and the relay's journal."""

from __future__ import annotations

import uuid
from datetime import timedelta

from sessions.models import ServiceType
from sessions.services import room
from sessions.services.recording import attendance
from sessions.services.scheduling import schedule
from tests.cast import Cast
from tests.factories import Relay, join

HOUR = timedelta(hours=1)


def fill_month(cast: Cast, *, sessions: int) -> None:
    """Hold an hour on each of so many days, attended in full by two patients."""
    people = (cast.patient, cast.more_patients[0])
    for number in range(1, sessions + 1):
        start = cast.at + timedelta(days=number, hours=4)
        group = schedule.create_session(
            actor=cast.admin,
            program=cast.program,
            title=f"Hour {number}",
            service_type=ServiceType.GROUP_THERAPY,
            facilitator=cast.covering_therapist,
            start=start,
            end=start + HOUR,
            patients=[cast.record_of(one) for one in people],
            at=cast.at,
        )
        relay = Relay(f"boot-{number}")
        leader = join(cast, cast.covering_therapist, start, group_session=group)
        relay.present(group, cast.covering_therapist, leader.connection, start, start + HOUR, reason="ended")
        room.open_session(actor=cast.covering_therapist, group_session_id=group.pk, at=start)
        for one in people:
            join(cast, one, start, group_session=group)
            room.admit(actor=cast.covering_therapist, group_session_id=group.pk, participant=one.pk, at=start)
            relay.present(group, one, uuid.uuid4(), start, start + HOUR)
        relay.deliver(start + HOUR, is_last=True)
        room.end_session(actor=cast.covering_therapist, group_session_id=group.pk, at=start + HOUR)
        attendance.recompute(group.pk, at=start + HOUR + timedelta(minutes=1))
