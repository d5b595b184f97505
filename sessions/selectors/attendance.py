"""Attendance as it is stored."""

from __future__ import annotations

from uuid import UUID

from sessions.models import AttendanceRecord


def attendance_of(group_session_id: UUID) -> dict[UUID, AttendanceRecord]:
    """Give the records of a session by patient; one query."""
    rows = AttendanceRecord.objects.filter(group_session=group_session_id).select_related("terms")
    return {row.patient_id: row for row in rows}


def minutes_so_far(group_session_id: UUID) -> dict[UUID, int]:
    """Give the minutes each patient has earned so far, by participant; one query.

    Whole minutes of qualified presence: what the session would credit if it ended now and is not too short to
    count.
    """
    rows = AttendanceRecord.objects.filter(group_session=group_session_id)
    return {
        user: seconds // 60 for user, seconds in rows.values_list("patient__user_id", "qualified_seconds")
    }
