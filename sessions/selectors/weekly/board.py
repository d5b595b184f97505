"""The week board: every patient of a program against the week's target, the most urgent first."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from uuid import UUID

from sessions.models import RosterEntry, SessionState
from sessions.rules.telling.words import LOSS_WORDS, WEEK_FLAG_SHORT_WORDS, WEEK_FLAG_WORDS, WEEK_NOTE_WORDS
from sessions.rules.weekly.shortfall import LossCause
from sessions.rules.weekly.weeks import WeekFlag, WeekRow
from sessions.selectors.weekly.board_shapes import (
    BoardFilters,
    BoardRow,
    DayDot,
    FlagCount,
    PlacedMakeUp,
    Suggestion,
    WeekBoard,
)
from sessions.selectors.weekly.make_ups import Offer, offers_for
from sessions.selectors.weekly.shortfalls import shortfall_splits
from sessions.selectors.weekly.week_rows import SessionFigures
from sessions.selectors.weekly.weeks import Week, WeekReading, read_weeks, week_at, week_on
from telehealth.accounts.models import User
from telehealth.accounts.roles import Role
from telehealth.core.errors import NotFound
from telehealth.enrollment.models import Patient
from telehealth.programs.models import Program, Track
from telehealth.programs.policies import can_administer
from telehealth.programs.selectors import ServiceDates, audit_scopes

PAGE = 50
HISTORY = 8
CAN_BE_SAVED = "CAN_BE_SAVED"
"""A filter of its own: weeks below or near their target that sessions still to come could save."""
_URGENCY = {
    flag: number
    for number, flag in enumerate(
        (
            WeekFlag.SHORTFALL_CERTAIN,
            WeekFlag.AT_RISK,
            WeekFlag.SHORTFALL,
            WeekFlag.ON_TRACK,
            WeekFlag.MET,
            WeekFlag.ON_HOLD,
        )
    )
}


@dataclass(frozen=True, slots=True)
class _Person:
    name: str
    sort: tuple[str, str]
    record_number: str


@dataclass(frozen=True, slots=True)
class _Names:
    tracks: Mapping[UUID, str]
    therapists: Mapping[UUID, str]


MayPlace = Callable[[UUID], bool]
"""Whether the reader may change the roster of a session of this facilitator."""


def week_board(user: User, filters: BoardFilters, at: datetime) -> WeekBoard:
    """Gather the board of one program's week; the number of queries does not grow with the patients.

    Auditors see weeks that lie wholly within their dates.
    """
    if user.role_enum in (Role.PATIENT, Role.SYSTEM_ADMIN):
        raise NotFound
    scopes = audit_scopes(user, at)
    program = next((one for one in scopes if filters.program_id in (None, one.pk)), None)
    if program is None and filters.program_id is not None:
        raise NotFound("program_not_found", "There is no such program among yours.")
    week = None if program is None else _week(program, scopes[program], filters.day, at)
    if program is None or week is None:
        return _nothing(program, tuple(scopes))
    reading = read_weeks(program, None, week, at=at, history=HISTORY)
    people = _people(reading)
    names = _names(program, reading)
    chosen = [pk for pk in reading.rows if _is_chosen(reading, pk, filters)]
    needed = {} if user.role_enum is Role.AUDITOR else _needed(reading, chosen)
    offers = offers_for(program, reading.episodes, needed, week, at=at)
    savable = {pk for pk, offer in offers.items() if offer.best}
    counts = _counts(reading, chosen, savable)
    order = sorted(
        (pk for pk in chosen if _has_flag(reading.rows[pk], pk in savable, filters.flag)),
        key=lambda pk: (*_rank(reading.rows[pk], needed.get(pk, 0)), people[pk].sort, str(pk)),
    )
    pages = 1 if filters.show_all else max(1, -(-len(order) // PAGE))
    page = min(max(1, filters.page), pages)
    shown = order if filters.show_all else order[(page - 1) * PAGE : page * PAGE]
    splits = shortfall_splits(
        program,
        {pk: reading.rows[pk] for pk in shown if reading.rows[pk].flag is WeekFlag.SHORTFALL},
        week,
    )
    may_place = _placer(user, program, at)
    placed = _placed(program, week, may_place, at)
    return WeekBoard(
        program=program,
        programs=tuple(scopes),
        week=week,
        is_over=reading.is_over,
        is_current=week == week_at(program, at),
        earlier_on=_step(week, -1, scopes[program]),
        later_on=_step(week, 1, scopes[program]),
        counts=counts,
        total=len(chosen),
        rows=tuple(
            _row(
                reading,
                pk,
                people[pk],
                names,
                scopes[program],
                offer=offers.get(pk),
                split=splits.get(pk, {}),
                placed=tuple(placed[pk]),
                may_place=may_place,
            )
            for pk in shown
        ),
        page=page,
        pages=pages,
        matching=len(order),
        tracks=tuple(names.tracks.items()),
        therapists=tuple(sorted(names.therapists.items(), key=lambda one: one[1])),
    )


def _nothing(program: Program | None, programs: tuple[Program, ...]) -> WeekBoard:
    return WeekBoard(
        program=program,
        programs=programs,
        week=None,
        is_over=False,
        is_current=False,
        earlier_on=None,
        later_on=None,
        counts=(),
        total=0,
        rows=(),
        page=1,
        pages=1,
        matching=0,
        tracks=(),
        therapists=(),
    )


def _week(program: Program, dates: ServiceDates, day: date | None, at: datetime) -> Week | None:
    """Give the week of a day, or the current one; an auditor's newest whole week where that lies outside."""
    if day is not None:
        asked = week_on(program, day)
        return asked if _is_within(asked, dates) else None
    week = week_at(program, at)
    if dates.is_limited and not dates.is_empty and not _is_within(week, dates):
        week = week_on(program, min(dates.last, week.last_day))
        week = week if _is_within(week, dates) else week.earlier(1)
    return week if _is_within(week, dates) else None


