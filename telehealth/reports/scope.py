"""What a report is about: a program, service dates, perhaps one track, and who reads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from sessions.models import GroupSession
from sessions.querysets import GroupSessionQuerySet
from sessions.selectors.ledger.spans import instants_of
from sessions.selectors.scope import sessions_for
from telehealth.accounts.models import User
from telehealth.programs.models import CreditTerms, Program, Track
from telehealth.programs.selectors import ServiceDates


@dataclass(frozen=True, slots=True)
class ReportScope:
    """A question to a report. `dates` lie within `seen`, which is what the reader may see at all."""

    reader: User
    program: Program
    track: Track | None
    dates: ServiceDates
    seen: ServiceDates
    at: datetime

    @property
    def filters(self) -> Mapping[str, str]:
        """Give the filter in ids and dates, for the trail and the file's header."""
        track = {} if self.track is None else {"track": str(self.track.pk)}
        return {
            "program": str(self.program.pk),
            "from": self.dates.first.isoformat(),
            "until": self.dates.last.isoformat(),
            **track,
        }

    @property
    def span(self) -> tuple[datetime, datetime]:
        """Give the instants between which the dates lie on the program's clock."""
        return instants_of(self.program, self.dates)

    def sessions(self) -> GroupSessionQuerySet:
        """Give the sessions of these dates and this track that the reader may see."""
        if self.dates.is_empty:
            return GroupSession.objects.none()
        rows = sessions_for(self.reader, self.at).filter(program=self.program).serving_between(*self.span)
        return rows if self.track is None else rows.filter(track=self.track)

    def session_ids(self) -> list[UUID]:
        """Give the ids of `sessions`."""
        return list(self.sessions().values_list("pk", flat=True))

    def terms_in_force(self) -> list[CreditTerms]:
        """List the versions of credit terms that rule some of the dates, in the order they began."""
        track = Q(track=None) if self.track is None else Q(track=None) | Q(track=self.track)
        rows = CreditTerms.objects.filter(track, program=self.program, effective_on__lte=self.dates.last)
        before: dict[UUID | None, CreditTerms] = {}
        within = []
        for row in rows.order_by("effective_on", "version"):
            if row.effective_on <= self.dates.first:
                before[row.track_id] = row
            else:
                within.append(row)
        return [*before.values(), *within]
