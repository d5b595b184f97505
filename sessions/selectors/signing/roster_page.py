"""The clinician's roster of one session: what each patient is credited with, and who vouches for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sessions.models import (
    AttendanceRecord,
    GroupSession,
    Incident,
    IncidentKind,
    RosterState,
    SessionState,
    SignerCapacity,
    SignOff,
)
from sessions.policies import can_answer_dispute, can_attest, can_request_correction
from sessions.rules.crediting.status import Flag, Status
from sessions.rules.signing.settling import ATTEST_DUE_AFTER, is_overdue
from sessions.rules.telling.words import FLAG_WORDS, STATUS_WORDS
from sessions.selectors.homes.cards import SessionCard, session_card
from sessions.selectors.homes.strips import Strip, strips_of
from sessions.selectors.ledger.facts import waiting_for
from sessions.selectors.scope import get_session_for
from sessions.selectors.signing.corrections import CorrectionRow, corrections_of
from sessions.selectors.signing.disputes import DisputeRow, disputes_of
from sessions.selectors.signing.roster import STATEMENT, is_signed, leaders_of, roster_document, roster_hash
from telehealth.accounts.models import User
from telehealth.accounts.roles import Role
from telehealth.core.decision import Decision
from telehealth.core.errors import NotFound

READERS = (Role.THERAPIST, Role.CASE_MANAGER, Role.PROGRAM_ADMIN)

SHORT_HASH = 12


@dataclass(frozen=True, slots=True)
class RosterLine:
    """One patient: what was computed, what stands now, and everything people said about it."""

    patient_id: UUID
    name: str
    record_number: str
    status: str
    status_words: str
    flags: tuple[tuple[str, str], ...]
    computed_min: int
    decided_min: int
    billable_min: int
    hours_min: int
    is_adjusted: bool
    strip: Strip
    corrections: tuple[CorrectionRow, ...]
    disputes: tuple[DisputeRow, ...]

    @property
    def pending(self) -> CorrectionRow | None:
        """Give the correction that waits for a decision."""
        return next((one for one in self.corrections if one.is_pending), None)

    @property
    def open_dispute(self) -> DisputeRow | None:
        """Give the objection that waits for an answer."""
        return next((one for one in self.disputes if one.is_open), None)


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature under the roster. `is_in_force` says that it covers the roster as it stands."""

    number: int
    name: str
    credential: str
    capacity_words: str
    statement: str
    signed_at: datetime
    method: str
    roster_hash: str
    is_in_force: bool

    @property
    def short_hash(self) -> str:
        """Give as much of the hash as people compare."""
        return self.roster_hash[:SHORT_HASH]


@dataclass(frozen=True, slots=True)
class IncidentRow:
    """Something that failed on our side while the session ran."""

    words: str
    began_at: datetime
    ended_at: datetime
    participants: int


@dataclass(frozen=True, slots=True)
class RosterPage:
    """All the roster page and the signing page show. `shown_hash` is of the rows as they stand.

    `waits_for` says what keeps the minutes from being final, `blocker` why the roster cannot be signed now,
    whoever asks.
    """

    card: SessionCard
    lines: tuple[RosterLine, ...]
    incidents: tuple[IncidentRow, ...]
    signatures: tuple[Signature, ...]
    state: RosterState
    is_signed: bool
    locked_at: datetime | None
    is_final: bool
    as_of: datetime | None
    waits_for: str
    due_at: datetime | None
    is_overdue: bool
    statement: str
    shown_hash: str
    blocker: str
    capacity: SignerCapacity
    may_sign: Decision
    may_correct: Decision
    may_answer: Decision
    strip_start: datetime | None
    strip_end: datetime | None

    @property
    def short_hash(self) -> str:
        """Give as much of the hash as people compare."""
        return self.shown_hash[:SHORT_HASH]

    @property
    def is_signable(self) -> bool:
        """Say whether the reader could sign now."""
        return bool(self.may_sign) and not self.blocker


