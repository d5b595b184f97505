"""Reads of the session domain: frozen read models, scoped by the account that asks."""

from .admin import SessionFilters, patient_sessions, series_detail, session_detail, session_list
from .attendance import attendance_of, minutes_so_far
from .audit import session_audit
from .evidence import evidence_for_patients, evidence_for_session
from .live import patient_live
from .patient import patient_home
from .room import held_connections, room_names, room_snapshot
from .scope import get_series_for, get_session_for, join_decision, sessions_for
from .staff import live_roster, therapist_home
from .weeks import week_at, week_of, weeks_of

__all__ = [
    "SessionFilters",
    "attendance_of",
    "evidence_for_patients",
    "evidence_for_session",
    "get_series_for",
    "get_session_for",
    "held_connections",
    "join_decision",
    "live_roster",
    "minutes_so_far",
    "patient_home",
    "patient_live",
    "patient_sessions",
    "room_names",
    "room_snapshot",
    "series_detail",
    "session_audit",
    "session_detail",
    "session_list",
    "sessions_for",
    "therapist_home",
    "week_at",
    "week_of",
    "weeks_of",
]
