"""Which service dates of a program an account may see: all for its staff, a dated slice for auditors."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final, NamedTuple

from telehealth.accounts.models import User
from telehealth.accounts.roles import Role

from .models import Program, ProgramMembership


class ServiceDates(NamedTuple):
    """Service dates from `first` to `last`, both included; a pair, so that `__range` of a query takes it."""

    first: date
    last: date

    @property
    def is_empty(self) -> bool:
        """Say whether no date lies within."""
        return self.last < self.first

    @property
    def is_limited(self) -> bool:
        """Say whether some dates are left out."""
        return self != EVERY_DATE

    def holds(self, day: date) -> bool:
        """Say whether a service date lies within."""
        return self.first <= day <= self.last

    def clip(self, first: date | None, last: date | None) -> ServiceDates:
        """Give what a span of dates has in common with these; a missing end is open."""
        return ServiceDates(
            self.first if first is None else max(self.first, first),
            self.last if last is None else min(self.last, last),
        )


# Far enough for every calendar, and far enough from the ends of time that instants can be made of them.
EVERY_DATE: Final = ServiceDates(date(1900, 1, 1), date(2999, 12, 31))
NO_DATE: Final = ServiceDates(EVERY_DATE.last, EVERY_DATE.first)


def audit_scope(user: User, program: Program, at: datetime) -> ServiceDates:
    """Give the service dates of a program that the account may see now; one query.

    Members of the staff see every date while their membership is in force. An auditor sees what the seat
    names: no membership in force, or one without dates, is no date at all.
    """
    on = program.date_at(at)
    rows = ProgramMembership.objects.filter(program=program, user=user)
    return _scope(user, [row for row in rows if row.is_in_force(on)])


def audit_scopes(user: User, at: datetime) -> dict[Program, ServiceDates]:
    """Give `audit_scope` for each program of the account's memberships in force, by name; one query."""
    found: dict[Program, list[ProgramMembership]] = {}
    rows = ProgramMembership.objects.filter(user=user).select_related("program").order_by("program__name")
    for row in rows:
        if row.is_in_force(row.program.date_at(at)):
            found.setdefault(row.program, []).append(row)
    return {program: _scope(user, held) for program, held in found.items()}


def _scope(user: User, in_force: list[ProgramMembership]) -> ServiceDates:
    if not user.is_active or not in_force:
        return NO_DATE
    if user.role_enum is not Role.AUDITOR:
        return EVERY_DATE
    dated = next((row for row in in_force if row.sees_from and row.sees_until), None)
    if dated is None or dated.sees_from is None or dated.sees_until is None:
        return NO_DATE
    return ServiceDates(dated.sees_from, dated.sees_until)