def roster_page(user: User, pk: UUID, at: datetime) -> RosterPage:
    """Gather the roster of a session of the reader's programs.

    The number of queries does not grow with patients.
    """
    group_session = get_session_for(user, pk, at)
    if user.role_enum not in READERS:
        raise NotFound
    records = list(
        AttendanceRecord.objects.filter(group_session=group_session)
        .select_related("patient__user")
        .order_by("patient__user__family_name", "patient__user__given_name", "patient_id")
    )
    leaders, waiting = leaders_of(pk), waiting_for(group_session, at)
    strips = strips_of(group_session, zone=user.time_zone)
    lines = _lines(group_session, records, strips)
    signatures = _signatures(group_session)
    is_final = bool(records) and not group_session.is_attendance_due and all(one.is_final for one in records)
    ended_at = group_session.ended_at
    signed = bool(signatures) and signatures[-1].is_in_force
    starts = [one.strip.start for one in lines if one.strip.start]
    ends = [one.strip.end for one in lines if one.strip.end]
    return RosterPage(
        card=session_card(group_session, at),
        lines=lines,
        incidents=_incidents(group_session),
        signatures=signatures,
        state=group_session.roster_state_enum,
        is_signed=signed,
        locked_at=group_session.locked_at,
        is_final=is_final,
        as_of=min((one.as_of for one in records), default=None),
        waits_for="" if waiting is None else waiting.words,
        due_at=None if ended_at is None else ended_at + ATTEST_DUE_AFTER,
        is_overdue=ended_at is not None and not signed and is_overdue(ended_at, at),
        statement=STATEMENT,
        shown_hash=roster_hash(roster_document(group_session)),
        blocker=_blocker(group_session, lines, is_final=is_final, signed=signed),
        capacity=(
            SignerCapacity.OF_RECORD if user.pk == group_session.facilitator_id else SignerCapacity.COVERING
        ),
        may_sign=can_attest(user, group_session, leaders=leaders, at=at),
        may_correct=can_request_correction(user, group_session, leaders=leaders, at=at),
        may_answer=can_answer_dispute(user, group_session, leaders=leaders, at=at),
        strip_start=min(starts, default=None),
        strip_end=max(ends, default=None),
    )


def _lines(
    group_session: GroupSession, records: list[AttendanceRecord], strips: Mapping[UUID, Strip]
) -> tuple[RosterLine, ...]:
    corrections = corrections_of([group_session.pk])
    disputes = disputes_of([group_session.pk])
    return tuple(
        RosterLine(
            patient_id=row.patient_id,
            name=row.patient.user.full_name,
            record_number=row.patient.record_number,
            status=row.status,
            status_words=STATUS_WORDS[Status(row.status)],
            flags=tuple((str(flag), FLAG_WORDS[Flag(flag)]) for flag in row.flags),
            computed_min=row.credited_min,
            decided_min=row.decided_min,
            billable_min=row.decided_billable_min,
            hours_min=row.decided_hours_min,
            is_adjusted=row.adjusted_min is not None,
            strip=strips[row.patient_id],
            corrections=corrections.get((group_session.pk, row.patient_id), ()),
            disputes=disputes.get((group_session.pk, row.patient_id), ()),
        )
        for row in records
    )


def _signatures(group_session: GroupSession) -> tuple[Signature, ...]:
    rows = list(
        SignOff.objects.filter(group_session=group_session).select_related("signed_by").order_by("number")
    )
    holds = is_signed(group_session)
    return tuple(
        Signature(
            number=row.number,
            name=row.signed_by.full_name,
            credential=row.credential,
            capacity_words=SignerCapacity(row.capacity).label,
            statement=row.statement,
            signed_at=row.signed_at,
            method=row.authentication_method,
            roster_hash=row.roster_hash,
            is_in_force=holds and row is rows[-1],
        )
        for row in rows
    )


def _incidents(group_session: GroupSession) -> tuple[IncidentRow, ...]:
    rows = Incident.objects.filter(group_session=group_session).order_by("began_at", "pk")
    return tuple(
        IncidentRow(IncidentKind(row.kind).label, row.began_at, row.ended_at, row.participants)
        for row in rows
    )


def _blocker(
    group_session: GroupSession, lines: tuple[RosterLine, ...], *, is_final: bool, signed: bool
) -> str:
    if group_session.state == SessionState.CANCELLED:
        return "The session was cancelled: there is nothing to sign."
    if group_session.state != SessionState.ENDED:
        return "The roster is signed when the session is over."
    if not lines:
        return "No patient has attendance in this session."
    if not is_final:
        return "The minutes are not final yet."
    if any(line.pending for line in lines):
        return "A correction waits for a decision. The roster can be signed when it is decided."
    return "This roster is signed as it stands." if signed else ""
