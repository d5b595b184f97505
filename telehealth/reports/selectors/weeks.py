"""Weekly hours against their targets. Partial weeks and weeks on hold stay out of the denominator."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.urls import reverse

from sessions.models import AbsenceKind, AttendanceRecord, RosterEntry
from sessions.rules.conditions.service_types import COUNTING_TYPES
from sessions.rules.crediting.units import per_diem
from sessions.rules.telling.words import WEEK_FLAG_WORDS
from sessions.rules.weekly.weeks import WeekFlag, WeekRow
from sessions.selectors.weekly.absences import missed_records, newest_kinds
from sessions.selectors.weekly.weeks import Week, WeekReading, read_weeks, week_on
from telehealth.accounts.models import User
from telehealth.enrollment.models import Patient
from telehealth.programs.models import Track

from ..document import Bar, Cell, Figure, Report, Row, initials, number, share
from ..scope import ReportScope

COLUMNS = (
    "week_start",
    "week_end",
    "is_over",
    "patient_id",
    "initials",
    "track",
    "target_min",
    "scheduled_min",
    "credited_min",
    "billable_min",
    "days_attended",
    "per_diem_days",
    "no_shows",
    "excused",
    "unexcused",
    "make_up_min",
    "remaining_min",
    "projected_min",
    "deficit_min",
    "surplus_min",
    "flag",
    "notes",
    "is_partial",
    "is_on_hold",
    "in_denominator",
)
HEADS = ("Week", "Patient", "Track", "Target", "Stands", "Days", "Missed", "Deficit", "Flag")


@dataclass(frozen=True, slots=True)
class _Sums:
    """Sums over the records of one patient in one week."""

    billable_min: int = 0
    per_diem_days: int = 0
    make_up_min: int = 0
    missed: Counter[str] | None = None

    def count(self, kind: str) -> int:
        """Count the missed sessions of a kind."""
        return 0 if self.missed is None else self.missed[kind]


def weeks(scope: ReportScope) -> Report:
    """Gather each patient's week; fourteen queries a week and a few for the whole range."""
    readings = [read_weeks(scope.program, None, week, at=scope.at) for week in _weeks(scope)]
    found = [
        (reading, patient_id, row)
        for reading in readings
        for patient_id, row in reading.rows.items()
        if scope.track is None or reading.episodes[patient_id].enrollment.track_id == scope.track.pk
    ]
    people = {
        one.pk: one
        for one in Patient.objects.filter(pk__in={pk for _, pk, _ in found}).select_related("user")
    }
    tracks = {one.pk: one for one in Track.objects.filter(program=scope.program)}
    sums = _sums(scope, readings)
    found.sort(key=lambda each: (each[0].week.first_day, _name(people[each[1]].user)))
    judged = [(reading, row) for reading, _, row in found if reading.is_over and row.is_in_compliance]
    met = sum(row.flag is WeekFlag.MET for _, row in judged)
    left_out = sum(not row.is_in_compliance for _, _, row in found)
    return Report(
        columns=COLUMNS,
        heads=HEADS,
        rows=tuple(
            _row(reading, people[pk], row, tracks, sums.get((pk, reading.week.first_day), _Sums()))
            for reading, pk, row in found
        ),
        figures=(
            Figure(
                "Weeks that met the target",
                share(met, len(judged)),
                f"{met} of {len(judged)} closed weeks",
                "ok" if judged and met == len(judged) else "warn" if judged else "",
            ),
            Figure("Below the target", str(len(judged) - met), kind="bad" if len(judged) > met else "ok"),
            Figure("Left out", str(left_out), "partial weeks and weeks on hold"),
            Figure("Still running", str(sum(not reading.is_over for reading, _, _ in found))),
        ),
        bars=tuple(_bars(judged)),
        picture="Closed weeks that met the target",
        notes=(
            "Minutes are those that stand: computed, or else by the last correction.",
            "A week in which somebody was admitted or discharged, or was on hold, is left out of the share.",
            *_not_whole(scope, readings),
        ),
        empty="Nobody has a weekly target in whole weeks of these days.",
    )


def _weeks(scope: ReportScope) -> Iterator[Week]:
    """Give the weeks that touch the dates and lie wholly in what the reader may see."""
    if scope.dates.is_empty:
        return
    week, today = week_on(scope.program, scope.dates.first), scope.program.date_at(scope.at)
    while week.first_day <= min(scope.dates.last, today):
        if scope.seen.holds(week.first_day) and scope.seen.holds(week.last_day):
            yield week
        week = week.earlier(-1)


def _not_whole(scope: ReportScope, readings: Iterable[WeekReading]) -> Iterator[str]:
    shown = {reading.week.first_day for reading in readings}
    if scope.seen.is_limited and not scope.dates.is_empty:
        first = week_on(scope.program, scope.dates.first).first_day
        if first not in shown:
            yield "Weeks of which a part lies outside your dates are not shown."


