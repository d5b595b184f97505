"""Which sessions could make up for what patients lack, and which missed place each would replace."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from sessions.models import AttendanceRecord, GroupSession, RosterEntry, SessionState
from sessions.rules.conditions.service_types import COUNTING_TYPES, GROUP_TYPES
from sessions.rules.time.instants import floor_instant
from sessions.rules.weekly.make_ups import WINDOW, MakeUpOption, best_make_ups
from sessions.selectors.weekly.week_rows import DECIDED, Episode
from sessions.selectors.weekly.weeks import Week, planned_minutes
from sessions.terms import patient_limit
from telehealth.enrollment.gates import JoinGateFacts, join_gate
from telehealth.enrollment.selectors import agreement_states
from telehealth.programs.models import Program

Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class MakeUp:
    """A session that a patient could be added to, and the places it has left."""

    group_session_id: UUID
    title: str
    facilitator_id: UUID
    facilitator_name: str
    start: datetime
    end: datetime
    minutes: int
    places_left: int


@dataclass(frozen=True, slots=True)
class MissedPlace:
    """A place on the roster of a session that brought the patient nothing and was not made up yet."""

    entry_id: int
    group_session_id: UUID
    title: str
    start: datetime

    def is_made_up_by(self, start: datetime) -> bool:
        """Say whether a session that starts then comes after the missed one, and at most a week after it."""
        return self.start < start <= self.start + WINDOW


@dataclass(frozen=True, slots=True)
class Offer:
    """What could save one patient's week; `best` is empty where no sessions cover what is needed.

    `may_join` is false for somebody whom the join gate would keep out of any group now.
    """

    needed_min: int
    best: tuple[MakeUp, ...]
    missed: tuple[MissedPlace, ...]
    may_join: bool = True

    def pairs(self) -> list[tuple[MakeUp, MissedPlace | None]]:
        """Give each session with the missed place it makes up: the oldest still in its window, each once."""
        left: list[MissedPlace] = list(self.missed)
        found: list[tuple[MakeUp, MissedPlace | None]] = []
        for make_up in self.best:
            missed = next((one for one in left if one.is_made_up_by(make_up.start)), None)
            if missed is not None:
                left.remove(missed)
            found.append((make_up, missed))
        return found


def offers_for(
    program: Program,
    episodes: Mapping[UUID, Episode],
    needed: Mapping[UUID, int],
    week: Week,
    *,
    at: datetime,
) -> dict[UUID, Offer]:
    """Find make-ups of the week for many patients at once; eight queries whatever their number.

    A session fits if it has not begun, is a group that counts, begins in this week, has a place left, is at
    a time when the patient has no other, and the join gate would let the patient in.
    """
    if not needed:
        return {}
    slots = _slots(_candidates(program, week, at))
    days = {pk: program.date_at(one.start) for pk, (one, _) in slots.items()}
    busy = _busy(needed, (at, week.span[1]))
    missed = missed_places(program, needed, at)
    states = agreement_states(needed, program, at)
    found = {}
    for patient_id, minutes in needed.items():
        episode = episodes[patient_id].enrollment
        gate = join_gate(
            JoinGateFacts(
                # Asked for each session's own day below.
                enrollment_in_force=episode.state_enum.is_in_treatment,
                on_roster=True,
                is_group=True,
                agreements=states[patient_id],
            )
        )
        in_force = {day for day in set(days.values()) if gate.allowed and episode.is_in_force(day)}
        fitting = (
            option
            for pk, (one, option) in slots.items()
            if days[pk] in in_force and not _overlaps(one, busy[patient_id])
        )
        found[patient_id] = Offer(
            needed_min=minutes,
            best=tuple(slots[option.id][0] for option in best_make_ups(fitting, minutes)),
            missed=tuple(missed[patient_id]),
            may_join=gate.allowed,
        )
    return found


def missed_places(
    program: Program, patient_ids: Collection[UUID], at: datetime
) -> defaultdict[UUID, list[MissedPlace]]:
    """Give each patient's places of the last week that brought nothing, the oldest first; two queries.

    Missed, too brief to count, cancelled, or never held. One that was made up already is left out.
    """
    entries = (
        RosterEntry.objects.current()
        .filter(
            patient__in=list(patient_ids),
            group_session__program=program,
            group_session__service_type__in=[str(one) for one in COUNTING_TYPES],
            group_session__scheduled_start__gte=at - WINDOW,
            group_session__scheduled_start__lt=at,
        )
        .exclude(Exists(_replacements()))
        .filter(
            Q(group_session__state__in=[SessionState.ENDED, SessionState.CANCELLED])
            | Q(group_session__state=SessionState.SCHEDULED, group_session__scheduled_end__lte=at)
        )
        .order_by("group_session__scheduled_start", "pk")
        .values_list(
            "pk", "patient_id", "group_session_id", "group_session__title", "group_session__scheduled_start"
        )
    )
    rows = list(entries)
    credited = set(
        AttendanceRecord.objects.alias(_standing=DECIDED)
        .filter(group_session__in={row[2] for row in rows}, _standing__gt=0)
        .values_list("patient_id", "group_session_id")
    )
    found: defaultdict[UUID, list[MissedPlace]] = defaultdict(list)
    for entry_id, patient_id, session_id, title, start in rows:
        if (patient_id, session_id) not in credited:
            found[patient_id].append(MissedPlace(entry_id, session_id, title, start))
    return found


def _replacements() -> QuerySet[RosterEntry]:
    """Give the places that stand for a missed one, by the missed one's `pk` outside."""
    rows = RosterEntry.objects.current().filter(makes_up=OuterRef("pk"))
    return rows.exclude(group_session__state=SessionState.CANCELLED)


