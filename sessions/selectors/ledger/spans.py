"""Service dates of a program as instants."""

from __future__ import annotations

from datetime import datetime, timedelta

from sessions.rules.time.instants import start_of_day, to_datetime
from telehealth.programs.models import Program
from telehealth.programs.selectors import ServiceDates


def instants_of(program: Program, dates: ServiceDates) -> tuple[datetime, datetime]:
    """Give the first instant of some dates on the program's clock, and the first one after them."""
    days = dates.first, dates.last + timedelta(days=1)
    start, end = (to_datetime(start_of_day(day, program.zone)) for day in days)
    return start, end