def _sums(scope: ReportScope, readings: Iterable[WeekReading]) -> Mapping[tuple[UUID, date], _Sums]:
    by_week = {reading.week.first_day: reading for reading in readings}
    if not by_week:
        return {}
    span = min(by_week), max(reading.week.last_day for reading in by_week.values())
    records = AttendanceRecord.objects.filter(
        group_session__program=scope.program, service_date__range=span
    ).select_related("group_session")
    made_up = set(
        RosterEntry.objects.current()
        .filter(makes_up__isnull=False, group_session__program=scope.program)
        .values_list("group_session_id", "patient_id")
    )
    absent = set(
        missed_records()
        .filter(group_session__program=scope.program, service_date__range=span)
        .values_list("group_session_id", "patient_id")
    )
    kinds = newest_kinds(absent)
    days: defaultdict[tuple[UUID, date], defaultdict[date, int]] = defaultdict(lambda: defaultdict(int))
    make_up: Counter[tuple[UUID, date]] = Counter()
    missed: defaultdict[tuple[UUID, date], Counter[str]] = defaultdict(Counter)
    for row in records.defer("timeline", "units", "flags"):
        place, week = (row.group_session_id, row.patient_id), week_on(scope.program, row.service_date)
        key = row.patient_id, week.first_day
        if row.group_session.service_type in COUNTING_TYPES:
            days[key][row.service_date] += row.decided_billable_min
        if place in made_up:
            make_up[key] += row.decided_hours_min
        if place in absent:
            missed[key][str(kinds.get(place, "NO_SHOW"))] += 1
    return {
        key: _Sums(
            billable_min=sum(days[key].values()),
            per_diem_days=_per_diems(by_week.get(key[1]), key[0], days[key].values()),
            make_up_min=make_up[key],
            missed=missed.get(key),
        )
        for key in {*days, *make_up, *missed}
    }


def _per_diems(reading: WeekReading | None, patient_id: UUID, minutes: Iterable[int]) -> int:
    terms = None if reading is None else reading.terms.get(patient_id)
    if terms is None:
        return 0
    return sum(per_diem(each, per_diem_min_minutes=terms.per_diem_min_minutes) for each in minutes)


def _row(
    reading: WeekReading, patient: Patient, row: WeekRow, tracks: Mapping[UUID, Track], sums: _Sums
) -> Row:
    pk, week = patient.pk, reading.week
    track_id = reading.episodes[pk].enrollment.track_id
    track = "" if track_id is None else tracks[track_id].name
    scheduled = sum(one.planned_min for one in reading.listed.get(pk, ()))
    rate = reading.rates.get(pk, reading.terms[pk].expected_rate_default)
    projected = row.hours_min + int(row.remaining_min * rate)
    surplus = max(0, row.hours_min - row.target_min)
    counted = reading.is_over and row.is_in_compliance
    missed, excused = sum((sums.missed or {}).values()), sums.count(AbsenceKind.EXCUSED)
    return Row(
        cells=(
            week.first_day.isoformat(),
            week.last_day.isoformat(),
            _yes(reading.is_over),
            str(pk),
            initials(patient.user.full_name),
            track,
            *map(str, (row.target_min, scheduled, row.hours_min, sums.billable_min, row.days)),
            str(sums.per_diem_days),
            str(sums.count("NO_SHOW")),
            str(sums.count(AbsenceKind.EXCUSED)),
            str(sums.count(AbsenceKind.UNEXCUSED)),
            *map(str, (sums.make_up_min, row.remaining_min, projected, row.deficit_min, surplus)),
            str(row.flag),
            " ".join(map(str, row.also)),
            _yes(row.partial),
            _yes(row.flag is WeekFlag.ON_HOLD),
            _yes(counted),
        ),
        shown=(
            Cell(f"{week.first_day:%Y-%m-%d}", note="" if reading.is_over else "still running"),
            Cell(
                patient.user.full_name,
                note=patient.record_number,
                url=reverse("sessions:patient_history", args=[pk]),
            ),
            Cell(track),
            number(row.target_min),
            number(row.hours_min, note=f"{sums.make_up_min} made up" if sums.make_up_min else ""),
            number(row.days),
            number(missed, note=f"{excused} excused" if excused else ""),
            number(row.deficit_min),
            Cell(
                WEEK_FLAG_WORDS[row.flag],
                badge=str(row.flag),
                note="" if row.is_in_compliance else "partial week, left out",
            ),
        ),
    )


def _bars(judged: Iterable[tuple[WeekReading, WeekRow]]) -> Iterator[Bar]:
    by_week: defaultdict[date, list[WeekRow]] = defaultdict(list)
    for reading, row in judged:
        by_week[reading.week.first_day].append(row)
    for first_day, rows in sorted(by_week.items()):
        met = sum(row.flag is WeekFlag.MET for row in rows)
        yield Bar(
            f"Week of {first_day:%b} {first_day.day}",
            met,
            len(rows),
            f"{met} of {len(rows)} ({share(met, len(rows))})",
        )


def _name(user: User) -> tuple[str, str, str]:
    return user.family_name, user.given_name, str(user.pk)


def _yes(value: bool) -> str:
    return "yes" if value else "no"
