"""Sessions that were held, told through rooms and relay facts."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sessions.models import GroupSession, ServiceType
from sessions.services import room
from sessions.services.recording import attendance
from sessions.services.scheduling.schedule import create_session
from telehealth.accounts.models import User
from tests.cast import Cast
from tests.factories import Relay, join, open_with

NEW_YORK = ZoneInfo("America/New_York")
MINUTE = timedelta(minutes=1)
MONDAY, TUESDAY = date(2026, 3, 2), date(2026, 3, 3)


def ny(clock: str, day: date = TUESDAY) -> datetime:
    """Read a New York clock."""
    return datetime.combine(day, time.fromisoformat(clock), tzinfo=NEW_YORK).astimezone(UTC)


def tuesday_group(cast: Cast, patients: Collection[User], title: str = "Tuesday group") -> GroupSession:
    """Plan the group of the worked examples: 9:00 to 12:15 with a break, so 180 minutes count."""
    return create_session(
        actor=cast.admin,
        program=cast.program,
        title=title,
        service_type=ServiceType.GROUP_THERAPY,
        facilitator=cast.therapist,
        start=ny("09:00"),
        end=ny("12:15"),
        breaks=[(ny("10:30"), ny("10:45"))],
        patients=[cast.record_of(person) for person in patients],
        at=ny("08:00"),
    )


def present(
    relay: Relay, group: GroupSession, person: User, seat: UUID, start: str, end: str, reason: str = "left"
) -> None:
    """Witness presence from one clock time to another in as few facts as decide it."""
    relay.first_packet(group, person, seat, ny(start))
    relay.beat(group, person, seat, ny(start) + timedelta(seconds=5))
    relay.closed(group, person, seat, ny(end), ny(end), reason)


def example_b(cast: Cast) -> GroupSession:
    """Hold worked example B for `cast.patient`, with another patient there in full.

    Late, one drop that is bridged, one that is not, and out early: 154 credited and 153 billable minutes.
    """
    group, other = tuesday_group(cast, [cast.patient, cast.more_patients[0]]), cast.more_patients[0]
    pk, relay = group.pk, Relay("boot-b")
    leader = join(cast, cast.therapist, ny("08:58"), group_session=group)
    present(relay, group, cast.therapist, leader.connection, "08:58", "12:15", "ended")
    room.open_session(actor=cast.therapist, group_session_id=pk, at=ny("09:00"))
    for person, clock in ((other, "09:00"), (cast.patient, "09:12:20")):
        entry = join(cast, person, ny(clock), group_session=group)
        room.admit(actor=cast.therapist, group_session_id=pk, participant=person.pk, at=ny(clock))
        if person == other:
            present(relay, group, person, entry.connection, clock, "12:15", "ended")
        else:
            present(relay, group, person, entry.connection, clock, "10:02")
    for start, end in (("10:03:30", "11:10:00"), ("11:17:10", "12:09:00")):
        present(relay, group, cast.patient, uuid.uuid4(), start, end)
    relay.deliver(ny("12:15"), is_last=True)
    room.end_session(actor=cast.therapist, group_session_id=pk, at=ny("12:15"))
    attendance.recompute(pk, at=ny("12:16"))
    return group


def held_without(cast: Cast, absent: User) -> GroupSession:
    """Hold a group on the day before, in which nobody but the clinician was: the patient did not come."""
    start, end = ny("09:00", MONDAY), ny("10:00", MONDAY)
    group = create_session(
        actor=cast.admin,
        program=cast.program,
        title="Missed group",
        service_type=ServiceType.GROUP_THERAPY,
        facilitator=cast.therapist,
        start=start,
        end=end,
        patients=[cast.record_of(absent)],
        at=start,
    )
    relay, seat = Relay(f"boot-{group.pk}"), join(cast, cast.therapist, start, group_session=group)
    relay.present(group, cast.therapist, seat.connection, start, end, reason="ended")
    room.open_session(actor=cast.therapist, group_session_id=group.pk, at=start)
    relay.deliver(end, is_last=True)
    room.end_session(actor=cast.therapist, group_session_id=group.pk, at=end)
    attendance.recompute(group.pk, at=end + MINUTE)
    return group


def running(cast: Cast, *, minutes: int = 20) -> tuple[datetime, Relay]:
    """Run the cast's own group with its patient in the room, known up to `minutes` after the start."""
    start = cast.group_session.scheduled_start
    entries, relay, known = open_with(cast, cast.patient, at=start), Relay(), start + minutes * MINUTE
    for person, entry in entries.items():
        relay.first_packet(cast.group_session, person, entry.connection, start)
        relay.beat(cast.group_session, person, entry.connection, known)
    relay.deliver(known, as_of=known)
    attendance.recompute_due(at=known)
    return known, relay
