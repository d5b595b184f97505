"""Reads of the session domain: frozen read models, scoped by the account that asks."""

from sessions.selectors.admin import (
    SessionFilters,
    patient_sessions,
    series_detail,
    session_detail,
    session_list,
)
from sessions.selectors.auditing.audit import session_audit
from sessions.selectors.homes.live import patient_live
from sessions.selectors.homes.patient import patient_home
from sessions.selectors.homes.staff import live_roster, therapist_home
from sessions.selectors.ledger.attendance import attendance_of, minutes_so_far
from sessions.selectors.ledger.evidence import evidence_for_patients, evidence_for_session
from sessions.selectors.room import held_connections, room_names, room_snapshot
from sessions.selectors.scope import get_series_for, get_session_for, join_decision, sessions_for
from sessions.selectors.weekly.weeks import week_at, week_of, weeks_of

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
