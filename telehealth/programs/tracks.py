"""Reads of tracks and dated credit terms: what is in force for a program, and what a track lays over it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time
from typing import Protocol, TypeVar
from uuid import UUID

from telehealth.accounts.models import User
from telehealth.core.errors import Conflict, NotFound

from .models import CreditTerms, Program, Track
from .selectors import program_ids_of


class Dated(Protocol):
    """A version of something that is in force from a date."""

    @property
    def version(self) -> int:
        """Count the versions; of one date the higher one wins."""

    @property
    def effective_on(self) -> date:
        """Give the first day."""

    @property
    def created_at(self) -> datetime:
        """Give when it was decided."""


VersionT = TypeVar("VersionT", bound=Dated)


def in_force(rows: Iterable[VersionT], on: date) -> VersionT | None:
    """Give the version in force on a date."""
    begun = [row for row in rows if row.effective_on <= on]
    return max(begun, key=_order, default=None)


def in_force_for_week(rows: Iterable[VersionT], first_day: date, program: Program) -> VersionT | None:
    """Give the version by which a program week is judged: in force, and decided, when the week began.

    What is decided later, even on the first day itself, is for the weeks after: days already lived are not
    judged anew.
    """
    begins = datetime.combine(first_day, time.min, tzinfo=program.zone)
    return in_force((row for row in rows if row.created_at < begins), first_day)


def earliest(rows: Iterable[VersionT]) -> VersionT | None:
    """Give the version that came into force first."""
    return min(rows, key=_order, default=None)


def track_terms_in_force(track: Track, on: date) -> CreditTerms | None:
    """Give what the track lays over the program's terms on a date; None where it has nothing of its own."""
    return in_force(CreditTerms.objects.filter(track=track), on)


def tracks_in(program: Program, on: date | None = None) -> list[Track]:
    """List the tracks of a program by name; with a date, those in which something can be planned then."""
    rows = Track.objects.filter(program=program).order_by("name")
    return [row for row in rows if on is None or row.ended_on is None or on <= row.ended_on]


def get_track_for(user: User, pk: UUID, at: datetime) -> Track:
    """Give a track of one of the account's programs."""
    row = Track.objects.filter(pk=pk, program__in=program_ids_of(user, at)).select_related("program").first()
    if row is None:
        raise NotFound("track_not_found", "There is no such track in your programs.")
    return row


def require_track_of(program: Program, track: Track | None, days: Sequence[date]) -> None:
    """Refuse a track of another program, and one that is over on any of these days; None is no track."""
    if track is None:
        return
    if track.program_id != program.pk:
        raise Conflict(
            "track_of_another_program", "This track belongs to another program. Choose another one."
        )
    if track.ended_on is not None and any(day > track.ended_on for day in days):
        raise Conflict(
            "track_ended", f"This track ended on {track.ended_on.isoformat()}. Choose another track, or none."
        )


def _order(row: Dated) -> tuple[date, int]:
    return row.effective_on, row.version
