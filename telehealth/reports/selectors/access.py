"""Who read or exported attendance: the audit trail's events about it, with the refusals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q
from django.urls import reverse

from sessions.models import GroupSession
from telehealth.accounts.attendance_reads import READS_ATTENDANCE
from telehealth.accounts.models import User
from telehealth.audit.actions import AuditAction
from telehealth.audit.models import AuditEvent
from telehealth.core.csv import instant
from telehealth.enrollment.models import Enrollment, Patient
from telehealth.programs.models import Program, ProgramMembership

from ..document import Bar, Cell, Figure, Report, Row, initials, moment, share
from ..scope import ReportScope

COLUMNS = (
    "at",
    "user_id",
    "user",
    "role",
    "action",
    "result",
    "patient_id",
    "patient_initials",
    "object_type",
    "object_id",
    "page",
    "count",
    "filter",
    "reason",
    "request_id",
    "seq",
)
HEADS = ("When", "Who", "What", "About", "Filter", "Result")
ACTION_WORDS = {
    AuditAction.PATIENT_VIEWED: "Opened a patient's page",
    AuditAction.ATTENDANCE_VIEWED: "Looked at attendance",
    AuditAction.WEEK_BOARD_VIEWED: "Looked at the week board",
    AuditAction.TERMS_COMPARED: "Compared terms over a past month",
    AuditAction.REPORT_VIEWED: "Looked at a report",
    AuditAction.REPORT_EXPORTED: "Downloaded a report",
    AuditAction.AUDIT_VIEWED: "Looked at a session's audit",
    AuditAction.AUDIT_EXPORTED: "Downloaded a session's audit",
    AuditAction.EVIDENCE_EXPORTED: "Downloaded the evidence of a session",
    AuditAction.ACCESS_DENIED: "Was refused",
}
_EXPORTS = frozenset({AuditAction.REPORT_EXPORTED, AuditAction.AUDIT_EXPORTED, AuditAction.EVIDENCE_EXPORTED})


@dataclass(frozen=True, slots=True)
class _Known:
    """The sessions and patients of the program that events name, by the text of their ids."""

    program: Program
    sessions: Mapping[str, GroupSession]
    patients: Mapping[str, Patient]
    by_user: Mapping[str, Patient]

    def holds(self, event: AuditEvent) -> bool:
        """Say whether an event is about this program.

        A list, or a refusal at the door, names nothing; it is the program's whose member asked.
        """
        named = _ids(event)
        ours = (self.sessions, self.patients, self.by_user, {str(self.program.pk)})
        return not named or any(one in each for one in named for each in ours)

    def patient_of(self, event: AuditEvent) -> Patient | None:
        """Give the one patient an event is about."""
        named = self.patients.get(str(event.data.get("patient", "")))
        whose = self.by_user.get(str(event.data.get("facts_of", "")))
        return self.patients.get(event.subject_id) or named or whose


def access(scope: ReportScope) -> Report:
    """Gather the reads of the range, newest first; dates are those of the reading."""
    events = _events(scope)
    known = _known(scope, events)
    shown = [event for event in events if known.holds(event)]
    readers = Counter(event.actor for event in shown if event.actor is not None)
    refused = sum(event.action == AuditAction.ACCESS_DENIED for event in shown)
    return Report(
        columns=COLUMNS,
        heads=HEADS,
        rows=tuple(_row(scope, event, known) for event in shown),
        figures=(
            Figure("Reads", str(len(shown) - refused)),
            Figure("People who read", str(len(readers))),
            Figure("Files downloaded", str(sum(event.action in _EXPORTS for event in shown))),
            Figure("Refused", str(refused), kind="warn" if refused else "ok"),
        ),
        bars=tuple(
            Bar(user.full_name, count, len(shown), f"{count} ({share(count, len(shown))})")
            for user, count in readers.most_common(8)
        ),
        picture="Who read most",
        notes=(
            "Dates are those of the reading. A page that renews itself counts once in a quarter of an hour.",
            "Network addresses are not recorded, and there is no emergency access to record.",
        ),
        empty="Nobody read attendance on these days.",
    )


def _events(scope: ReportScope) -> list[AuditEvent]:
    if scope.dates.is_empty:
        return []
    start, end = scope.span
    members = ProgramMembership.objects.filter(program=scope.program).values("user")
    reads = [action for action in ACTION_WORDS if action is not AuditAction.ACCESS_DENIED]
    denied = Q(action=AuditAction.ACCESS_DENIED, data__where__in=sorted(READS_ATTENDANCE))
    rows = AuditEvent.objects.filter(Q(action__in=reads) | denied, at__gte=start, at__lt=end)
    return list(rows.filter(actor__in=members).select_related("actor").order_by("-seq"))


def _known(scope: ReportScope, events: Iterable[AuditEvent]) -> _Known:
    named: set[UUID] = set()
    for event in events:
        named |= {UUID(text) for text in _ids(event)}
    sessions = GroupSession.objects.filter(program=scope.program, pk__in=named)
    enrolled = Enrollment.objects.filter(program=scope.program).values("patient")
    patients = Patient.objects.filter(pk__in=enrolled).filter(Q(pk__in=named) | Q(user__in=named))
    found = list(patients.select_related("user"))
    return _Known(
        scope.program,
        {str(one.pk): one for one in sessions},
        {str(one.pk): one for one in found},
        {str(one.user_id): one for one in found},
    )


def _ids(event: AuditEvent) -> list[str]:
    """Give the ids an event carries: its subject's, and those of its data."""
    found = [event.subject_id, *(event.data.get(name) for name in ("program", "patient", "facts_of"))]
    filters, ids = event.data.get("filters"), event.data.get("ids")
    if isinstance(filters, dict):
        found.append(filters.get("program"))
    if isinstance(ids, dict):
        found += ids.values()
    return [str(one) for one in found if _is_id(one)]


