"""Rosters that nobody has signed yet, and how long they have waited."""

from __future__ import annotations

from datetime import timedelta

from django.urls import reverse

from sessions.selectors.signing.unsigned import UnsignedSession, unsigned_sessions
from telehealth.core.csv import instant

from ..document import Bar, Cell, Figure, Report, Row, moment, number, share
from ..scope import ReportScope

COLUMNS = (
    "session_id",
    "title",
    "facilitator",
    "began_at",
    "ended_at",
    "due_at",
    "age_hours",
    "is_overdue",
    "signed_before",
    "is_final",
    "pending_corrections",
)
HEADS = ("Session", "Facilitator", "Ended", "Waits for", "What it waits for", "Corrections")
_AGES = (
    ("less than a day", timedelta(0), timedelta(days=1)),
    ("one to three days", timedelta(days=1), timedelta(days=3)),
    ("three to seven days", timedelta(days=3), timedelta(days=7)),
    ("more than a week", timedelta(days=7), timedelta.max),
)


def unsigned(scope: ReportScope) -> Report:
    """Gather the unsigned rosters of the range, the oldest first."""
    within = set(scope.session_ids())
    rows = [row for row in unsigned_sessions([scope.program.pk], scope.at) if row.id in within]
    overdue = sum(row.is_overdue for row in rows)
    return Report(
        columns=COLUMNS,
        heads=HEADS,
        rows=tuple(_row(scope, row) for row in rows),
        figures=(
            Figure("Unsigned", str(len(rows)), kind="warn" if rows else "ok"),
            Figure("Past their due time", str(overdue), kind="bad" if overdue else "ok"),
            Figure("Oldest", rows[0].age_words if rows else "none"),
        ),
        bars=tuple(_bars(rows)),
        picture="How long they have waited",
        empty="Every roster of these days is signed.",
    )


def _row(scope: ReportScope, row: UnsignedSession) -> Row:
    waits = "signature" if row.is_final else "records of the connections"
    if row.pending_corrections:
        waits = "a decision about a correction"
    return Row(
        cells=(
            str(row.id),
            row.title,
            row.facilitator_name,
            instant(row.began_at),
            instant(row.ended_at),
            instant(row.due_at),
            str(row.age // timedelta(hours=1)),
            "yes" if row.is_overdue else "no",
            "yes" if row.is_again else "no",
            "yes" if row.is_final else "no",
            str(row.pending_corrections),
        ),
        shown=(
            Cell(row.title, url=reverse("sessions:audit", args=[row.id])),
            Cell(row.facilitator_name),
            Cell(moment(row.ended_at, scope.program.zone)),
            Cell(row.age_words, note="past its due time" if row.is_overdue else ""),
            Cell(f"{waits}{', again' if row.is_again else ''}"),
            number(row.pending_corrections),
        ),
    )


def _bars(rows: list[UnsignedSession]) -> list[Bar]:
    found = []
    for label, start, end in _AGES if rows else ():
        count = sum(start <= row.age < end for row in rows)
        found.append(Bar(label, count, len(rows), f"{count} ({share(count, len(rows))})"))
    return found
