"""How a session and a week look to people: the small read models that pages share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sessions.models import AttendanceRecord, GroupSession, Incident, ServiceType, SessionState
from sessions.rules.crediting.status import Status
from sessions.rules.telling.words import STATUS_WORDS, WEEK_FLAG_WORDS, WEEK_NOTE_WORDS
from sessions.rules.weekly.weeks import WeekRow
from sessions.selectors.homes.strips import Strip, strip_of_record
from sessions.selectors.weekly.weeks import Week, planned_minutes
from telehealth.programs.models import Program


@dataclass(frozen=True, slots=True)
class SessionCard:
    """One session as a card or a line of a list. `is_over` is also true of one that was never held."""

    id: UUID
    title: str
    service_type: ServiceType
    service: str
    state: SessionState
    start: datetime
    end: datetime
    lobby_opens_at: datetime
    opened_at: datetime | None
    ended_at: datetime | None
    breaks: tuple[tuple[datetime, datetime], ...]
    planned_min: int
    facilitator_id: UUID
    facilitator_name: str
    program_id: UUID
    program_name: str
    program_zone: str
    phone: str
    cancel_reason: str
    is_lobby_open: bool
    is_over: bool
    was_held: bool


@dataclass(frozen=True, slots=True)
class DayBar:
    """One day of a week: minutes that count, that were missed, and that may still be earned."""

    day: date
    credited_min: int = 0
    missed_min: int = 0
    ahead_min: int = 0


@dataclass(frozen=True, slots=True)
class WeekCard:
    """A patient's week in one program. `row` is None where no enrollment or target measures it."""

    program_id: UUID
    program_name: str
    first_day: date
    last_day: date
    row: WeekRow | None
    words: str
    notes: tuple[str, ...]
    days: tuple[DayBar, ...]

    @property
    def bars(self) -> tuple[Mapping[str, object], ...]:
        """Give the days as the bars of a picture."""
        return tuple(
            {
                "label": f"{bar.day:%a}",
                "credited_min": bar.credited_min,
                "missed_min": bar.missed_min,
                "scheduled_min": bar.credited_min + bar.missed_min + bar.ahead_min if bar.ahead_min else 0,
            }
            for bar in self.days
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a session came to for one patient: the minutes that stand, corrections included, and the strip."""

    status: str
    status_words: str
    minutes: int
    hours_min: int
    is_corrected: bool
    is_final: bool
    strip: Strip


def session_card(group_session: GroupSession, at: datetime) -> SessionCard:
    """Make the card of a session whose program, facilitator and terms are joined."""
    state, facilitator = group_session.state_enum, group_session.facilitator
    credential = f", {facilitator.credential}" if facilitator.credential else ""
    service_type = ServiceType(group_session.service_type)
    is_missed = state is SessionState.SCHEDULED and at >= group_session.scheduled_end
    return SessionCard(
        id=group_session.pk,
        title=group_session.title,
        service_type=service_type,
        service=service_type.label,
        state=state,
        start=group_session.scheduled_start,
        end=group_session.scheduled_end,
        lobby_opens_at=group_session.lobby_opens_at,
        opened_at=group_session.opened_at,
        ended_at=group_session.ended_at,
        breaks=tuple(group_session.break_spans),
        planned_min=planned_minutes(group_session),
        facilitator_id=facilitator.pk,
        facilitator_name=f"{facilitator.full_name}{credential}",
        program_id=group_session.program_id,
        program_name=group_session.program.name,
        program_zone=group_session.program.time_zone,
        phone=group_session.program.callback_phone,
        cancel_reason=group_session.cancel_reason,
        is_lobby_open=not state.is_final and not is_missed and at >= group_session.lobby_opens_at,
        is_over=state.is_final or is_missed,
        was_held=group_session.opened_at is not None,
    )


def outcome(
    record: AttendanceRecord, *, zone: str, lobby_at: datetime | None, incidents: Iterable[Incident] = ()
) -> Outcome:
    """Make the words and the picture of one record, times in `zone`."""
    return Outcome(
        status=record.status,
        status_words=STATUS_WORDS[Status(record.status)],
        minutes=record.decided_min,
        hours_min=record.decided_hours_min,
        is_corrected=record.adjusted_min is not None,
        is_final=record.is_final,
        strip=strip_of_record(record, zone=zone, lobby_at=lobby_at, incidents=incidents),
    )


def week_card(
    program: Program,
    week: Week,
    row: WeekRow | None,
    *,
    days: Iterable[DayBar],
) -> WeekCard:
    """Make the card of a week from its row and its days; a day without sessions is empty."""
    known = {bar.day: bar for bar in days}
    dates = [week.first_day + timedelta(days=offset) for offset in range(7)]
    return WeekCard(
        program_id=program.pk,
        program_name=program.name,
        first_day=week.first_day,
        last_day=week.last_day,
        row=row,
        words="" if row is None else WEEK_FLAG_WORDS[row.flag],
        notes=() if row is None else tuple(WEEK_NOTE_WORDS[note] for note in row.also),
        days=tuple(known.get(day, DayBar(day)) for day in dates),
    )