def _page(event: AuditEvent) -> str:
    """Name the page that was read; the number of a list's page is none."""
    named = (event.data.get(name) for name in ("report", "view", "list", "page", "where"))
    return next((one for one in named if isinstance(one, str) and one), "")


def _count(event: AuditEvent) -> str:
    counts = (event.data.get(name) for name in ("count", "rows", "patients"))
    return next((str(one) for one in counts if isinstance(one, int)), "")


def _is_id(value: object) -> bool:
    try:
        UUID(str(value))
    except ValueError:
        return False
    return True


def _row(scope: ReportScope, event: AuditEvent, known: _Known) -> Row:
    action, patient = AuditAction(event.action), known.patient_of(event)
    one = known.sessions.get(event.subject_id)
    is_refused = action is AuditAction.ACCESS_DENIED
    page = _page(event)
    filters = event.data.get("filters")
    narrowed = _filter(filters if isinstance(filters, dict) else event.data)
    return Row(
        cells=(
            instant(event.at),
            str(event.actor_id or ""),
            "" if event.actor is None else event.actor.full_name,
            "" if event.actor is None else event.actor.role,
            action.value,
            "refused" if is_refused else "allowed",
            "" if patient is None else str(patient.pk),
            "" if patient is None else initials(patient.user.full_name),
            event.subject_type,
            event.subject_id,
            page,
            _count(event),
            narrowed,
            str(event.data.get("reason", "")),
            event.request_id,
            str(event.seq),
        ),
        shown=(
            Cell(moment(event.at, scope.program.zone)),
            _who(event.actor),
            Cell(ACTION_WORDS[action], note=page.replace("_", " ")),
            _about(patient, one),
            Cell(narrowed),
            Cell("Refused" if is_refused else "Allowed", badge="refused" if is_refused else ""),
        ),
    )


def _filter(data: Mapping[str, object]) -> str:
    span = " to ".join(str(data[name]) for name in ("from", "until", "to") if data.get(name))
    named = ("week", "flag", "filter", "kind", "track", "therapist")
    others = [f"{name} {data[name]}" for name in named if data.get(name)]
    return ", ".join([*([span] if span else []), *others])


def _who(user: User | None) -> Cell:
    return Cell() if user is None else Cell(user.full_name, note=str(user.role_enum.label))


def _about(patient: Patient | None, one: GroupSession | None) -> Cell:
    if patient is not None:
        url = reverse("sessions:patient_history", args=[patient.pk])
        return Cell(patient.user.full_name, note="" if one is None else one.title, url=url)
    if one is not None:
        return Cell(one.title, url=reverse("sessions:audit", args=[one.pk]))
    return Cell("a list")