def places_left(group_session: GroupSession) -> int:
    """Say how many more patients a session's terms allow on its roster; one query."""
    return _places_left(group_session, _taken([group_session])[group_session.pk])


def _candidates(program: Program, week: Week, at: datetime) -> list[GroupSession]:
    counting_groups = [str(one) for one in COUNTING_TYPES & GROUP_TYPES]
    rows = GroupSession.objects.filter(
        program=program,
        state=SessionState.SCHEDULED,
        service_type__in=counting_groups,
        scheduled_start__gt=at,
        scheduled_start__gte=week.span[0],
        scheduled_start__lt=week.span[1],
    )
    return list(rows.with_people().order_by("scheduled_start", "pk"))


def _slots(candidates: Iterable[GroupSession]) -> dict[str, tuple[MakeUp, MakeUpOption]]:
    """Give one session with a place left for each time, the one that counts longest.

    Who is listed in any session at that time cannot take another one at it, so one for each time is enough.
    """
    rows = list(candidates)
    taken = _taken(rows)
    best: dict[Span, MakeUp] = {}
    for one in rows:
        left = _places_left(one, taken[one.pk])
        if left > 0:
            made, span = _make_up(one, left), (one.scheduled_start, one.scheduled_end)
            if span not in best or best[span].minutes < made.minutes:
                best[span] = made
    return {str(one.group_session_id): (one, _option(one)) for one in best.values()}


def _taken(sessions: Iterable[GroupSession]) -> defaultdict[UUID, int]:
    rows = RosterEntry.objects.current().filter(group_session__in=[one.pk for one in sessions])
    return defaultdict(int, rows.order_by().values_list("group_session_id").annotate(Count("pk")))


def _places_left(group_session: GroupSession, taken: int) -> int:
    limit = patient_limit(group_session)
    return 0 if limit is None else limit - taken


def _busy(patient_ids: Collection[UUID], span: Span) -> defaultdict[UUID, list[Span]]:
    """Give when patients are expected anywhere, in whatever program; one query."""
    found: defaultdict[UUID, list[Span]] = defaultdict(list)
    entries = (
        RosterEntry.objects.current()
        .filter(
            patient__in=list(patient_ids),
            group_session__scheduled_end__gt=span[0],
            group_session__scheduled_start__lt=span[1],
        )
        .exclude(group_session__state=SessionState.CANCELLED)
    )
    for patient_id, start, end in entries.values_list(
        "patient_id", "group_session__scheduled_start", "group_session__scheduled_end"
    ):
        found[patient_id].append((start, end))
    return found


def _overlaps(make_up: MakeUp, spans: Iterable[Span]) -> bool:
    return any(start < make_up.end and make_up.start < end for start, end in spans)


def _make_up(group_session: GroupSession, left: int) -> MakeUp:
    return MakeUp(
        group_session_id=group_session.pk,
        title=group_session.title,
        facilitator_id=group_session.facilitator_id,
        facilitator_name=group_session.facilitator.full_name,
        start=group_session.scheduled_start,
        end=group_session.scheduled_end,
        minutes=planned_minutes(group_session),
        places_left=left,
    )


def _option(make_up: MakeUp) -> MakeUpOption:
    return MakeUpOption(
        str(make_up.group_session_id),
        floor_instant(make_up.start),
        floor_instant(make_up.end),
        make_up.minutes,
    )
