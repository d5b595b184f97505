"""What a patient should know of a session's minutes beside its strip."""

from __future__ import annotations

from collections.abc import Iterator

from sessions.models import AttendanceRecord, GroupSession, SessionState
from sessions.rules.conditions.service_types import COUNTING_TYPES
from sessions.rules.conditions.terms import PartialCreditMode
from sessions.rules.crediting.status import Flag, Status
from sessions.terms import session_terms


def reasons(group_session: GroupSession, record: AttendanceRecord | None) -> tuple[str, ...]:
    """Explain a session that is over to the patient; program and terms are joined.

    What the strip says in words, which are everybody's, is not said again.
    """
    if group_session.state == SessionState.CANCELLED:
        return ("Your program cancelled this session. It does not count against you.",)
    if group_session.opened_at is None:
        return ("This session was not held. It does not count against you.",)
    if record is None:
        return ("Your minutes are being worked out.",)
    return tuple(_sentences(group_session, record))


def _sentences(group_session: GroupSession, record: AttendanceRecord) -> Iterator[str]:
    if record.status == Status.CANCELLED_BY_PROGRAM:
        yield "No clinician led this session, so it was not held. It does not count against you."
        return
    if group_session.service_type not in COUNTING_TYPES:
        yield "This kind of session does not count toward your weekly hours."
    if Flag.ADMIT_DELAY in record.flags:
        yield "You were kept waiting for more than two minutes; that is not your fault."
    yield from _thresholds(group_session, record)
    if not record.is_final:
        yield "These minutes may still change: some of the records of the connection are not in yet."


def _thresholds(group_session: GroupSession, record: AttendanceRecord) -> Iterator[str]:
    if record.credited_min or not record.qualified_seconds:
        return
    own = record.enrollment_terms
    terms = session_terms(group_session, None if own is None else own.parameters)
    if record.qualified_seconds // 60 < terms.min_credit_min:
        yield f"A session counts from {terms.min_credit_min} minutes on, so this one counts 0."
    elif terms.partial_credit_mode is PartialCreditMode.THRESHOLD:
        yield f"A session counts from {terms.min_presence_ratio:.0%} of its time on, so this one counts 0."
