"""Why a session counted what it counted, in words for the patient."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sessions.models import AttendanceRecord, GroupSession, SessionState
from sessions.rules.service_types import COUNTING_TYPES
from sessions.rules.status import Flag, Status
from sessions.rules.terms import PartialCreditMode
from sessions.rules.timeline import PieceKind
from sessions.rules.words import in_words
from sessions.selectors.weeks import planned_minutes
from sessions.terms import session_terms

_PIECES = {
    PieceKind.BREAK: "break, which does not count",
    PieceKind.OVERLAP: "already counted in another session",
    PieceKind.ABSENT: "you were not in the room",
    PieceKind.NO_FACILITATOR: "no clinician was in the room, so it does not count for anybody",
    PieceKind.EXCLUDED_MODALITY: "your camera was off, and this session counts with a camera only",
    PieceKind.BRIDGED: "your connection dropped shortly; it counts toward your hours all the same",
}
_FLAGS = {
    Flag.LATE: "You came after the start.",
    Flag.ADMIT_DELAY: "You were kept waiting for more than two minutes; that is not your fault.",
    Flag.EARLY_LEAVE: "You left before the end.",
}


def reasons(group_session: GroupSession, record: AttendanceRecord | None, zone: str) -> tuple[str, ...]:
    """Explain a session that is over to the patient, times in `zone`; program and terms are joined."""
    if group_session.state == SessionState.CANCELLED:
        return ("Your program cancelled this session. It does not count against you.",)
    if group_session.opened_at is None:
        return ("This session was not held. It does not count against you.",)
    if record is None:
        return ("Your minutes are being worked out.",)
    return tuple(_sentences(group_session, record, ZoneInfo(zone)))


def _sentences(group_session: GroupSession, record: AttendanceRecord, zone: ZoneInfo) -> Iterator[str]:
    if record.status == Status.CANCELLED_BY_PROGRAM:
        yield "No clinician led this session, so it was not held. It does not count against you."
        return
    if group_session.service_type not in COUNTING_TYPES:
        yield "This kind of session does not count toward your weekly hours."
    else:
        yield f"{planned_minutes(group_session)} minutes of this session were planned to count."
    if record.status == Status.NO_SHOW:
        yield "You were not in the room."
    else:
        yield (
            f"You were in the room for {in_words(record.qualified_seconds)} that count. "
            f"Whole minutes are counted, so that is {record.qualified_seconds // 60}."
        )
        yield from _pieces(record, zone)
        yield from (_FLAGS[Flag(flag)] for flag in record.flags if flag in _FLAGS)
    yield from _thresholds(group_session, record)
    if not record.is_final:
        yield "These minutes may still change: some of the records of the connection are not in yet."


def _pieces(record: AttendanceRecord, zone: ZoneInfo) -> Iterator[str]:
    for piece in record.timeline:
        if piece["kind"] == PieceKind.CREDITED:
            continue
        start, end = (datetime.fromisoformat(piece[edge]).astimezone(zone) for edge in ("from", "to"))
        length = in_words(int((end - start) / timedelta(seconds=1)))
        yield f"{_clock(start)} to {_clock(end)} ({length}): {_PIECES[PieceKind(piece['kind'])]}."


def _thresholds(group_session: GroupSession, record: AttendanceRecord) -> Iterator[str]:
    if record.credited_min or not record.qualified_seconds:
        return
    terms = session_terms(group_session)
    if record.qualified_seconds // 60 < terms.min_credit_min:
        yield f"A session counts from {terms.min_credit_min} minutes on, so this one counts 0."
    elif terms.partial_credit_mode is PartialCreditMode.THRESHOLD:
        yield f"A session counts from {terms.min_presence_ratio:.0%} of its time on, so this one counts 0."


def _clock(at: datetime) -> str:
    return f"{at.hour % 12 or 12}:{at:%M:%S} {at:%p}"
