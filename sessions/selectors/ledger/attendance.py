"""Attendance as it is stored."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sessions.models import AttendanceRecord
from sessions.rules.crediting.status import Status
from sessions.rules.telling.strip import StripKind

HELD_BACK_SECONDS = 10
"""What may still be taken back from somebody who is there: presence ends at the last packet before a silence,
and a silence is known after so long."""


@dataclass(frozen=True, slots=True)
class Minutes:
    """A patient's minutes of one session: so far while it runs, and final once all facts are in."""

    participant: UUID
    minutes: int
    as_of: datetime
    is_final: bool


def attendance_of(group_session_id: UUID) -> dict[UUID, AttendanceRecord]:
    """Give the records of a session by patient; one query."""
    rows = AttendanceRecord.objects.filter(group_session=group_session_id).select_related("terms")
    return {row.patient_id: row for row in rows}


def minutes_of(group_session_ids: Collection[UUID]) -> dict[tuple[UUID, UUID], Minutes]:
    """Give the minutes of some sessions by session and patient; one query."""
    rows = AttendanceRecord.objects.filter(group_session__in=list(group_session_ids))
    return {
        (row.group_session_id, row.patient_id): Minutes(
            row.patient.user_id, shown_minutes(row), row.as_of, row.is_final
        )
        for row in rows.select_related("patient")
    }


def minutes_so_far(group_session_id: UUID) -> dict[UUID, int]:
    """Give the minutes each patient has earned so far, by participant; one query.

    Whole minutes of qualified presence: what the session would credit if it ended now and is not too short to
    count.
    """
    return {each.participant: each.minutes for each in minutes_of([group_session_id]).values()}


def shown_minutes(record: AttendanceRecord) -> int:
    """Give the whole minutes a screen may show: while somebody is there, none that could be taken back.

    A number that goes 42, 41, 42 because a connection was silent for a moment helps nobody: a minute shows
    once it stands. What is judged anew (a camera off for longer than tolerated) does lower it. Once the
    session is over, what was decided is shown.
    """
    if record.status not in (Status.IN_PROGRESS, Status.EXPECTED):
        return record.decided_min
    last = record.timeline[-1] if record.timeline else None
    is_there = last is not None and StripKind(last["kind"]).counts and _is_near(last["to"], record.as_of)
    return max(record.qualified_seconds - (HELD_BACK_SECONDS if is_there else 0), 0) // 60


def _is_near(text: str, as_of: datetime) -> bool:
    return abs(datetime.fromisoformat(text) - as_of) <= timedelta(seconds=1)
