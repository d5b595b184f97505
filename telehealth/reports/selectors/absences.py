"""Missed sessions: how each counts, how the program reached out, and how many there were in a row."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import timedelta
from uuid import UUID

from django.urls import reverse

from sessions.models import (
    AttendanceRecord,
    OutreachAttempt,
    OutreachChannel,
    OutreachOutcome,
    RosterEntry,
    SessionState,
)
from sessions.rules.crediting.status import Status
from sessions.rules.weekly.absences import OutreachStep, step_due
from sessions.selectors.ledger.judgements import AbsenceRow, absences_of
from sessions.selectors.weekly.absences import missed_records
from telehealth.core.csv import instant

from ..document import Bar, Cell, Figure, Report, Row, initials, joined, moment, number, share
from ..scope import ReportScope

COLUMNS = (
    "service_date",
    "session_id",
    "title",
    "patient_id",
    "initials",
    "kind",
    "reason",
    "notice_at",
    "decided_by",
    "decided_at",
    "outreach_attempts",
    "outreach",
    "last_outcome",
    "missed_in_a_row",
    "policy_step",
    "made_up_by",
)
HEADS = ("Service date", "Session", "Patient", "Kind", "Reason", "Outreach", "In a row", "Step")
LOOK_BACK = timedelta(days=60)
_WORDS = {"NO_SHOW": "No-show, undecided", "EXCUSED": "Excused", "UNEXCUSED": "Unexcused"}
_BADGES = {"NO_SHOW": "no_show", "EXCUSED": "excused", "UNEXCUSED": "unexcused"}
_RUNNING = (Status.SCHEDULED, Status.EXPECTED, Status.IN_PROGRESS, Status.CANCELLED_BY_PROGRAM)

Place = tuple[UUID, UUID]


def absences(scope: ReportScope) -> Report:
    """Gather the missed sessions of the range, newest first."""
    rows = list(
        missed_records()
        .filter(group_session__in=scope.sessions())
        .select_related("group_session", "patient__user")
        .defer("timeline", "units", "flags")
        .order_by("-service_date", "-group_session__scheduled_start", "patient__user__family_name", "pk")
    )
    decisions = absences_of(scope.reader, [row.group_session_id for row in rows])
    attempts = _attempts(rows)
    runs = _runs(scope, {row.patient_id for row in rows}, decisions)
    made_up = _made_up(rows)
    kinds = Counter(_kind(decisions.get(_place(row))) for row in rows)
    reached = sum(any(one.outcome == OutreachOutcome.REACHED for one in each) for each in attempts.values())
    return Report(
        columns=COLUMNS,
        heads=HEADS,
        rows=tuple(
            _row(
                scope,
                row,
                decisions.get(_place(row)),
                attempts.get(_place(row), []),
                runs.get(_place(row), 0),
                made_up.get(_place(row), ""),
            )
            for row in rows
        ),
        figures=(
            Figure("Missed", str(len(rows))),
            Figure("Undecided", str(kinds["NO_SHOW"]), kind="warn" if kinds["NO_SHOW"] else "ok"),
            Figure("Somebody was reached", share(reached, len(rows)), f"after {reached} of {len(rows)}"),
            Figure("Made up", str(len(made_up))),
        ),
        bars=tuple(
            Bar(_WORDS[kind], count, len(rows), f"{count} ({share(count, len(rows))})")
            for kind, count in kinds.most_common()
        ),
        picture="How they count",
        notes=("An excused absence never adds minutes. What people wrote down stays in the records.",),
        empty="Nobody missed a session on these days.",
    )


def _place(row: AttendanceRecord) -> Place:
    return row.group_session_id, row.patient_id


def _kind(decision: AbsenceRow | None) -> str:
    return "NO_SHOW" if decision is None else str(decision.kind)


def _attempts(rows: Iterable[AttendanceRecord]) -> Mapping[Place, list[OutreachAttempt]]:
    found: defaultdict[Place, list[OutreachAttempt]] = defaultdict(list)
    made = OutreachAttempt.objects.filter(group_session__in={row.group_session_id for row in rows})
    for one in made.select_related("enrollment").defer("note").order_by("made_at", "pk"):
        if one.group_session_id is not None:
            found[one.group_session_id, one.enrollment.patient_id].append(one)
    return found


def _made_up(rows: Iterable[AttendanceRecord]) -> Mapping[Place, str]:
    entries = (
        RosterEntry.objects.current()
        .filter(makes_up__group_session__in={row.group_session_id for row in rows})
        .exclude(group_session__state=SessionState.CANCELLED)
        .values_list("makes_up__group_session_id", "patient_id", "group_session_id")
    )
    return {(missed, patient): str(group_session) for missed, patient, group_session in entries}


def _runs(
    scope: ReportScope, patients: set[UUID], decisions: Mapping[Place, AbsenceRow]
) -> Mapping[Place, int]:
    """Count for each missed session how many there were in a row up to it.

    Excused ones are passed over, any presence begins anew.
    """
    since = scope.dates.first - LOOK_BACK
    records = (
        AttendanceRecord.objects.filter(
            patient__in=patients,
            group_session__program=scope.program,
            service_date__range=(since, scope.dates.last),
        )
        .exclude(status__in=_RUNNING)
        .order_by("group_session__scheduled_start", "pk")
    )
    earlier = absences_of(scope.reader, list(records.values_list("group_session_id", flat=True)))
    counts: Counter[UUID] = Counter()
    found: dict[Place, int] = {}
    for row in records.defer("timeline", "units", "flags"):
        decision = decisions.get(_place(row)) or earlier.get(_place(row))
        if row.status != Status.NO_SHOW or row.decided_min:
            counts[row.patient_id] = 0
        elif _kind(decision) != "EXCUSED":
            counts[row.patient_id] += 1
            found[_place(row)] = counts[row.patient_id]
    return found


def _row(
    scope: ReportScope,
    row: AttendanceRecord,
    decision: AbsenceRow | None,
    attempts: list[OutreachAttempt],
    in_a_row: int,
    made_up_by: str,
) -> Row:
    kind, name = _kind(decision), row.patient.user.full_name
    step = _step(row, in_a_row)
    tried = joined(f"{instant(one.made_at)} {one.channel} {one.outcome}" for one in attempts)
    last = OutreachOutcome(attempts[-1].outcome) if attempts else None
    return Row(
        cells=(
            row.service_date.isoformat(),
            str(row.group_session_id),
            row.group_session.title,
            str(row.patient_id),
            initials(name),
            kind,
            "" if decision is None else decision.reason,
            "" if decision is None else instant(decision.noticed_at),
            "" if decision is None else decision.decided_by,
            "" if decision is None else instant(decision.decided_at),
            str(len(attempts)),
            tried,
            "" if last is None else last.value,
            str(in_a_row),
            "" if step is None else step.title,
            made_up_by,
        ),
        shown=(
            Cell(f"{row.service_date:%Y-%m-%d}"),
            Cell(row.group_session.title, url=reverse("sessions:audit", args=[row.group_session_id])),
            Cell(
                name,
                note=row.patient.record_number,
                url=reverse("sessions:patient_history", args=[row.patient_id]),
            ),
            Cell(_WORDS[kind], badge=_BADGES[kind], note="made up" if made_up_by else ""),
            Cell(
                "" if decision is None else decision.reason_words,
                note="" if decision is None else f"by {decision.decided_by}",
            ),
            Cell(
                "" if last is None else str(last.label),
                note=""
                if last is None
                else f"{len(attempts)} in all, last by {OutreachChannel(attempts[-1].channel).label.lower()} "
                f"{moment(attempts[-1].made_at, scope.program.zone)}",
            ),
            number(in_a_row),
            Cell("" if step is None else step.title),
        ),
    )


def _step(row: AttendanceRecord, in_a_row: int) -> OutreachStep | None:
    if not in_a_row:
        return None
    return step_due(in_a_row, last_contact_on=row.service_date, today=row.service_date)
