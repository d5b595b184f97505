"""Why weeks ended below their targets, by cause."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sessions.models import AbsenceKind, AttendanceRecord, GroupSession, RosterEntry
from sessions.rules.crediting.status import Status
from sessions.rules.crediting.timeline import PieceKind
from sessions.rules.weekly.shortfall import LossCause, Losses, session_losses, shortfall_split
from sessions.rules.weekly.weeks import WeekRow
from sessions.selectors.weekly.absences import newest_kinds
from sessions.selectors.weekly.weeks import Week, planned_minutes
from telehealth.programs.models import Program

_NOT_DELIVERED = frozenset({PieceKind.BREAK, PieceKind.NO_FACILITATOR})


def shortfall_splits(
    program: Program, rows: Mapping[UUID, WeekRow], week: Week
) -> dict[UUID, dict[LossCause, int]]:
    """Divide the deficits of a week that is over, by patient; four queries whatever their number.

    What a session delivered is read from the patient's own timeline: where a patient was away while no
    clinician was there, the absence is named.
    """
    if not rows:
        return {}
    sessions = {
        one.pk: one
        for one in GroupSession.objects.with_people()
        .filter(program=program)
        .serving_between(*week.span)
        .listing(list(rows))
    }
    entries = RosterEntry.objects.evidential().filter(
        group_session__in=list(sessions), patient__in=list(rows)
    )
    records = {
        (one.group_session_id, one.patient_id): one
        for one in AttendanceRecord.objects.filter(group_session__in=list(sessions), patient__in=list(rows))
    }
    kinds = newest_kinds(key for key, record in records.items() if record.status == Status.NO_SHOW)
    planned: defaultdict[UUID, int] = defaultdict(int)
    losses: defaultdict[UUID, list[Losses]] = defaultdict(list)
    for session_id, patient_id in entries.values_list("group_session_id", "patient_id"):
        minutes = planned_minutes(sessions[session_id])
        record = records.get((session_id, patient_id))
        planned[patient_id] += minutes
        losses[patient_id].append(_losses(minutes, record, kinds.get((session_id, patient_id))))
    return {
        patient_id: shortfall_split(
            target_min=row.target_min,
            hours_min=row.hours_min,
            planned_min=planned[patient_id],
            losses=losses[patient_id],
        )
        for patient_id, row in rows.items()
    }


def _losses(planned_min: int, record: AttendanceRecord | None, kind: AbsenceKind | None) -> Losses:
    # Cancelled, or never held: the program delivered nothing of it.
    is_absent = record is not None and record.status == Status.NO_SHOW
    return session_losses(
        planned_min=planned_min,
        delivered_min=0 if record is None else _delivered_min(record.timeline),
        hours_min=0 if record is None else record.decided_hours_min,
        is_absent=is_absent,
        is_excused=is_absent and kind is AbsenceKind.EXCUSED,
    )


def _delivered_min(timeline: Iterable[Mapping[str, Any]]) -> int:  # Any: JSON as it is stored
    seconds = 0.0
    for piece in timeline:
        if piece["kind"] not in _NOT_DELIVERED:
            start, end = (datetime.fromisoformat(piece[edge]) for edge in ("from", "to"))
            seconds += (end - start).total_seconds()
    return int(seconds // 60)
