"""The clinicians' home: today's groups, who is there with how many minutes, and whom to call."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sessions.models import (
    GroupSession,
    Participation,
    ParticipationState,
    RosterEntry,
    SessionState,
)
from sessions.selectors.homes.cards import SessionCard, session_card
from sessions.selectors.homes.live import JUST_NOW
from sessions.selectors.ledger.attendance import Minutes, minutes_of
from sessions.selectors.ledger.facts import Waiting, waiting_for
from sessions.selectors.scope import get_session_for
from telehealth.accounts.models import User
from telehealth.accounts.roles import Role
from telehealth.core.errors import NotFound
from telehealth.programs.selectors import programs_of

CALL_AFTER = timedelta(minutes=5)
"""How long after the start (or after somebody was lost) a patient who is not there counts as missing."""


@dataclass(frozen=True, slots=True)
class RosterRow:
    """One expected patient now; `so_far` is None before anything was computed."""

    patient_id: UUID
    participant: UUID
    name: str
    peer_name: str
    record_number: str
    phone: str
    state: ParticipationState | None
    state_since: datetime | None
    lobby_at: datetime | None
    so_far: Minutes | None
    is_missing: bool

    @property
    def minutes(self) -> int | None:
        """Give the whole minutes so far."""
        return None if self.so_far is None else self.so_far.minutes


@dataclass(frozen=True, slots=True)
class TodaySession:
    """One of today's groups at an instant. `is_mine`: the person is its facilitator of record."""

    card: SessionCard
    at: datetime
    is_mine: bool
    auto_end_at: datetime | None
    on_break_since: datetime | None
    roster: tuple[RosterRow, ...]
    waits_for: Waiting | None = None

    @property
    def as_of(self) -> datetime | None:
        """Give up to when the oldest of its minutes are known."""
        return min((row.so_far.as_of for row in self.roster if row.so_far is not None), default=None)

    @property
    def is_final(self) -> bool:
        """Say whether the session is over and all its facts are in."""
        known = [row.so_far for row in self.roster if row.so_far is not None]
        return bool(known) and all(each.is_final for each in known)

    @property
    def is_settled(self) -> bool:
        """Say whether nothing of it will change by itself any more, or not soon."""
        card = self.card
        is_long_over = card.ended_at is None or self.at - card.ended_at >= JUST_NOW
        return card.is_over and (self.is_final or is_long_over)

    @property
    def missing(self) -> tuple[RosterRow, ...]:
        """Name the people to call."""
        return tuple(row for row in self.roster if row.is_missing)


@dataclass(frozen=True, slots=True)
class TherapistHome:
    """All the clinicians' home shows, the person's own groups first."""

    zone: str
    sessions: tuple[TodaySession, ...]


def therapist_home(user: User, at: datetime) -> TherapistHome:
    """Gather today's groups of the person's programs.

    The number of queries does not grow with groups or patients.
    """
    if user.role_enum not in (Role.THERAPIST, Role.CASE_MANAGER):
        raise NotFound
    programs = {program.pk: program for program in programs_of(user, at)}
    margin = timedelta(days=1)
    near = (
        GroupSession.objects.in_programs(programs)
        .filter(scheduled_start__lte=at + margin, scheduled_end__gte=at - margin)
        .with_people()
        .order_by("scheduled_start", "pk")
    )
    today = [one for one in near if _is_today(one, at)]
    rosters = _rosters(today, at)
    found = [_today_session(one, user, rosters[one.pk], at) for one in today]
    return TherapistHome(user.time_zone, tuple(sorted(found, key=lambda one: not one.is_mine)))


def live_roster(user: User, pk: UUID, at: datetime) -> TodaySession:
    """Gather one group as the clinicians' home shows it."""
    group_session = get_session_for(user, pk, at)
    if user.role_enum is Role.PATIENT:
        raise NotFound
    return _today_session(group_session, user, _rosters([group_session], at)[pk], at)


def roster_rows(group_session: GroupSession, at: datetime) -> tuple[RosterRow, ...]:
    """Give the roster of one session as it stands; three queries."""
    return tuple(_rosters([group_session], at)[group_session.pk])


def _today_session(
    group_session: GroupSession, user: User, roster: Collection[RosterRow], at: datetime
) -> TodaySession:
    return TodaySession(
        card=session_card(group_session, at),
        at=at,
        is_mine=group_session.facilitator_id == user.pk,
        auto_end_at=group_session.auto_end_at,
        on_break_since=group_session.on_break_since,
        roster=tuple(roster),
        waits_for=waiting_for(group_session, at) if group_session.ended_at is not None else None,
    )


def _is_today(group_session: GroupSession, at: datetime) -> bool:
    program = group_session.program
    is_now = group_session.state == SessionState.OPEN
    return is_now or program.date_at(group_session.scheduled_start) == program.date_at(at)


def _rosters(sessions: Collection[GroupSession], at: datetime) -> dict[UUID, list[RosterRow]]:
    by_pk = {one.pk: one for one in sessions}
    places = {
        (place.group_session_id, place.user_id): place
        for place in Participation.objects.filter(group_session__in=list(by_pk))
    }
    minutes = minutes_of(by_pk)
    found: defaultdict[UUID, list[RosterRow]] = defaultdict(list)
    entries = (
        RosterEntry.objects.current()
        .filter(group_session__in=list(by_pk))
        .select_related("patient__user")
        .order_by("patient__user__family_name", "patient__user__given_name", "patient_id")
    )
    for entry in entries:
        key = entry.group_session_id, entry.patient_id
        place = places.get((entry.group_session_id, entry.patient.user_id))
        found[entry.group_session_id].append(
            _row(entry, by_pk[entry.group_session_id], place, minutes.get(key), at)
        )
    return found


def _row(
    entry: RosterEntry,
    group_session: GroupSession,
    place: Participation | None,
    so_far: Minutes | None,
    at: datetime,
) -> RosterRow:
    user = entry.patient.user
    return RosterRow(
        patient_id=entry.patient_id,
        participant=user.pk,
        name=user.full_name,
        peer_name=user.peer_name,
        record_number=entry.patient.record_number,
        phone=user.phone,
        state=None if place is None else place.state_enum,
        state_since=None if place is None else place.state_since,
        lobby_at=None if place is None else place.lobby_at,
        so_far=so_far,
        is_missing=_is_missing(group_session, place, at),
    )


def _is_missing(group_session: GroupSession, place: Participation | None, at: datetime) -> bool:
    """Say whether somebody should be there and is not, long enough that a call is due."""
    is_time = group_session.scheduled_start + CALL_AFTER <= at < group_session.scheduled_end
    if not is_time or group_session.state_enum.is_final:
        return False
    if place is None or (place.admitted_at is None and place.state == ParticipationState.LEFT):
        return True
    return place.state == ParticipationState.LEFT and at - place.state_since >= CALL_AFTER
