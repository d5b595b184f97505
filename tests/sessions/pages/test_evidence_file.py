"""The evidence file: whoever recomputes it with `manage.py credit` gets what the pages show."""

from __future__ import annotations

import io
import json
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.core.management import call_command

from sessions.models import GroupSession
from sessions.selectors import session_audit, week_of
from sessions.selectors.homes.strips import Strip
from tests.cast import Cast

from .browsing import Browser
from .stories import example_b, running

pytestmark = pytest.mark.django_db


def recomputed(cast: Cast, pk: UUID, folder: Path, at: datetime) -> dict[str, Any]:
    """Download the file as an auditor would, and run the command on it."""
    answer = Browser(cast.auditor, at).get("sessions:evidence", pk)
    assert answer["Content-Disposition"] == f'attachment; filename="evidence-{pk}.json"'
    assert answer["Cache-Control"] == "no-store"
    file, out = folder / "evidence.json", io.StringIO()
    file.write_bytes(answer.content)
    call_command("credit", str(file), stdout=out)
    result: dict[str, Any] = json.loads(out.getvalue())
    return result


def at_of(text: str) -> datetime:
    return datetime.fromisoformat(text)


def as_timeline(strip: Strip) -> list[tuple[datetime, datetime, str]]:
    """Read a drawn strip back: the reasons why somebody was not there are one kind in a timeline."""
    pieces: list[tuple[datetime, datetime, str]] = []
    for piece in strip.pieces:
        kind = "absent" if piece.kind in ("before", "waiting", "away", "after") else piece.kind
        if pieces and pieces[-1][2] == kind:
            pieces[-1] = (pieces[-1][0], piece.end, kind)
        elif kind != "early":
            pieces.append((piece.start, piece.end, kind))
    return pieces


def hold_the_page_against(cast: Cast, group: GroupSession, result: dict[str, Any], at: datetime) -> None:
    """Compare patient by patient what the audit page shows with what was recomputed."""
    page = session_audit(cast.auditor, group.pk, at)
    seen = next(one for one in result["sessions"] if one["id"] == str(group.pk))
    theirs = {one["id"]: one for one in seen["patients"]}
    assert len(theirs) == len(page.patients) > 0
    assert seen["service_date"] == page.service_date.isoformat()
    assert seen["delivered_seconds"] == page.delivered_seconds
    for mine in page.patients:
        one = theirs[str(mine.patient_id)]
        for name in ("qualified_seconds", "strict_seconds", "credited_min", "billable_min", "hours_min"):
            assert one[name] == getattr(mine, name)
        assert (one["status"], one["flags"]) == (mine.status, list(mine.flags))
        assert one["units"] == dict(mine.units)
        timeline = [(at_of(piece["from"]), at_of(piece["to"]), piece["kind"]) for piece in one["timeline"]]
        assert as_timeline(mine.strip) == timeline


def test_an_ended_session_recomputes_to_what_the_page_shows(cast: Cast, tmp_path: Path) -> None:
    group = example_b(cast)
    result = recomputed(cast, group.pk, tmp_path, cast.at)
    hold_the_page_against(cast, group, result, cast.at)
    seen = next(one for one in result["sessions"] if one["id"] == str(group.pk))
    patient = str(cast.record_of(cast.patient).pk)
    mine = next(one for one in seen["patients"] if one["id"] == patient)
    assert (mine["credited_min"], mine["billable_min"]) == (154, 153)


def test_the_week_recomputes_to_what_the_patients_home_shows(cast: Cast, tmp_path: Path) -> None:
    group = example_b(cast)
    result = recomputed(cast, group.pk, tmp_path, cast.at)
    rows = {row["patient"]: row for row in result["weeks"] if row["week_start"] == "2026-03-01"}
    assert len(rows) == 2
    for person in (cast.patient, cast.more_patients[0]):
        stored = week_of(cast.record_of(person), cast.program, cast.at)
        assert stored is not None
        row = rows[str(cast.record_of(person).pk)]
        assert (row["target_min"], row["hours_min"]) == (stored.target_min, stored.hours_min)
        assert (row["remaining_min"], row["flag"]) == (stored.remaining_min, str(stored.flag))


def test_a_running_session_recomputes_to_what_the_page_shows(cast: Cast, tmp_path: Path) -> None:
    known, _ = running(cast)
    result = recomputed(cast, cast.group_session.pk, tmp_path, known)
    hold_the_page_against(cast, cast.group_session, result, known)


def test_a_session_that_was_never_held_recomputes_too(cast: Cast, tmp_path: Path) -> None:
    at = cast.group_session.scheduled_end
    result = recomputed(cast, cast.group_session.pk, tmp_path, at)
    hold_the_page_against(cast, cast.group_session, result, at)


def test_the_file_names_ids_and_nobody(cast: Cast) -> None:
    group = example_b(cast)
    text = Browser(cast.admin, cast.at).get("sessions:evidence", group.pk).content.decode()
    assert str(cast.record_of(cast.patient).pk) in text
    for person in (cast.patient, cast.more_patients[0], cast.therapist):
        assert person.given_name not in text
        assert person.email not in text
    assert group.title not in text


def test_the_same_evidence_is_the_same_file(cast: Cast) -> None:
    group, admin = example_b(cast), Browser(cast.admin, cast.at)
    first, second = (admin.get("sessions:evidence", group.pk).content for _ in range(2))
    assert first == second
