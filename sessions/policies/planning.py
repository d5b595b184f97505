"""May this person plan sessions, and who may lead them?"""

from __future__ import annotations

from datetime import datetime

from sessions.models import GroupSession, SessionSeries
from telehealth.accounts.models import User
from telehealth.accounts.roles import Role
from telehealth.core.decision import Decision
from telehealth.programs.models import Program
from telehealth.programs.policies import can_administer
from telehealth.programs.selectors import is_member

from .denials import SessionDenial
from .room import can_run_room


def can_schedule(actor: User, program: Program, *, at: datetime) -> Decision:
    """Let the program's administrators make sessions."""
    return can_administer(actor, program, at)


def can_edit_session(actor: User, group_session: GroupSession, *, at: datetime) -> Decision:
    """Let administrators, and the facilitator of record, move or cancel a session and edit its roster."""
    if actor.pk == group_session.facilitator_id and can_run_room(actor, group_session, at=at):
        return Decision.allow()
    return _scheduler(can_administer(actor, group_session.program, at))


def can_edit_series(actor: User, series: SessionSeries, *, at: datetime) -> Decision:
    """Let administrators change what a series generates."""
    return _scheduler(can_administer(actor, series.program, at))


def can_facilitate(person: User, program: Program, *, at: datetime) -> Decision:
    """Ask of a facilitator of record that they are an active therapist of the program."""
    if person.is_active and person.role_enum is Role.THERAPIST and is_member(person, program, at):
        return Decision.allow()
    return Decision.deny(
        SessionDenial.FACILITATOR_NOT_QUALIFIED,
        "The facilitator must be an active therapist of this program.",
        "Choose another person, or add this one to the program first.",
    )


def _scheduler(decision: Decision) -> Decision:
    if decision:
        return decision
    return Decision.deny(
        SessionDenial.NOT_THE_SCHEDULER,
        "Only an administrator of this program, or the session's own facilitator, can change this.",
    )
