"""What befalls the demo's people besides luck: who stays away, who is on hold, when the relay dies."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sessions.models import GroupSession
from telehealth.accounts.models import User
from telehealth.enrollment.models import Enrollment, EnrollmentState

from . import cast
from .tracks import MORNING

STAYS_AWAY = cast.MORNING_GROUP[6]
"""Misses the newest mornings one after the other."""
MISSES_ONE = cast.MORNING_GROUP[5]
"""Misses the newest morning only, and makes it up."""
WAS_ON_HOLD = cast.EVENING_GROUP[3]
IS_ON_HOLD = cast.EVENING_GROUP[2]
STREAK = 3
OUTAGE_BACK = 4
"""The relay died in the morning so many before the newest."""
PAST_HOLD = timedelta(days=37), timedelta(days=24)
"""The hold that is over: from so long ago until so long ago, so that a whole week lies in it."""
HOLD_SINCE = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Turn:
    """What is settled before luck draws the rest of a session."""

    away: frozenset[UUID] = frozenset()
    on_hold: frozenset[UUID] = frozenset()
    is_outage: bool = False
    asks_for_outreach: bool = False


def plot(due: Sequence[GroupSession], *, at: datetime) -> dict[UUID, Turn]:
    """Settle the turns of sessions that are to be held, oldest first."""
    people = {user.email: user.pk for user in User.objects.all()}
    held_up = set(
        Enrollment.objects.filter(state=EnrollmentState.ON_HOLD).values_list("patient__user_id", flat=True)
    )
    mornings = [one.pk for one in due if one.track is not None and one.track.name == MORNING]
    turns = {}
    for group_session in due:
        away, on_hold = set(), set(held_up)
        on = group_session.program.date_at(group_session.scheduled_start)
        for account, days in hold_days(group_session.program.date_at(at)).items():
            if on in days:
                on_hold.add(people[account.person.email])
        newest_first = mornings[::-1]
        place = newest_first.index(group_session.pk) if group_session.pk in mornings else len(due)
        if place < STREAK:
            away.add(people[STAYS_AWAY.person.email])
        if place == 0:
            away.add(people[MISSES_ONE.person.email])
        turns[group_session.pk] = Turn(
            frozenset(away),
            frozenset(on_hold),
            is_outage=place == OUTAGE_BACK,
            asks_for_outreach=place < STREAK,
        )
    return turns


def hold_days(today: date) -> dict[cast.Account, Collection[date]]:
    """Give the days on which somebody was on hold, up to today; the last of the second has not come yet."""
    start, back = (today - ago for ago in PAST_HOLD)
    since = today - HOLD_SINCE
    return {
        WAS_ON_HOLD: _days(start, back),
        IS_ON_HOLD: _days(since, today + timedelta(days=1)),
    }


def _days(first: date, until: date) -> Collection[date]:
    return {first + timedelta(days=number) for number in range((until - first).days)}
