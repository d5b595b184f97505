"""Which rosters wait for a signature, and for how long."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from sessions.models import (
    AttendanceRecord,
    Correction,
    GroupSession,
    Participation,
    RoomRole,
    RosterState,
    SessionState,
    SignOff,
)
from sessions.querysets import GroupSessionQuerySet
from sessions.rules.signing.settling import ATTEST_DUE_AFTER, is_overdue
from telehealth.accounts.models import User
from telehealth.accounts.roles import Role
from telehealth.programs.selectors import program_ids_of


@dataclass(frozen=True, slots=True)
class UnsignedSession:
    """One roster that waits for a signature. `age` counts from the session's end.

    `is_again` says that it was signed before and has changed since.
    """

    id: UUID
    title: str
    program_id: UUID
    program_zone: str
    facilitator_id: UUID
    facilitator_name: str
    began_at: datetime
    ended_at: datetime
    due_at: datetime
    age: timedelta
    is_overdue: bool
    is_again: bool
    is_final: bool
    pending_corrections: int

    @property
    def age_words(self) -> str:
        """Say how long it has waited: `3 days`, `5 h`, `12 min`."""
        hours = self.age // timedelta(hours=1)
        if hours >= 48:
            return f"{hours // 24} days"
        return f"{hours} h" if hours else f"{self.age // timedelta(minutes=1)} min"


def unsigned_sessions(program_ids: Collection[UUID], at: datetime) -> tuple[UnsignedSession, ...]:
    """List the rosters of some programs that wait for a signature, the oldest first; four queries."""
    return _listed(GroupSession.objects.in_programs(program_ids), at)


def unsigned_for(user: User, at: datetime) -> tuple[UnsignedSession, ...]:
    """List the rosters that wait for this clinician's signature, the oldest first.

    Those they led; and their own where nobody came to lead. Others have nothing to sign.
    """
    if not user.is_active or user.role_enum is not Role.THERAPIST:
        return ()
    leaders = Participation.objects.filter(
        group_session=OuterRef("pk"), role=RoomRole.FACILITATOR, admitted_at__isnull=False
    )
    rows = GroupSession.objects.in_programs(program_ids_of(user, at))
    mine = rows.filter(Exists(leaders.filter(user=user)) | (Q(facilitator=user) & ~Exists(leaders)))
    return _listed(mine, at)


def waiting_for_signature(rows: GroupSessionQuerySet) -> GroupSessionQuerySet:
    """Keep ended sessions with attendance that nobody vouches for as it stands.

    An amended roster is locked again by its signature, and waits until then.
    """
    attended = AttendanceRecord.objects.filter(group_session=OuterRef("pk"))
    ended = rows.filter(state=SessionState.ENDED, ended_at__isnull=False).filter(Exists(attended))
    return ended.filter(
        Q(roster_state=RosterState.COMPUTED) | Q(roster_state=RosterState.AMENDED, locked_at__isnull=True)
    )


def _listed(rows: GroupSessionQuerySet, at: datetime) -> tuple[UnsignedSession, ...]:
    found = list(waiting_for_signature(rows).with_people().order_by("ended_at", "pk"))
    pks = [one.pk for one in found]
    unsettled = set(
        AttendanceRecord.objects.filter(group_session__in=pks, is_final=False).values_list(
            "group_session_id", flat=True
        )
    )
    signed = set(SignOff.objects.filter(group_session__in=pks).values_list("group_session_id", flat=True))
    pending = Counter(
        Correction.objects.filter(group_session__in=pks, decision__isnull=True).values_list(
            "group_session_id", flat=True
        )
    )
    return tuple(
        _unsigned(
            one, at, is_again=one.pk in signed, is_final=one.pk not in unsettled, pending=pending[one.pk]
        )
        for one in found
    )


def _unsigned(
    row: GroupSession, at: datetime, *, is_again: bool, is_final: bool, pending: int
) -> UnsignedSession:
    ended_at = row.ended_at or row.scheduled_end
    return UnsignedSession(
        id=row.pk,
        title=row.title,
        program_id=row.program_id,
        program_zone=row.program.time_zone,
        facilitator_id=row.facilitator_id,
        facilitator_name=row.facilitator.full_name,
        began_at=row.opened_at or row.scheduled_start,
        ended_at=ended_at,
        due_at=ended_at + ATTEST_DUE_AFTER,
        age=at - ended_at,
        is_overdue=is_overdue(ended_at, at),
        is_again=is_again,
        is_final=is_final and not row.is_attendance_due,
        pending_corrections=pending,
    )
