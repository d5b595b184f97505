"""Episodes of the demo that did not go straight on: a taper, a hold that is over, one that lasts."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from sessions.models import GroupSession, RosterEntry
from sessions.services.scheduling.roster import take_off_roster
from telehealth.accounts.models import User
from telehealth.enrollment.models import Enrollment, EnrollmentState
from telehealth.enrollment.services import change_enrollment_state, set_weekly_target
from telehealth.programs.models import Program

from . import cast
from .plot import HOLD_SINCE, IS_ON_HOLD, PAST_HOLD, WAS_ON_HOLD

TAPERS = cast.MORNING_GROUP[4]
RETURN_IN = timedelta(days=9)


def plan_taper(admin: User, program: Program, *, founded: datetime, at: datetime) -> None:
    """Prescribe one patient fewer hours by steps: one in force, one still to come."""
    week = program.first_day_of_week(program.date_at(at))
    enrollment = _enrollment(TAPERS)
    for weeks, minutes in ((-1, 360), (2, 180)):
        set_weekly_target(
            actor=admin,
            enrollment=enrollment,
            minutes=minutes,
            effective_on=week + timedelta(weeks=weeks),
            at=founded,
        )


def hold_episodes(admin: User, program: Program, *, at: datetime) -> None:
    """Put two patients on hold; one is back. Their sessions have been held without them already."""
    began, returned = (at - ago for ago in PAST_HOLD)
    enrollment = _enrollment(WAS_ON_HOLD)
    _hold(admin, enrollment, "A stay in hospital", at=began, return_in=returned - began)
    change_enrollment_state(actor=admin, enrollment=enrollment, state=EnrollmentState.ACTIVE, at=returned)
    _hold(admin, _enrollment(IS_ON_HOLD), "Family abroad", at=at - HOLD_SINCE, return_in=RETURN_IN)


def let_rest(admin: User, group_session: GroupSession, people: Collection[UUID]) -> None:
    """Expect nobody who was on hold then; the day before, as the administrator would."""
    entries = RosterEntry.objects.current().filter(group_session=group_session, patient__user__in=people)
    for entry in entries.select_related("patient"):
        take_off_roster(
            actor=admin,
            group_session=group_session,
            patient=entry.patient,
            at=group_session.scheduled_start - timedelta(days=1),
        )


def _hold(admin: User, enrollment: Enrollment, reason: str, *, at: datetime, return_in: timedelta) -> None:
    change_enrollment_state(
        actor=admin,
        enrollment=enrollment,
        state=EnrollmentState.ON_HOLD,
        reason=reason,
        expected_return_on=enrollment.program.date_at(at + return_in),
        at=at,
    )


def _enrollment(account: cast.Account) -> Enrollment:
    return Enrollment.objects.select_related("program").get(patient__user__email=account.person.email)
