"""Attendance audit over a range (domain.md 8): one row a patient and session, with all it rests on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.urls import reverse

from sessions.models import AttendanceRecord, GroupSession, SignOff
from sessions.rules.crediting.status import Status
from sessions.rules.presence.fold import SessionPresence, fold
from sessions.rules.telling.words import STATUS_WORDS
from sessions.selectors.ledger.facts import facts_of
from sessions.selectors.ledger.judgements import AbsenceRow, absences_of
from sessions.selectors.signing.corrections import CorrectionRow, corrections_of
from telehealth.core.csv import instant
from telehealth.enrollment.models import Enrollment

from ..document import Bar, Cell, Figure, Report, Row, initials, joined, number, share
from ..scope import ReportScope

COLUMNS = (
    "patient_id",
    "initials",
    "enrollment_id",
    "track",
    "service_date",
    "session_id",
    "service_type",
    "scheduled_start",
    "scheduled_end",
    "opened_at",
    "ended_at",
    "first_admitted",
    "last_left",
    "raw_intervals",
    "connections",
    "gaps",
    "bridged_seconds",
    "breaks",
    "facilitator_gaps",
    "audio_only",
    "camera_off_seconds",
    "facilitator",
    "credential",
    "group_size",
    "qualified_seconds",
    "strict_seconds",
    "credited_min",
    "billable_min",
    "hours_min",
    "decided_min",
    "decided_billable_min",
    "decided_hours_min",
    "ratio",
    "status",
    "absence",
    "flags",
    "is_final",
    "roster_state",
    "attested_by",
    "attested_at",
    "roster_hash",
    "adjustments",
    "terms_version",
    "track_terms_version",
    "chain_head",
)
HEADS = ("Service date", "Session", "Patient", "Status", "Computed", "Stands", "Billable", "Roster")


@dataclass(frozen=True, slots=True)
class _Around:
    """What the rows of a report share."""

    presence: Mapping[UUID, SessionPresence]
    corrections: Mapping[tuple[UUID, UUID], tuple[CorrectionRow, ...]]
    absences: Mapping[tuple[UUID, UUID], AbsenceRow]
    signatures: Mapping[UUID, SignOff]
    episodes: Mapping[UUID, list[Enrollment]]
    sizes: Mapping[UUID, int]


def attendance(scope: ReportScope) -> Report:
    """Gather every decided row of the range; the number of queries does not grow with rows."""
    rows = list(
        AttendanceRecord.objects.filter(group_session__in=scope.sessions())
        .select_related(
            "group_session__program",
            "group_session__facilitator",
            "group_session__track",
            "patient__user",
            "terms",
            "track_terms",
        )
        .order_by("service_date", "group_session__scheduled_start", "patient__user__family_name", "pk")
    )
    pks = list(dict.fromkeys(row.group_session_id for row in rows))
    around = _around(scope, pks, rows)
    statuses = Counter(Status(row.status) for row in rows)
    decided = sum(row.decided_min for row in rows)
    signed = sum(one.roster_state_enum.is_signed for one in {row.group_session for row in rows})
    return Report(
        columns=COLUMNS,
        heads=HEADS,
        rows=tuple(_row(scope, row, around) for row in rows),
        figures=(
            Figure("Sessions", str(len(pks)), f"{signed} signed", "ok" if signed == len(pks) else "warn"),
            Figure("Rows", str(len(rows)), "one a patient and session"),
            Figure("Minutes that stand", str(decided)),
            Figure("Corrected rows", str(sum(row.adjusted_min is not None for row in rows))),
        ),
        bars=tuple(
            Bar(STATUS_WORDS[status], count, len(rows), f"{count} ({share(count, len(rows))})")
            for status, count in statuses.most_common()
        ),
        picture="What the sessions came to",
        notes=("Downloading the file locks the signed rosters it holds: later changes are amendments.",),
        session_ids=tuple(pks),
    )


def _around(scope: ReportScope, pks: Collection[UUID], rows: Iterable[AttendanceRecord]) -> _Around:
    sessions = {row.group_session_id: row.group_session for row in rows}
    facts = facts_of(pks)
    presence = {pk: fold(facts[pk], as_of=sessions[pk].ended_at or scope.at) for pk in pks}
    signatures = {
        one.group_session_id: one
        for one in SignOff.objects.filter(group_session__in=pks)
        .select_related("signed_by")
        .order_by("number")
    }
    episodes: dict[UUID, list[Enrollment]] = {}
    people = {row.patient_id for row in rows}
    for one in Enrollment.objects.filter(program=scope.program, patient__in=people).order_by("admitted_on"):
        episodes.setdefault(one.patient_id, []).append(one)
    sizes = Counter(row.group_session_id for row in rows if row.qualified_seconds)
    return _Around(presence, corrections_of(pks), absences_of(scope.reader, pks), signatures, episodes, sizes)


def _row(scope: ReportScope, row: AttendanceRecord, around: _Around) -> Row:
    one, name = row.group_session, row.patient.user.full_name
    return Row(
        cells=tuple(_cells(row, around)),
        shown=(
            Cell(f"{row.service_date:%Y-%m-%d}"),
            Cell(one.title, note=one.facilitator.full_name, url=reverse("sessions:audit", args=[one.pk])),
            Cell(
                name,
                note=row.patient.record_number,
                url=reverse("sessions:patient_history", args=[row.patient_id]),
            ),
            Cell(STATUS_WORDS[Status(row.status)], badge=row.status),
            number(row.credited_min),
            number(row.decided_min, note="corrected" if row.adjusted_min is not None else ""),
            number(row.decided_billable_min),
            Cell(badge=one.roster_state.lower()),
        ),
    )


def _cells(row: AttendanceRecord, around: _Around) -> Iterable[str]:
    one, key = row.group_session, (row.group_session_id, row.patient_id)
    presence = around.presence[one.pk]
    person = presence.participants.get(str(row.patient.user_id))
    spans = () if person is None else person.presence
    yield str(row.patient_id)
    yield initials(row.patient.user.full_name)
    yield _episode(row, around)
    yield "" if one.track is None else one.track.name
    yield row.service_date.isoformat()
    yield str(one.pk)
    yield one.service_type
    yield from (instant(at) for at in (one.scheduled_start, one.scheduled_end, one.opened_at, one.ended_at))
    yield instant(min((start for start, _ in spans), default=None))
    yield instant(max((end for _, end in spans), default=None))
    yield _spans(spans)
    yield str(len(spans))
    yield _pieces(row, "absent")
    yield str(sum(_seconds(piece) for piece in row.timeline if piece["kind"] == "bridged"))
    yield _pieces(row, "break")
    yield _pieces(row, "no_facilitator")
    yield _spans(() if person is None else person.audio_only)
    camera_off = () if person is None else person.camera_off
    yield str(sum(int((end - start).total_seconds()) for start, end in camera_off))
    yield one.facilitator.full_name
    yield one.facilitator.credential
    yield str(around.sizes.get(one.pk, 0))
    yield from map(str, (row.qualified_seconds, row.strict_seconds))
    yield from map(str, (row.credited_min, row.billable_min, row.hours_min))
    yield from map(str, (row.decided_min, row.decided_billable_min, row.decided_hours_min))
    yield str(row.ratio)
    yield row.status
    absence = around.absences.get(key)
    yield "" if absence is None else f"{absence.kind} {absence.reason}"
    yield " ".join(map(str, row.flags))
    yield "yes" if row.is_final else "no"
    yield from _settled(one, around.signatures.get(one.pk))
    yield joined(_adjustment(each) for each in around.corrections.get(key, ()))
    yield str(row.terms.version)
    yield "" if row.track_terms is None else str(row.track_terms.version)
    yield row.chain_head


def _settled(one: GroupSession, signature: SignOff | None) -> tuple[str, str, str, str]:
    if signature is None:
        return one.roster_state, "", "", ""
    signer = f"{signature.signed_by.full_name}, {signature.credential}"
    return one.roster_state, signer, instant(signature.signed_at), signature.roster_hash


def _adjustment(each: CorrectionRow) -> str:
    outcome = "pending" if each.outcome is None else f"{each.outcome} {instant(each.decided_at)}"
    late = " late_entry" if each.is_late_entry else ""
    return f"{each.old_min}>{each.new_min} {each.reason} by {each.requested_by_id}{late} {outcome}"


def _episode(row: AttendanceRecord, around: _Around) -> str:
    found = [one for one in around.episodes.get(row.patient_id, ()) if one.admitted_on <= row.service_date]
    return str(found[-1].pk) if found else ""


def _spans(spans: Iterable[tuple[datetime, datetime]]) -> str:
    return joined(f"{instant(start)}/{instant(end)}" for start, end in spans)


def _pieces(row: AttendanceRecord, kind: str) -> str:
    return joined(f"{piece['from']}/{piece['to']}" for piece in row.timeline if piece["kind"] == kind)


def _seconds(piece: Mapping[str, str]) -> int:
    start, end = (datetime.fromisoformat(piece[edge]) for edge in ("from", "to"))
    return int((end - start).total_seconds())