def _is_within(week: Week, dates: ServiceDates) -> bool:
    return dates.holds(week.first_day) and dates.holds(week.last_day)


def _step(week: Week, weeks: int, dates: ServiceDates) -> date | None:
    other = week.earlier(-weeks)
    return other.first_day if _is_within(other, dates) else None


def _people(reading: WeekReading) -> dict[UUID, _Person]:
    rows = Patient.objects.filter(
        enrollments__in=[episode.enrollment.pk for episode in reading.episodes.values()]
    ).values_list("pk", "record_number", "user__given_name", "user__family_name")
    return {
        pk: _Person(f"{given} {family}".strip(), (family.casefold(), given.casefold()), record_number)
        for pk, record_number, given, family in rows
    }


def _names(program: Program, reading: WeekReading) -> _Names:
    tracks = Track.objects.filter(program=program).order_by("name").values_list("pk", "name")
    found = (one.enrollment.primary_therapist_id for one in reading.episodes.values())
    ids = {pk for pk in found if pk is not None}
    people = User.objects.filter(pk__in=ids).values_list("pk", "given_name", "family_name")
    return _Names(dict(tracks), {pk: f"{given} {family}".strip() for pk, given, family in people})


def _is_chosen(reading: WeekReading, patient_id: UUID, filters: BoardFilters) -> bool:
    episode = reading.episodes[patient_id].enrollment
    return filters.track_id in (None, episode.track_id) and filters.therapist_id in (
        None,
        episode.primary_therapist_id,
    )


