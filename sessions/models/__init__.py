"""Models of the group-session domain, one aggregate a file."""

from .attendance import AttendanceRecord
from .presence import FactCursor, Participation, ParticipationState, PresenceEvent
from .roster import RosterEntry
from .series import SeriesMember, SessionSeries
from .session import GroupSession, ServiceType, SessionState

__all__ = [
    "AttendanceRecord",
    "FactCursor",
    "GroupSession",
    "Participation",
    "ParticipationState",
    "PresenceEvent",
    "RosterEntry",
    "SeriesMember",
    "ServiceType",
    "SessionSeries",
    "SessionState",
]
