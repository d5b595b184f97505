"""Every adjustment, late entry and amendment after the lock, by the service date it is about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from uuid import UUID

from django.urls import reverse

from sessions.models import CorrectionOutcome, CorrectionReason, GroupSession
from sessions.selectors.signing.corrections import CorrectionRow, corrections_of
from telehealth.audit.actions import AuditAction
from telehealth.audit.models import AuditEvent
from telehealth.core.csv import instant
from telehealth.enrollment.models import Patient

from ..document import Bar, Cell, Figure, Report, Row, initials, moment, number, share
from ..scope import ReportScope

COLUMNS = (
    "entry",
    "service_date",
    "session_id",
    "patient_id",
    "initials",
    "old_min",
    "new_min",
    "reason",
    "is_late_entry",
    "needs_second_person",
    "requested_by_id",
    "requested_by",
    "requested_at",
    "outcome",
    "decided_by",
    "decided_at",
    "amends_locked_roster",
)
HEADS = ("Service date", "Session", "Patient", "Change", "Reason", "Asked for", "Outcome")


def corrections(scope: ReportScope) -> Report:
    """Gather the corrections of the range with the amendments they made, by service date."""
    sessions = {one.pk: one for one in scope.sessions().with_people()}
    found = [row for rows in corrections_of(sessions).values() for row in rows]
    people = {
        one.pk: one
        for one in Patient.objects.filter(pk__in={row.patient_id for row in found}).select_related("user")
    }
    amended = _amendments(sessions)
    after_lock = {str(event.data.get("correction")) for event in amended}
    entries = []
    for row in found:
        day = _service_date(sessions[row.group_session_id])
        entries.append((day, row.requested_at, _row(scope, sessions, people, row, after_lock)))
    for event in amended:
        day = _service_date(sessions[UUID(event.subject_id)])
        entries.append((day, event.at, _amendment(scope, sessions, event)))
    entries.sort(key=lambda entry: entry[:2], reverse=True)
    in_force = [row for row in found if row.is_in_force]
    reasons = Counter(row.reason for row in found)
    return Report(
        columns=COLUMNS,
        heads=HEADS,
        rows=tuple(row for _, _, row in entries),
        figures=(
            Figure("Corrections", str(len(found)), f"{len(in_force)} in force"),
            Figure("Minutes added or taken", _change(in_force), "by those approved"),
            Figure("Waiting", str(sum(row.is_pending for row in found)), kind=_waiting(found)),
            Figure("Late entries", str(sum(row.is_late_entry for row in found))),
            Figure("Amendments", str(len(amended)), "of signed rosters"),
        ),
        bars=tuple(
            Bar(
                str(CorrectionReason(reason).label),
                count,
                len(found),
                f"{count} ({share(count, len(found))})",
            )
            for reason, count in reasons.most_common()
        ),
        picture="Why minutes were corrected",
        notes=("People's own words are on the session's page for those who may read them, not in reports.",),
        empty="No minutes of these days were corrected.",
    )


def _amendments(sessions: Iterable[UUID]) -> list[AuditEvent]:
    rows = AuditEvent.objects.filter(
        action=AuditAction.ROSTER_AMENDED,
        subject_type=GroupSession._meta.label_lower,
        subject_id__in=[str(pk) for pk in sessions],
    )
    return list(rows.select_related("actor").order_by("seq"))


def _row(
    scope: ReportScope,
    sessions: Mapping[UUID, GroupSession],
    people: Mapping[UUID, Patient],
    row: CorrectionRow,
    after_lock: set[str],
) -> Row:
    one, patient = sessions[row.group_session_id], people[row.patient_id]
    amends = str(row.id) in after_lock
    outcome = "pending" if row.outcome is None else CorrectionOutcome(row.outcome).value
    notes = [word for word, holds in (("late entry", row.is_late_entry), ("after signing", amends)) if holds]
    return Row(
        cells=(
            "correction",
            _service_date(one).isoformat(),
            str(one.pk),
            str(patient.pk),
            initials(patient.user.full_name),
            str(row.old_min),
            str(row.new_min),
            row.reason,
            "yes" if row.is_late_entry else "no",
            "yes" if row.needs_second_person else "no",
            str(row.requested_by_id),
            row.requested_by,
            instant(row.requested_at),
            outcome,
            row.decided_by,
            instant(row.decided_at),
            "yes" if amends else "no",
        ),
        shown=(
            Cell(f"{_service_date(one):%Y-%m-%d}"),
            Cell(one.title, url=reverse("sessions:audit", args=[one.pk])),
            Cell(
                patient.user.full_name,
                note=patient.record_number,
                url=reverse("sessions:patient_history", args=[patient.pk]),
            ),
            number(row.new_min - row.old_min, note=f"{row.old_min} to {row.new_min} min"),
            Cell(row.reason_words, note=", ".join(notes)),
            Cell(row.requested_by, note=moment(row.requested_at, scope.program.zone)),
            Cell(row.outcome_words, badge=outcome, note=_decided(row, scope)),
        ),
    )


def _amendment(scope: ReportScope, sessions: Mapping[UUID, GroupSession], event: AuditEvent) -> Row:
    one = sessions[UUID(event.subject_id)]
    because = str(event.data.get("because", ""))
    words = {"correction": "A correction was approved", "late_facts": "Records of a connection came late"}
    who = "" if event.actor is None else event.actor.full_name
    return Row(
        cells=(
            "amendment",
            _service_date(one).isoformat(),
            str(one.pk),
            *("",) * 4,
            because,
            *("",) * 4,
            instant(event.at),
            "amended",
            who,
            instant(event.at),
            "yes",
        ),
        shown=(
            Cell(f"{_service_date(one):%Y-%m-%d}"),
            Cell(one.title, url=reverse("sessions:audit", args=[one.pk])),
            Cell("all of the roster"),
            Cell(),
            Cell(words.get(because, because)),
            Cell(who or "the product", note=moment(event.at, scope.program.zone)),
            Cell("Signed roster changed", badge="amended"),
        ),
    )


def _decided(row: CorrectionRow, scope: ReportScope) -> str:
    if row.decided_at is None:
        return ""
    if row.is_signed_alone:
        return "within what one person may decide"
    return f"{row.decided_by}, {moment(row.decided_at, scope.program.zone)}"


def _service_date(one: GroupSession) -> date:
    return one.program.date_at(one.opened_at or one.scheduled_start)


def _change(rows: Iterable[CorrectionRow]) -> str:
    added = sum(max(0, row.new_min - row.old_min) for row in rows)
    taken = sum(max(0, row.old_min - row.new_min) for row in rows)
    return f"{added} / {taken}"


def _waiting(rows: Iterable[CorrectionRow]) -> str:
    return "warn" if any(row.is_pending for row in rows) else "ok"
