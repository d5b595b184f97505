"""The form on which minutes are corrected: where it starts, how far it may go, what a number would do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sessions.models import AttendanceRecord
from sessions.rules.signing.settling import Bounds, needs_second_person
from sessions.selectors.signing.bounds import bounds_of
from sessions.selectors.signing.corrections import agreed_min
from sessions.selectors.signing.roster_page import RosterLine, RosterPage, roster_page
from telehealth.accounts.models import User
from telehealth.core.errors import NotFound


@dataclass(frozen=True, slots=True)
class Effect:
    """What a number of minutes would do; `kind` is that of a notice."""

    kind: str
    words: str


@dataclass(frozen=True, slots=True)
class CorrectionDraft:
    """What the correction form starts from: the line, and how far it may go."""

    page: RosterPage
    line: RosterLine
    bounds: Bounds
    agreed_min: int
    is_clinician: bool

    @property
    def most_min(self) -> int:
        """Give the most minutes that may be asked for."""
        return min(self.bounds.countable_min, max(self.bounds.free_min, self.line.decided_min))

    def effect(self, new_min: int | None) -> Effect:
        """Say what asking for so many minutes would do."""
        if new_min is None or new_min < 0:
            return Effect("", "Type the whole number of minutes that should count.")
        if new_min == self.line.decided_min:
            return Effect("warn", f"{new_min} minutes stand already.")
        if new_min > self.bounds.countable_min:
            return Effect("bad", f"The session had {self.bounds.countable_min} countable minutes, not more.")
        if new_min > self.most_min:
            return Effect(
                "bad",
                f"Another session credits some of this time: {self.most_min} minutes at most are free.",
            )
        change = f"{new_min - self.line.decided_min:+d} minutes"
        if needs_second_person(new_min=new_min, base_min=self.agreed_min, by_clinician=self.is_clinician):
            return Effect(
                "warn", f"{change}: it counts once an administrator or a clinical supervisor has approved it."
            )
        return Effect("ok", f"{change}: it counts at once, on your word alone.")


def correction_draft(user: User, pk: UUID, patient_id: UUID, at: datetime) -> CorrectionDraft:
    """Gather what the form to correct one patient's minutes needs."""
    page = roster_page(user, pk, at)
    line = next((one for one in page.lines if one.patient_id == patient_id), None)
    if line is None:
        raise NotFound("attendance_not_found", "There is no attendance of this patient in this session.")
    record = (
        AttendanceRecord.objects.filter(group_session=pk, patient=patient_id)
        .select_related("group_session")
        .get()
    )
    return CorrectionDraft(
        page, line, bounds_of(record), agreed_min(record), is_clinician=bool(page.may_sign)
    )
