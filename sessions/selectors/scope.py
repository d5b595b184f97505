"""Which sessions and series an account may know of. Everything outside is not found."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sessions.models import GroupSession, RosterEntry, SessionSeries
from sessions.policies import can_join
from sessions.querysets import GroupSessionQuerySet
from sessions.selectors.ledger.spans import instants_of
from telehealth.accounts.models import User
from telehealth.accounts.roles import Role
from telehealth.core.decision import Decision
from telehealth.core.errors import NotFound
from telehealth.programs.selectors import audit_scopes, program_ids_of


def sessions_for(user: User, at: datetime) -> GroupSessionQuerySet:
    """Give patients the sessions of their rosters, staff those of their programs, others none.

    Auditors get those whose service date lies in their seat.
    """
    if not user.is_active or user.role_enum is Role.SYSTEM_ADMIN:
        return GroupSession.objects.none()
    if user.role_enum is Role.PATIENT:
        return GroupSession.objects.on_roster_of(user)
    if user.role_enum is Role.AUDITOR:
        return _in_seat(user, at)
    return GroupSession.objects.in_programs(program_ids_of(user, at))


def _in_seat(user: User, at: datetime) -> GroupSessionQuerySet:
    rows = GroupSession.objects.none()
    for program, dates in audit_scopes(user, at).items():
        if not dates.is_empty:
            rows |= GroupSession.objects.filter(program=program).serving_between(*instants_of(program, dates))
    return rows


def get_session_for(user: User, pk: UUID, at: datetime) -> GroupSession:
    """Give a session inside the account's scope, with its program, facilitator and terms."""
    found = sessions_for(user, at).with_people().filter(pk=pk).first()
    if found is None:
        raise NotFound("session_not_found", "There is no such session among yours.")
    return found


def knows_session(user: User, pk: UUID, at: datetime) -> bool:
    """Say whether a session is inside the account's scope, without reading it."""
    return sessions_for(user, at).filter(pk=pk).exists()


def get_series_for(user: User, pk: UUID, at: datetime) -> SessionSeries:
    """Give a series of one of the account's programs; patients see sessions, never the series.

    Auditors see it if one of its sessions lies in their seat.
    """
    staff = user.is_active and user.role_enum not in (Role.PATIENT, Role.SYSTEM_ADMIN)
    rows = SessionSeries.objects.filter(pk=pk, program__in=program_ids_of(user, at) if staff else ())
    if user.role_enum is Role.AUDITOR:
        rows = rows.filter(pk__in=sessions_for(user, at).values("series"))
    found = rows.select_related("program", "facilitator", "track").first()
    if found is None:
        raise NotFound("series_not_found", "There is no such series among yours.")
    return found


def join_decision(user: User, group_session: GroupSession, at: datetime) -> Decision:
    """Say whether the account may join, apart from the time of day.

    The same question the room asks at every join.
    """
    on_roster = RosterEntry.objects.current().filter(group_session=group_session, patient__user=user).exists()
    return can_join(user, group_session, on_roster=on_roster, at=at)
