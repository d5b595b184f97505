"""Chainable filters over the session tables."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

from django.db import models
from django.db.models import Exists, OuterRef, Q

from telehealth.accounts.models import User

if TYPE_CHECKING:
    from sessions.models import GroupSession, RosterEntry  # noqa: F401 - named in the base classes below


class GroupSessionQuerySet(models.QuerySet["GroupSession"]):
    """Adjectives for sessions."""

    def with_people(self) -> Self:
        """Join what every page about a session shows of it."""
        return self.select_related("program", "facilitator", "track", "terms", "track_terms")

    def on_roster_of(self, user: User) -> Self:
        """Keep sessions on whose roster the account's patient stands now."""
        from sessions.models import RosterEntry

        return self.filter(
            Exists(RosterEntry.objects.current().filter(group_session=OuterRef("pk"), patient__user=user))
        )

    def in_programs(self, program_ids: Collection[UUID]) -> Self:
        """Keep sessions of some programs."""
        return self.filter(program__in=program_ids)

    def overlapping(self, start: datetime, end: datetime) -> Self:
        """Keep sessions whose scheduled time shares at least an instant with `[start, end)`."""
        return self.filter(scheduled_start__lt=end, scheduled_end__gt=start)

    def standing(self) -> Self:
        """Leave out what was cancelled."""
        return self.exclude(state="CANCELLED")

    def running(self) -> Self:
        """Keep what is open now."""
        return self.filter(state="OPEN")

    def held_during(self, start: datetime, end: datetime) -> Self:
        """Keep opened sessions whose real time touches `[start, end]`; a running one has no end yet."""
        return self.filter(opened_at__lte=end).filter(Q(ended_at__isnull=True) | Q(ended_at__gte=start))

    def serving_between(self, start: datetime, end: datetime) -> Self:
        """Keep sessions that began in `[start, end)`, by their opening or else by their plan."""
        return self.filter(
            Q(opened_at__gte=start, opened_at__lt=end)
            | Q(opened_at__isnull=True, scheduled_start__gte=start, scheduled_start__lt=end)
        )

    def listing(self, patient_ids: Any) -> Self:  # Any: ids or a subquery of them, whatever `__in` takes
        """Keep sessions in whose evidence any of the patients stands."""
        from sessions.models import RosterEntry

        entries = RosterEntry.objects.evidential().filter(
            group_session=OuterRef("pk"), patient__in=patient_ids
        )
        return self.filter(Exists(entries))


class RosterQuerySet(models.QuerySet["RosterEntry"]):
    """Adjectives for roster entries."""

    def current(self) -> Self:
        """Keep entries that were not taken off."""
        return self.filter(removed_at__isnull=True)

    def evidential(self) -> Self:
        """Keep entries that belong in the evidence: current, or of somebody who was once admitted.

        The facts say who was: a place in the room forgets its admission when a consent is taken back.
        """
        from sessions.models import PresenceEvent

        admitted = PresenceEvent.objects.filter(
            group_session=OuterRef("group_session"),
            is_routine=False,
            kind="admitted",
            participant=OuterRef("patient__user_id"),
        )
        return self.filter(Q(removed_at__isnull=True) | Exists(admitted))
