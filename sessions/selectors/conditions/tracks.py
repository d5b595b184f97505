"""The tracks of an account's programs, with what hangs on them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Q

from sessions.models import GroupSession, SessionState
from telehealth.accounts.models import User
from telehealth.enrollment.models import Enrollment, EnrollmentState
from telehealth.programs.models import CreditTerms, Track
from telehealth.programs.policies import can_administer
from telehealth.programs.selectors import programs_of
from telehealth.programs.tracks import tracks_in


@dataclass(frozen=True, slots=True)
class TrackRow:
    """One track with how much hangs on it."""

    track: Track
    patients: int
    sessions_ahead: int
    has_terms: bool
    is_over: bool
    may_edit: bool


def tracks_of(user: User, at: datetime) -> list[TrackRow]:
    """List the tracks of the account's programs with patients in them and sessions still planned."""
    rows: list[TrackRow] = []
    for program in programs_of(user, at):
        on, may_edit = program.date_at(at), can_administer(user, program, at).allowed
        patients = _count(
            Enrollment.objects.filter(program=program).exclude(state=EnrollmentState.DISCHARGED)
        )
        ahead = _count(
            GroupSession.objects.filter(program=program, state=SessionState.SCHEDULED, scheduled_end__gt=at)
        )
        with_terms = set(
            CreditTerms.objects.filter(program=program, track__isnull=False).values_list(
                "track_id", flat=True
            )
        )
        rows.extend(
            TrackRow(
                track=track,
                patients=patients.get(track.pk, 0),
                sessions_ahead=ahead.get(track.pk, 0),
                has_terms=track.pk in with_terms,
                is_over=track.ended_on is not None and track.ended_on < on,
                may_edit=may_edit,
            )
            for track in tracks_in(program)
        )
    return rows


def _count(rows: Any) -> dict[UUID, int]:  # Any: a queryset of any model with a track
    return dict(rows.filter(~Q(track=None)).values_list("track_id").annotate(Count("pk")))
