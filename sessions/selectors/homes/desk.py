"""What waits for one member of staff: rosters to sign, objections to answer, corrections to decide."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sessions.models import Correction
from sessions.selectors.signing.disputes import open_disputes
from sessions.selectors.signing.unsigned import UnsignedSession, unsigned_for
from telehealth.accounts.models import User
from telehealth.accounts.roles import Role
from telehealth.programs.supervision import supervised_program_ids


@dataclass(frozen=True, slots=True)
class Desk:
    """What waits. `corrections` are other people's requests, for clinical supervisors only."""

    unsigned: tuple[UnsignedSession, ...]
    disputes: int
    corrections: int
    is_supervisor: bool

    @property
    def is_empty(self) -> bool:
        """Say whether nothing waits."""
        return not (self.unsigned or self.disputes or self.corrections)


def desk_of(user: User, at: datetime) -> Desk:
    """Gather what waits for a clinician; for everybody else the desk is empty."""
    if not user.is_active or user.role_enum is not Role.THERAPIST:
        return Desk((), 0, 0, is_supervisor=False)
    supervised = supervised_program_ids(user, at)
    waiting = Correction.objects.filter(group_session__program__in=supervised, decision__isnull=True)
    return Desk(
        unsigned=unsigned_for(user, at),
        disputes=open_disputes(user, at),
        corrections=waiting.exclude(requested_by=user).count() if supervised else 0,
        is_supervisor=bool(supervised),
    )