def _needed(reading: WeekReading, patient_ids: list[UUID]) -> dict[UUID, int]:
    """Give the minutes that would save a week: what certainly lacks, or what is likely to."""
    found = {}
    for patient_id in patient_ids:
        row = reading.rows[patient_id]
        if row.flag is WeekFlag.SHORTFALL_CERTAIN:
            found[patient_id] = row.deficit_min
        elif row.flag is WeekFlag.AT_RISK:
            rate = reading.rates.get(patient_id, reading.terms[patient_id].expected_rate_default)
            found[patient_id] = row.target_min - row.hours_min - int(Fraction(rate) * row.remaining_min // 1)
    return found


def _has_flag(row: WeekRow, is_savable: bool, flag: str) -> bool:
    return not flag or (is_savable if flag == CAN_BE_SAVED else row.flag == flag)


def _counts(reading: WeekReading, chosen: list[UUID], savable: set[UUID]) -> tuple[FlagCount, ...]:
    found = Counter(reading.rows[pk].flag for pk in chosen)
    counts = [
        FlagCount(str(flag), WEEK_FLAG_SHORT_WORDS[flag], found[flag]) for flag in _URGENCY if found[flag]
    ]
    if savable:
        counts.insert(0, FlagCount(CAN_BE_SAVED, "Can still be saved", len(savable)))
    return tuple(counts)


def _rank(row: WeekRow, needed_min: int) -> tuple[int, int]:
    return _URGENCY[row.flag], -(needed_min or row.deficit_min)


def _placer(user: User, program: Program, at: datetime) -> MayPlace:
    """Say what `can_edit_session` would, for all sessions of a program at once; one query."""
    is_admin = can_administer(user, program, at).allowed
    return lambda facilitator_id: is_admin or (user.role_enum is Role.THERAPIST and facilitator_id == user.pk)


def _placed(
    program: Program, week: Week, may_place: MayPlace, at: datetime
) -> defaultdict[UUID, list[PlacedMakeUp]]:
    entries = (
        RosterEntry.objects.current()
        .filter(
            makes_up__isnull=False,
            group_session__program=program,
            group_session__scheduled_start__gte=week.span[0],
            group_session__scheduled_start__lt=week.span[1],
        )
        .exclude(group_session__state=SessionState.CANCELLED)
        .order_by("group_session__scheduled_start")
        .values_list(
            "patient_id",
            "group_session_id",
            "group_session__title",
            "group_session__scheduled_start",
            "group_session__state",
            "group_session__facilitator_id",
            "makes_up__group_session__scheduled_start",
        )
    )
    found: defaultdict[UUID, list[PlacedMakeUp]] = defaultdict(list)
    for patient_id, session_id, title, start, state, facilitator_id, missed_start in entries:
        is_ahead = state == SessionState.SCHEDULED and start > at
        found[patient_id].append(
            PlacedMakeUp(session_id, title, start, missed_start, is_ahead and may_place(facilitator_id))
        )
    return found


def _row(
    reading: WeekReading,
    patient_id: UUID,
    person: _Person,
    names: _Names,
    dates: ServiceDates,
    *,
    offer: Offer | None,
    split: Mapping[LossCause, int],
    placed: tuple[PlacedMakeUp, ...],
    may_place: MayPlace,
) -> BoardRow:
    row, episode = reading.rows[patient_id], reading.episodes[patient_id]
    enrollment = episode.enrollment
    return BoardRow(
        patient_id=patient_id,
        enrollment_id=enrollment.pk,
        name=person.name,
        record_number=person.record_number,
        track_name=names.tracks.get(enrollment.track_id, "") if enrollment.track_id else "",
        therapist_name=names.therapists.get(enrollment.primary_therapist_id, "")
        if enrollment.primary_therapist_id
        else "",
        state=enrollment.state_enum,
        week=row,
        words=WEEK_FLAG_WORDS[row.flag],
        notes=tuple(WEEK_NOTE_WORDS[note] for note in row.notes),
        needed_min=0 if offer is None else offer.needed_min,
        days=_dots(reading, patient_id),
        trend=tuple(
            100 * one.hours_min // one.target_min if one.target_min else None
            for one in reading.past[patient_id]
            if dates.holds(one.first_day)
        ),
        reasons=tuple((LOSS_WORDS[cause], minutes) for cause, minutes in split.items()),
        suggestions=() if offer is None else _suggestions(offer, may_place),
        may_join=offer is None or offer.may_join,
        placed=placed,
        expected_return_on=episode.held.expected_return_on,
    )


def _suggestions(offer: Offer, may_place: MayPlace) -> tuple[Suggestion, ...]:
    return tuple(
        Suggestion(make_up, missed, may_place(make_up.facilitator_id)) for make_up, missed in offer.pairs()
    )


def _dots(reading: WeekReading, patient_id: UUID) -> tuple[DayDot, ...]:
    earned = reading.days[patient_id]
    planned: defaultdict[date, list[SessionFigures]] = defaultdict(list)
    for one in reading.listed.get(patient_id, ()):
        planned[one.service_on].append(one)
    days = (reading.week.first_day + timedelta(days=offset) for offset in range(7))
    return tuple(_dot(day, earned.get(day, 0), planned.get(day, [])) for day in days)


def _dot(day: date, minutes: int, sessions: list[SessionFigures]) -> DayDot:
    if minutes:
        return DayDot(day, "attended", minutes)
    if any(one.ahead_min for one in sessions):
        return DayDot(day, "coming", 0)
    return DayDot(day, "missed" if any(one.planned_min for one in sessions) else "", 0)
