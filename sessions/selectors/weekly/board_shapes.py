"""What the week board shows, as values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sessions.rules.weekly.weeks import WeekRow
from sessions.selectors.weekly.make_ups import MakeUp, MissedPlace
from sessions.selectors.weekly.weeks import Week
from telehealth.enrollment.models import EnrollmentState
from telehealth.programs.models import Program


@dataclass(frozen=True, slots=True)
class BoardFilters:
    """What the board is narrowed to. `day` lies in the week to show; `flag` is one or `CAN_BE_SAVED`."""

    program_id: UUID | None = None
    day: date | None = None
    track_id: UUID | None = None
    therapist_id: UUID | None = None
    flag: str = ""
    page: int = 1
    show_all: bool = False


@dataclass(frozen=True, slots=True)
class DayDot:
    """One weekday: `attended`, `missed`, `coming` or nothing planned (empty)."""

    day: date
    state: str
    minutes: int


@dataclass(frozen=True, slots=True)
class PlacedMakeUp:
    """A session of this week on whose roster the patient stands in place of a missed one."""

    group_session_id: UUID
    title: str
    start: datetime
    missed_start: datetime
    may_undo: bool


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One session that would help, the missed place it would make up, and whether the reader may place it."""

    make_up: MakeUp
    missed: MissedPlace | None
    may_place: bool


@dataclass(frozen=True, slots=True)
class BoardRow:
    """One patient's week."""

    patient_id: UUID
    enrollment_id: UUID
    name: str
    record_number: str
    track_name: str
    therapist_name: str
    state: EnrollmentState
    week: WeekRow
    words: str
    notes: tuple[str, ...]
    needed_min: int
    days: tuple[DayDot, ...]
    trend: tuple[int | None, ...]
    reasons: tuple[tuple[str, int], ...]
    suggestions: tuple[Suggestion, ...]
    may_join: bool
    placed: tuple[PlacedMakeUp, ...]
    expected_return_on: date | None


@dataclass(frozen=True, slots=True)
class FlagCount:
    """How many patients stand under a flag, with its words."""

    flag: str
    words: str
    count: int


@dataclass(frozen=True, slots=True)
class WeekBoard:
    """One page of the board. `week` is None where the account may see no whole week of the program."""

    program: Program | None
    programs: tuple[Program, ...]
    week: Week | None
    is_over: bool
    is_current: bool
    earlier_on: date | None
    later_on: date | None
    counts: tuple[FlagCount, ...]
    total: int
    rows: tuple[BoardRow, ...]
    page: int
    pages: int
    matching: int
    tracks: tuple[tuple[UUID, str], ...]
    therapists: tuple[tuple[UUID, str], ...]
