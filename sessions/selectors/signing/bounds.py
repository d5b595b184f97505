"""How many minutes a correction may give one patient in one session."""

from __future__ import annotations

from sessions.models import AttendanceRecord
from sessions.rules.signing.settling import Bounds, OtherCredit, bounds


def bounds_of(record: AttendanceRecord) -> Bounds:
    """Give the most minutes for a record whose session is joined; one query.

    Looks at the patient's other sessions of all programs: nobody is treated twice at one time.
    """
    group_session = record.group_session
    start, end = group_session.opened_at, group_session.ended_at
    if start is None or end is None:
        return Bounds(0, 0)
    others = (
        AttendanceRecord.objects.filter(patient=record.patient_id)
        .exclude(group_session=group_session)
        .filter(group_session__opened_at__lt=end, group_session__ended_at__gt=start)
    )
    return bounds(
        record.timeline,
        [
            OtherCredit(other.timeline, is_raised=other.decided_min > other.credited_min)
            for other in others
            if other.decided_min
        ],
    )
