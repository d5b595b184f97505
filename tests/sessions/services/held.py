"""Held, missed and coming sessions with what they credited, written down without rooms or relays."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from sessions.models import AttendanceRecord, GroupSession, RosterEntry, SessionState
from sessions.services.scheduling.schedule import create_session
from telehealth.accounts.models import User
from tests.cast import Cast

HOURS = timedelta(hours=3)


def plan(cast: Cast, day: date, *people: User, hour: int = 9, title: str = "Group") -> GroupSession:
    """Plan a group of three hours on a day of New York."""
    start = datetime.combine(day, time(hour), tzinfo=cast.program.zone).astimezone(UTC)
    return create_session(
        actor=cast.admin,
        program=cast.program,
        title=title,
        service_type="group_therapy",  # type: ignore[arg-type]  # its value, as a form would send it
        facilitator=cast.therapist,
        start=start,
        end=start + HOURS,
        patients=[cast.record_of(person) for person in people],
        at=cast.at - timedelta(days=29),
    )


def hold(group_session: GroupSession, **minutes_of: int) -> GroupSession:
    """End a session as planned; `minutes_of` maps the first part of an address to credited minutes."""
    start, end = group_session.scheduled_start, group_session.scheduled_end
    GroupSession.objects.filter(pk=group_session.pk).update(
        state=SessionState.ENDED, opened_at=start, ended_at=end, is_attendance_due=False
    )
    entries = RosterEntry.objects.filter(group_session=group_session).select_related("patient__user")
    for entry in entries:
        credited = minutes_of.get(entry.patient.user.email.split("@")[0], 0)
        AttendanceRecord.objects.create(
            group_session=group_session,
            patient=entry.patient,
            service_date=group_session.program.date_at(start),
            qualified_seconds=credited * 60,
            strict_seconds=credited * 60,
            credited_min=credited,
            billable_min=credited,
            hours_min=credited,
            ratio=1 if credited else 0,
            status="PRESENT" if credited else "NO_SHOW",
            timeline=[
                {
                    "from": start.isoformat(),
                    "to": end.isoformat(),
                    "kind": "credited" if credited else "absent",
                }
            ],
            terms=group_session.terms,
            chain_head="0" * 64,
            as_of=end,
            is_final=True,
            computed_at=end,
        )
    group_session.refresh_from_db()
    return group_session
