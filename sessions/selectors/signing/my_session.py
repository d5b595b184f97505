"""One past session as its patient reads it: the strip, the reasons, corrections and objections."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from sessions.models import (
    AttendanceRecord,
    CorrectionOutcome,
    DisputeOutcome,
    GroupSession,
    Participation,
    RosterEntry,
)
from sessions.rules.crediting.status import Status
from sessions.rules.signing.settling import dispute_until
from sessions.rules.telling.words import STATUS_WORDS
from sessions.selectors.homes.cards import SessionCard, session_card
from sessions.selectors.homes.reasons import reasons
from sessions.selectors.homes.strips import Strip, incidents_of, strip_of_record
from sessions.selectors.signing.corrections import CorrectionRow, corrections_of
from sessions.selectors.signing.disputes import DisputeRow, disputes_of
from sessions.selectors.signing.roster import is_signed, last_sign_off
from telehealth.accounts.models import User
from telehealth.core.errors import NotFound
from telehealth.enrollment.selectors import patient_of


@dataclass(frozen=True, slots=True)
class MyCorrection:
    """A correction in the patient's eyes: what changed, why, and in which role somebody asked and decided."""

    old_min: int
    new_min: int
    reason_words: str
    narrative: str
    is_late_entry: bool
    asked_by: str
    asked_at: datetime
    outcome: CorrectionOutcome | None
    decided_by: str
    decided_at: datetime | None


@dataclass(frozen=True, slots=True)
class MyDispute:
    """An objection with the program's answer, which names a role and no person."""

    text: str
    credited_min: int
    raised_at: datetime
    outcome: DisputeOutcome | None
    answer: str
    answered_by: str
    answered_at: datetime | None


@dataclass(frozen=True, slots=True)
class MySession:
    """All the patient's page of one session shows. Of other patients it holds nothing, not even a number."""

    card: SessionCard
    zone: str
    minutes: int | None
    computed_min: int
    hours_min: int
    status_words: str
    is_final: bool
    strip: Strip | None
    why: tuple[str, ...]
    corrections: tuple[MyCorrection, ...]
    disputes: tuple[MyDispute, ...]
    signed_by: str
    signed_at: datetime | None
    is_signed: bool
    may_dispute: bool
    dispute_until: datetime | None

    @property
    def is_waiting(self) -> bool:
        """Say whether an objection waits for an answer."""
        return any(one.outcome is None for one in self.disputes)


def my_session(user: User, pk: UUID, at: datetime) -> MySession:
    """Gather a session that the patient was expected in or took part in."""
    patient = patient_of(user)
    if patient is None:
        raise NotFound
    attended = AttendanceRecord.objects.filter(group_session=OuterRef("pk"), patient=patient)
    expected = RosterEntry.objects.current().filter(group_session=OuterRef("pk"), patient=patient)
    group_session = (
        GroupSession.objects.with_people().filter(Q(Exists(attended)) | Q(Exists(expected)), pk=pk).first()
    )
    if group_session is None:
        raise NotFound("session_not_found", "There is no such session among yours.")
    record = AttendanceRecord.objects.filter(group_session=group_session, patient=patient).first()
    key = group_session.pk, patient.pk
    corrections = corrections_of([pk], patient.pk).get(key, ())
    disputes = disputes_of([pk], patient.pk).get(key, ())
    until = _dispute_until(group_session, record, corrections)
    signed = last_sign_off(pk)
    return MySession(
        card=session_card(group_session, at),
        zone=user.time_zone,
        minutes=None if record is None else record.decided_min,
        computed_min=0 if record is None else record.credited_min,
        hours_min=0 if record is None else record.decided_hours_min,
        status_words="" if record is None else STATUS_WORDS[Status(record.status)],
        is_final=record is not None and record.is_final,
        strip=None if record is None else _strip(user, group_session, record),
        why=reasons(group_session, record),
        corrections=tuple(_correction(one) for one in corrections if _concerns_the_patient(one)),
        disputes=tuple(_dispute(one) for one in disputes),
        signed_by="" if signed is None else f"{signed.signed_by.full_name}, {signed.credential}",
        signed_at=None if signed is None else signed.signed_at,
        is_signed=is_signed(group_session),
        may_dispute=until is not None and at <= until and not any(one.is_open for one in disputes),
        dispute_until=until,
    )


def _dispute_until(
    group_session: GroupSession,
    record: AttendanceRecord | None,
    corrections: tuple[CorrectionRow, ...],
) -> datetime | None:
    if record is None or not record.is_final or group_session.ended_at is None:
        return None
    decided = [one.decided_at for one in corrections if one.is_in_force and one.decided_at is not None]
    return dispute_until(group_session.ended_at, max(decided, default=None))


def _strip(user: User, group_session: GroupSession, record: AttendanceRecord) -> Strip:
    arrival = Participation.objects.filter(group_session=group_session, user=user).first()
    return strip_of_record(
        record,
        zone=user.time_zone,
        lobby_at=None if arrival is None else arrival.lobby_at,
        incidents=incidents_of([group_session.pk])[group_session.pk],
    )


def _concerns_the_patient(one: CorrectionRow) -> bool:
    """Leave out what was taken back before anybody decided: it never touched the patient's minutes."""
    return one.outcome is not CorrectionOutcome.WITHDRAWN


def _correction(one: CorrectionRow) -> MyCorrection:
    return MyCorrection(
        old_min=one.old_min,
        new_min=one.new_min,
        reason_words=one.reason_words,
        narrative=one.narrative,
        is_late_entry=one.is_late_entry,
        asked_by=one.requested_by_role,
        asked_at=one.requested_at,
        outcome=one.outcome,
        decided_by=one.decided_by_role,
        decided_at=one.decided_at,
    )


def _dispute(one: DisputeRow) -> MyDispute:
    return MyDispute(
        text=one.text,
        credited_min=one.credited_min,
        raised_at=one.raised_at,
        outcome=one.outcome,
        answer=one.answer,
        answered_by=one.answered_by_role,
        answered_at=one.answered_at,
    )
