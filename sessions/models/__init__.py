"""Models of the group-session domain, one aggregate a file."""

from .attendance import AttendanceRecord
from .presence import FactCursor, MediaState, Participation, ParticipationState, PresenceEvent, RoomRole
from .roster import RosterEntry
from .series import SeriesMember, SessionSeries
from .session import LOBBY_OPENS_BEFORE, GroupSession, ServiceType, SessionState

__all__ = [
    "LOBBY_OPENS_BEFORE",
    "AttendanceRecord",
    "FactCursor",
    "GroupSession",
    "MediaState",
    "Participation",
    "ParticipationState",
    "PresenceEvent",
    "RoomRole",
    "RosterEntry",
    "SeriesMember",
    "ServiceType",
    "SessionSeries",
    "SessionState",
]
