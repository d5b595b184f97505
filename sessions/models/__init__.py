"""Models of the group-session domain, one aggregate a file."""

from .absence import (
    AbsenceDecision,
    AbsenceKind,
    AbsenceReason,
    OutreachAttempt,
    OutreachChannel,
    OutreachOutcome,
)
from .attendance import AttendanceRecord
from .correction import (
    Correction,
    CorrectionDecision,
    CorrectionOutcome,
    CorrectionReason,
    Dispute,
    DisputeAnswer,
    DisputeOutcome,
)
from .incident import Incident, IncidentKind
from .presence import FactCursor, MediaState, Participation, ParticipationState, PresenceEvent, RoomRole
from .roster import RosterEntry
from .series import SeriesMember, SessionSeries
from .session import LOBBY_OPENS_BEFORE, GroupSession, RosterState, ServiceType, SessionState
from .signoff import SignerCapacity, SignOff

__all__ = [
    "LOBBY_OPENS_BEFORE",
    "AbsenceDecision",
    "AbsenceKind",
    "AbsenceReason",
    "AttendanceRecord",
    "Correction",
    "CorrectionDecision",
    "CorrectionOutcome",
    "CorrectionReason",
    "Dispute",
    "DisputeAnswer",
    "DisputeOutcome",
    "FactCursor",
    "GroupSession",
    "Incident",
    "IncidentKind",
    "MediaState",
    "OutreachAttempt",
    "OutreachChannel",
    "OutreachOutcome",
    "Participation",
    "ParticipationState",
    "PresenceEvent",
    "RoomRole",
    "RosterEntry",
    "RosterState",
    "SeriesMember",
    "ServiceType",
    "SessionSeries",
    "SessionState",
    "SignOff",
    "SignerCapacity",
]
