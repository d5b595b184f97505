"""What the product stores is what anybody computes from the exported evidence, number by number."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command

from sessions.models import AttendanceRecord, GroupSession
from sessions.rules.weekly.weeks import WeekNote
from sessions.selectors.ledger.evidence import evidence_for_patients, evidence_for_session
from sessions.selectors.weekly.weeks import week_on, weeks_of

from .lives import Life

pytestmark = pytest.mark.django_db

COMPUTED = (
    "qualified_seconds",
    "strict_seconds",
    "credited_min",
    "billable_min",
    "hours_min",
    "status",
    "flags",
    "units",
    "timeline",
)
OF_THE_CALCULATION = {WeekNote.MIN_DAYS, WeekNote.OVER_LOC}
"""The other notes the product lays over a week (credit.md 1)."""


def credit(evidence: Any, folder: Path) -> Any:
    """Recompute a file with the command."""
    file, out = folder / "evidence.json", io.StringIO()
    file.write_text(json.dumps(evidence), encoding="utf-8")
    call_command("credit", str(file), stdout=out)
    return json.loads(out.getvalue())


def credit_elsewhere(evidence: Any) -> Any:
    """Recompute in a process that has neither database nor Redis."""
    nowhere = {"DATABASE_URL": "postgres://nobody@127.0.0.1:1/none", "REDIS_URL": "redis://127.0.0.1:1/0"}
    done = subprocess.run(
        [sys.executable, "manage.py", "credit", "-"],
        cwd=settings.BASE_DIR,
        env={"PATH": os.environ["PATH"], **nowhere},
        input=json.dumps(evidence).encode(),
        capture_output=True,
        check=True,
    )
    return json.loads(done.stdout)


def hold_records_against(result: Any) -> int:
    """Compare every session that was opened with what is stored; gives how many rows were compared."""
    compared = 0
    for session in result["sessions"]:
        stored = {
            str(row.patient_id): row for row in AttendanceRecord.objects.filter(group_session=session["id"])
        }
        if not stored:
            assert GroupSession.objects.get(pk=session["id"]).opened_at is None
            continue
        assert stored.keys() == {one["id"] for one in session["patients"]}
        for one in session["patients"]:
            row = stored[one["id"]]
            assert {name: getattr(row, name) for name in COMPUTED} == {name: one[name] for name in COMPUTED}
            assert row.ratio == Decimal(str(one["ratio"])).quantize(Decimal("0.0001"))
            assert row.service_date.isoformat() == session["service_date"]
            compared += 1
    return compared


def hold_days_against(result: Any, counting: set[str]) -> None:
    """Compare the billable days with the sums of what is stored."""
    sums: defaultdict[tuple[str, str], int] = defaultdict(int)
    for session in result["sessions"]:
        for row in AttendanceRecord.objects.filter(group_session=session["id"]):
            minutes = row.billable_min if session["id"] in counting else 0
            sums[str(row.patient_id), row.service_date.isoformat()] += minutes
    found = {(row["patient"], row["service_date"]): row["billable_min"] for row in result["days"]}
    assert found == dict(sums)


@pytest.mark.parametrize("seed", range(4))
def test_records_days_and_weeks_are_what_the_command_computes(seed: int, tmp_path: Path) -> None:
    life = Life(seed)
    life.live()
    program = life.cast.program
    patients = [life.cast.record_of(person).pk for person in life.people]
    counting = {
        str(one.pk)
        for one in GroupSession.objects.filter(program=program)
        if one.service_type != "peer_support"
    }
    compared = 0
    for later in (0, 7):
        week = week_on(program, life.monday + timedelta(days=later))
        evidence = evidence_for_patients(program, patients, week, at=life.over)
        result = credit(evidence, tmp_path)
        compared += hold_records_against(result)
        hold_days_against(result, counting)
        product = weeks_of(program, patients, week, at=life.over)
        mine = [row for row in result["weeks"] if date.fromisoformat(row["week_start"]) == week.first_day]
        assert {row["patient"] for row in mine} == {str(pk) for pk in product}
        for row in mine:
            stored = next(one for pk, one in product.items() if str(pk) == row["patient"])
            assert row == {
                "patient": stored.patient,
                "week_start": stored.week_start.isoformat(),
                "target_min": stored.target_min,
                "hours_min": stored.hours_min,
                "remaining_min": stored.remaining_min,
                "days": stored.days,
                "flag": str(stored.flag),
                "deficit_min": stored.deficit_min,
                "also": sorted(str(note) for note in stored.also if note in OF_THE_CALCULATION),
                "partial": stored.partial,
            }
    assert compared >= 20


def test_the_file_of_one_session_gives_its_minutes_and_needs_no_database(tmp_path: Path) -> None:
    life = Life(1)
    life.live()
    held = (
        AttendanceRecord.objects.exclude(credited_min=0).order_by("-group_session__scheduled_start").first()
    )
    assert held is not None
    evidence = evidence_for_session(
        GroupSession.objects.with_people().get(pk=held.group_session_id), at=life.over
    )
    here = credit(evidence, tmp_path)
    assert credit_elsewhere(evidence) == here
    assert hold_records_against(here) > 0
