"""Who was in the program on each day: active, on hold, admitted, discharged, and how long they stayed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median
from uuid import UUID

from django.db.models import Q

from telehealth.enrollment.models import DischargeKind, Enrollment, EnrollmentChange, EnrollmentState
from telehealth.enrollment.selectors import Holds, holds_of
from telehealth.programs.models import Track
from telehealth.programs.selectors import ServiceDates

from ..document import Bar, Cell, Figure, Report, Row, joined, number
from ..scope import ReportScope

COLUMNS = (
    "date",
    "track",
    "active",
    "of_them_in_taper",
    "on_hold",
    "admits",
    "discharges",
    *(f"discharges_{kind.value}" for kind in DischargeKind),
    "length_of_stay_days",
)
HEADS = ("Date", "Active", "On hold", "Admitted", "Discharged", "Tracks")
ALL, NONE = "(all)", "(no track)"


@dataclass(frozen=True, slots=True)
class _Stay:
    """One episode with its dated steps: (day, state, track), in the order in which they took effect."""

    row: Enrollment
    steps: Sequence[tuple[date, EnrollmentState, UUID | None]]
    holds: Holds

    def is_in_program(self, day: date) -> bool:
        """Say whether the person was in the program: from the admission through the last day of service."""
        ends = self.row.discharged_on
        return self.row.admitted_on <= day and (ends is None or day <= ends)

    def is_on_hold(self, day: date) -> bool:
        """Say whether a hold lasted on a day."""
        return any(start <= day and (back is None or day < back) for start, back in self.holds.spans)

    def state_on(self, day: date) -> EnrollmentState:
        """Give the state that the steps taken until a day came to."""
        taken = [state for on, state, _ in self.steps if on <= day]
        return taken[-1] if taken else EnrollmentState.ACTIVE

    def track_on(self, day: date) -> UUID | None:
        """Give the track on a day; an episode that never changed it has one only."""
        taken = [track for on, _, track in self.steps if on <= day]
        return taken[-1] if taken else self.row.track_id

    @property
    def days(self) -> int:
        """Give the length of a stay that is over, its first and last day included."""
        return (
            0 if self.row.discharged_on is None else (self.row.discharged_on - self.row.admitted_on).days + 1
        )


@dataclass(frozen=True, slots=True)
class _Day:
    """The counts of one day, of one track or of all."""

    day: date
    active: int
    taper: int
    on_hold: int
    admits: int
    discharged: tuple[_Stay, ...]


def census(scope: ReportScope) -> Report:
    """Gather the census of each day up to today; three queries."""
    dates = scope.dates.clip(None, scope.program.date_at(scope.at))
    stays = [] if dates.is_empty else _stays(scope, dates)
    tracks = {one.pk: one.name for one in Track.objects.filter(program=scope.program).order_by("name")}
    names = dict(tracks) if scope.track is None else {scope.track.pk: scope.track.name}
    days = list(_dates(dates))
    totals = [_count(stays, day, None if scope.track is None else {scope.track.pk}) for day in days]
    rows = [row for total in totals for row in _rows(total, stays, names, is_split=scope.track is None)]
    gone = [stay for total in totals for stay in total.discharged]
    active = [total.active for total in totals]
    lengths = [stay.days for stay in gone]
    return Report(
        columns=COLUMNS,
        heads=HEADS,
        rows=tuple(rows),
        figures=(
            Figure("Average daily census", _average(active), "active, without holds"),
            Figure("Active on the last day", str(active[-1]) if active else "none"),
            Figure("Admitted", str(sum(total.admits for total in totals))),
            Figure("Discharged", str(len(gone)), _kinds(gone)),
            Figure(
                "Length of stay",
                f"{_average(lengths)} days" if lengths else "none",
                f"median {median(lengths):g} days, of those discharged"
                if lengths
                else "nobody was discharged",
            ),
        ),
        bars=tuple(_bars(totals)) if any(active) else (),
        picture="Average active by week",
        notes=("A patient counts through the last day of service. There is no waiting list to count.",),
        empty="Nobody was in the program on these days.",
    )


def _stays(scope: ReportScope, dates: ServiceDates) -> list[_Stay]:
    rows = list(
        Enrollment.objects.filter(program=scope.program, admitted_on__lte=dates.last)
        .filter(Q(discharged_on__isnull=True) | Q(discharged_on__gte=dates.first))
        .exclude(state=EnrollmentState.PENDING)
    )
    pks = [row.pk for row in rows]
    steps: defaultdict[UUID, list[tuple[date, EnrollmentState, UUID | None]]] = defaultdict(list)
    for one in EnrollmentChange.objects.filter(enrollment__in=pks).order_by("effective_on", "pk"):
        steps[one.enrollment_id].append((one.effective_on, EnrollmentState(one.state), one.track_id))
    holds = holds_of(pks)
    return [_Stay(row, steps[row.pk], holds.get(row.pk, Holds())) for row in rows]


def _dates(dates: ServiceDates) -> Iterator[date]:
    day = dates.first
    while day <= dates.last:
        yield day
        day += timedelta(days=1)


def _count(stays: Sequence[_Stay], day: date, tracks: set[UUID | None] | None) -> _Day:
    there = [
        stay for stay in stays if stay.is_in_program(day) and (tracks is None or stay.track_on(day) in tracks)
    ]
    held = [stay for stay in there if stay.is_on_hold(day)]
    active = [stay for stay in there if not stay.is_on_hold(day)]
    return _Day(
        day=day,
        active=len(active),
        taper=sum(stay.state_on(day) is EnrollmentState.TAPER for stay in active),
        on_hold=len(held),
        admits=sum(stay.row.admitted_on == day for stay in there),
        discharged=tuple(stay for stay in there if stay.row.discharged_on == day),
    )


def _rows(total: _Day, stays: Sequence[_Stay], names: Mapping[UUID, str], *, is_split: bool) -> Iterator[Row]:
    if not is_split:
        yield Row(_cells(total, next(iter(names.values()))), _shown(total, ""))
        return
    by_track = [(name, _count(stays, total.day, {pk})) for pk, name in names.items()]
    without = _count(stays, total.day, {None})
    if names and (without.active or without.on_hold):
        by_track.append((NONE, without))
    yield Row(_cells(total, ALL), _shown(total, joined(f"{name} {part.active}" for name, part in by_track)))
    for name, part in by_track:
        yield Row(_cells(part, name))


def _cells(one: _Day, track: str) -> tuple[str, ...]:
    kinds = Counter(stay.row.discharge_kind for stay in one.discharged)
    return (
        one.day.isoformat(),
        track,
        *map(str, (one.active, one.taper, one.on_hold, one.admits, len(one.discharged))),
        *(str(kinds[kind.value]) for kind in DischargeKind),
        joined(stay.days for stay in one.discharged),
    )


def _shown(one: _Day, tracks: str) -> tuple[Cell, ...]:
    return (
        Cell(f"{one.day:%a %Y-%m-%d}"),
        number(one.active, note=f"{one.taper} in taper" if one.taper else ""),
        number(one.on_hold),
        number(one.admits),
        number(len(one.discharged), note=_kinds(one.discharged)),
        Cell(tracks),
    )


def _kinds(stays: Sequence[_Stay]) -> str:
    kinds = Counter(DischargeKind(one.row.discharge_kind) for one in stays if one.row.discharge_kind)
    return ", ".join(f"{count} {str(kind.label).lower()}" for kind, count in kinds.most_common())


def _bars(totals: Sequence[_Day]) -> Iterator[Bar]:
    most = max(one.active for one in totals)
    for number_of_week in range(0, len(totals), 7):
        part = [one.active for one in totals[number_of_week : number_of_week + 7]]
        first = totals[number_of_week].day
        yield Bar(f"From {first:%b} {first.day}", round(sum(part) / len(part)), most, _average(part))


def _average(values: Sequence[int]) -> str:
    return f"{sum(values) / len(values):.1f}" if values else "none"
