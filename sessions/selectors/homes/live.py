"""What changes on the patient's home by itself: where they are, and the minutes so far."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sessions.models import AttendanceRecord, GroupSession, Participation, ParticipationState, SessionState
from sessions.selectors.homes.cards import SessionCard, session_card
from sessions.selectors.ledger.attendance import shown_minutes
from telehealth.accounts.models import User
from telehealth.core.errors import NotFound
from telehealth.enrollment.selectors import patient_of

JUST_NOW = timedelta(hours=1)
"""How long a session that ended stands among what goes on, until its minutes are final and a while after."""


@dataclass(frozen=True, slots=True)
class LiveSession:
    """A session that runs, or ended just now: where the patient is and the minutes so far.

    `state` is None for who never came; `minutes` are None before anything was computed.
    """

    card: SessionCard
    state: ParticipationState | None
    minutes: int | None
    as_of: datetime | None
    is_final: bool


@dataclass(frozen=True, slots=True)
class PatientLive:
    """What changes on the patient's home by itself. `is_settled` says that nothing will soon."""

    zone: str
    sessions: tuple[LiveSession, ...]
    is_settled: bool

    @property
    def as_of(self) -> datetime | None:
        """Give up to when the oldest of its minutes are known."""
        return min((one.as_of for one in self.sessions if one.as_of is not None), default=None)


def patient_live(user: User, at: datetime) -> PatientLive:
    """Gather what changes on a patient's home by itself; four queries."""
    patient = patient_of(user)
    if patient is None:
        raise NotFound
    sessions = (
        GroupSession.objects.on_roster_of(user)
        .filter(scheduled_end__gte=at - timedelta(days=1), scheduled_start__lte=at + timedelta(days=1))
        .with_people()
        .order_by("scheduled_start", "pk")
    )
    cards = [session_card(one, at) for one in sessions]
    here = {"group_session__in": [card.id for card in cards]}
    places = {place.group_session_id: place for place in Participation.objects.filter(user=user, **here)}
    records = {row.group_session_id: row for row in AttendanceRecord.objects.filter(patient=patient, **here)}
    return live_of(user, cards, places, records, at)


def live_of(
    user: User,
    cards: Iterable[SessionCard],
    places: Mapping[UUID, Participation],
    records: Mapping[UUID, AttendanceRecord],
    at: datetime,
) -> PatientLive:
    """Pick what runs or ended just now out of a patient's sessions."""
    cards = list(cards)
    now = tuple(
        _live_session(card, places.get(card.id), records.get(card.id))
        for card in cards
        if card.state is SessionState.OPEN or (card.ended_at is not None and at - card.ended_at < JUST_NOW)
    )
    is_settled = all(one.is_final for one in now) and not any(card.is_lobby_open for card in cards)
    return PatientLive(user.time_zone, now, is_settled)


def _live_session(
    card: SessionCard, place: Participation | None, record: AttendanceRecord | None
) -> LiveSession:
    return LiveSession(
        card=card,
        state=None if place is None else place.state_enum,
        minutes=None if record is None else shown_minutes(record),
        as_of=None if record is None else record.as_of,
        is_final=record is not None and record.is_final,
    )
