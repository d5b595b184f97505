"""The result as JSON, version 1."""

from typing import TypeAlias

from sessions.rules.crediting.credit import PatientResult, Result, SessionResult
from sessions.rules.crediting.timeline import Piece
from sessions.rules.time.instants import format_instant
from sessions.rules.weekly.weeks import DayRow, WeekRow, round_ratio

VERSION = 1

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"


def to_json(result: Result) -> dict[str, Json]:
    """Write a whole result."""
    return {
        "version": VERSION,
        "sessions": [session_to_json(session) for session in result.sessions],
        "days": [day_to_json(day) for day in result.days],
        "weeks": [week_to_json(week) for week in result.weeks],
    }


def session_to_json(session: SessionResult) -> dict[str, Json]:
    """Write one session with its patients."""
    return {
        "id": session.id,
        "service_date": session.service_date.isoformat(),
        "window": None if session.window is None else [format_instant(edge) for edge in session.window],
        "delivered_seconds": session.delivered_seconds,
        "patients": [patient_to_json(patient) for patient in session.patients],
    }


def patient_to_json(patient: PatientResult) -> dict[str, Json]:
    """Write one patient of a session."""
    return {
        "id": patient.id,
        "qualified_seconds": patient.qualified_seconds,
        "strict_seconds": patient.strict_seconds,
        "credited_min": patient.credited_min,
        "billable_min": patient.billable_min,
        "hours_min": patient.hours_min,
        # Rounded exactly; a float of four places prints as those four places.
        "ratio": float(round_ratio(patient.ratio)),
        "status": str(patient.status),
        "flags": [str(flag) for flag in patient.flags],
        "units": dict(patient.units),
        "timeline": [piece_to_json(piece) for piece in patient.timeline],
    }


def piece_to_json(piece: Piece) -> dict[str, Json]:
    """Write one piece of a timeline."""
    return {
        "from": format_instant(piece.start),
        "to": format_instant(piece.end),
        "kind": str(piece.kind),
    }


def day_to_json(day: DayRow) -> dict[str, Json]:
    """Write one day of a patient."""
    return {
        "patient": day.patient,
        "service_date": day.service_date.isoformat(),
        "billable_min": day.billable_min,
        "per_diem": day.per_diem,
    }


def week_to_json(week: WeekRow) -> dict[str, Json]:
    """Write one week of a patient."""
    return {
        "patient": week.patient,
        "week_start": week.week_start.isoformat(),
        "target_min": week.target_min,
        "hours_min": week.hours_min,
        "remaining_min": week.remaining_min,
        "days": week.days,
        "flag": str(week.flag),
        "deficit_min": week.deficit_min,
        "also": [str(note) for note in week.also],
        "partial": week.partial,
    }
