"""Reads of many patients' attendance at the desk: one event each, with what was asked for and how many."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sessions.selectors.weekly.absences import (
    AbsenceFilters,
    AbsenceList,
    AbsencePage,
    absence_list,
    absence_page,
)
from sessions.selectors.weekly.board import week_board
from sessions.selectors.weekly.board_shapes import BoardFilters, WeekBoard
from sessions.selectors.weekly.outreach import OutreachList, outreach_list
from telehealth.accounts.models import User
from telehealth.audit import services as audit
from telehealth.audit.actions import AuditAction
from telehealth.enrollment.selectors import get_patient_for


def view_week_board(*, actor: User, filters: BoardFilters, at: datetime) -> WeekBoard:
    """Gather the week board."""
    board = week_board(actor, filters, at)
    audit.record(
        AuditAction.WEEK_BOARD_VIEWED,
        actor=actor,
        subject=board.program,
        at=at,
        data={
            "week": board.week.first_day.isoformat() if board.week else None,
            "track": _id(filters.track_id),
            "therapist": _id(filters.therapist_id),
            "flag": filters.flag if any(one.flag == filters.flag for one in board.counts) else "",
            "page": board.page,
            "patients": len(board.rows),
        },
    )
    return board


def view_absences(*, actor: User, filters: AbsenceFilters, at: datetime) -> AbsenceList:
    """Gather the list of missed sessions."""
    found = absence_list(actor, filters, at)
    audit.record(
        AuditAction.ATTENDANCE_VIEWED,
        actor=actor,
        subject=None,
        at=at,
        data={
            "list": "absences",
            "from": found.from_on.isoformat(),
            "to": found.to_on.isoformat(),
            "program": _id(filters.program_id),
            "rows": len(found.rows),
        },
    )
    return found


def view_absence(*, actor: User, group_session_id: UUID, patient_id: UUID, at: datetime) -> AbsencePage:
    """Gather one absence with its decisions."""
    page = absence_page(actor, group_session_id, patient_id, at)
    audit.record(
        AuditAction.ATTENDANCE_VIEWED,
        actor=actor,
        subject=get_patient_for(actor, patient_id, at),
        at=at,
        data={"absence_in": str(group_session_id)},
    )
    return page


def view_outreach(*, actor: User, at: datetime) -> OutreachList:
    """Gather the outreach list."""
    found = outreach_list(actor, at)
    audit.record(
        AuditAction.ATTENDANCE_VIEWED,
        actor=actor,
        subject=None,
        at=at,
        data={"list": "outreach", "rows": len(found.due) + len(found.settled)},
    )
    return found


def _id(value: UUID | None) -> str | None:
    return None if value is None else str(value)
