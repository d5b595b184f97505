"""How fast the week board is: `python -m tests.load.week_board [patients ...]` prints figures.

Without numbers for 50 and for 500 patients. Everything happens in a database of its own that is thrown away:
8 weeks of history, four sessions a week for each patient in groups of ten, an attendance of about 85 %, and a
Wednesday on which some weeks can still be saved.
"""

from __future__ import annotations

import argparse
import logging
import os
import random
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from time import perf_counter, process_time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from telehealth.accounts.models import User
    from telehealth.programs.models import Program

WEDNESDAY = date(2026, 3, 4)
AT = datetime(2026, 3, 4, 17, 0, tzinfo=UTC)
WEEKS_BEFORE = 8
GROUP = 10
RUNS = 20
WARM_UP = 3


@dataclass(frozen=True, slots=True)
class Figures:
    """What one size of the program took."""

    patients: int
    queries: int
    board_ms: list[float]
    board_cpu_ms: float
    page_queries: int
    page_ms: list[float]
    page_cpu_ms: float


def fill(
    program: Program, admin: User, therapist: User, *, patients: int, at: datetime, seed: int = 1
) -> None:
    """Give a program patients with their history, in bulk; the same seed gives the same rows."""
    from sessions.models import AttendanceRecord, GroupSession, RosterEntry
    from telehealth.accounts.models import User
    from telehealth.accounts.roles import Role
    from telehealth.enrollment.models import (
        ConsentDocument,
        ConsentSignature,
        Enrollment,
        EnrollmentChange,
        EnrollmentState,
        Patient,
        WeeklyTarget,
    )
    from telehealth.programs.selectors import terms_in_force

    chance = random.Random(seed)
    sunday = program.date_at(at) - timedelta(days=(program.date_at(at).weekday() + 1) % 7)
    admitted = sunday - timedelta(weeks=WEEKS_BEFORE)
    users = User.objects.bulk_create(
        User(
            email=f"load{number}-{program.pk.hex[:8]}@example.org",
            role=Role.PATIENT.value,
            given_name=f"Patient{number}",
            family_name=f"Example{chance.randrange(1000)}",
            password="!",
        )
        for number in range(patients)
    )
    people = Patient.objects.bulk_create(
        Patient(user=user, record_number=f"L-{number}-{program.pk.hex[:8]}")
        for number, user in enumerate(users)
    )
    episodes = Enrollment.objects.bulk_create(
        Enrollment(
            patient=patient,
            program=program,
            state=EnrollmentState.ACTIVE,
            admitted_on=admitted,
            primary_therapist=therapist,
        )
        for patient in people
    )
    WeeklyTarget.objects.bulk_create(
        WeeklyTarget(enrollment=one, effective_on=admitted, minutes=540) for one in episodes
    )
    EnrollmentChange.objects.bulk_create(
        EnrollmentChange(
            enrollment=one, state=one.state, effective_on=admitted, changed_by=admin, changed_at=at
        )
        for one in episodes
    )
    ConsentSignature.objects.bulk_create(
        ConsentSignature(
            patient=patient,
            document=document,
            document_sha256=document.sha256,
            signed_by=patient.user,
            printed_name="A",
            signed_at=at - timedelta(weeks=WEEKS_BEFORE),
        )
        for patient in people
        for document in ConsentDocument.objects.filter(program=program)
    )
    terms = terms_in_force(program, admitted)
    sessions, places, records = [], [], []
    for begin in range(0, patients, GROUP):
        hour = 8 + begin // GROUP % 10
        for week in range(WEEKS_BEFORE + 1):
            for weekday in range(1, 5):
                day = admitted + timedelta(weeks=week, days=weekday)
                start = datetime.combine(day, time(hour), tzinfo=program.zone).astimezone(UTC)
                end = start + timedelta(minutes=195)
                pause = [[(start + timedelta(minutes=minute)).isoformat() for minute in (90, 105)]]
                is_over = end <= at
                one = GroupSession(
                    program=program,
                    title="Group",
                    service_type="group_therapy",
                    facilitator=therapist,
                    scheduled_start=start,
                    scheduled_end=end,
                    planned_breaks=pause,
                    terms=terms,
                    state="ENDED" if is_over else "SCHEDULED",
                    opened_at=start if is_over else None,
                    ended_at=end if is_over else None,
                )
                sessions.append(one)
                for patient in people[begin : begin + GROUP]:
                    places.append(
                        RosterEntry(group_session=one, patient=patient, added_by=admin, added_at=start)
                    )
                    if is_over:
                        came = chance.random() < 0.85
                        minutes = chance.choice((180, 180, 180, 170, 154)) if came else 0
                        records.append(_record(one, patient, day, minutes))
    GroupSession.objects.bulk_create(sessions, batch_size=500)
    RosterEntry.objects.bulk_create(places, batch_size=500)
    AttendanceRecord.objects.bulk_create(records, batch_size=500)


def _record(
    group_session: Any, patient: Any, day: date, minutes: int
) -> Any:  # Any: models, once Django is up
    from sessions.models import AttendanceRecord

    start, end = group_session.opened_at, group_session.ended_at
    edges = [start, start + timedelta(minutes=90), start + timedelta(minutes=105), end]
    kind = "credited" if minutes else "absent"
    return AttendanceRecord(
        group_session=group_session,
        patient=patient,
        service_date=day,
        qualified_seconds=minutes * 60,
        strict_seconds=minutes * 60,
        credited_min=minutes,
        billable_min=minutes,
        hours_min=minutes,
        ratio=1 if minutes else 0,
        status="PRESENT" if minutes else "NO_SHOW",
        timeline=[
            {"from": begin.isoformat(), "to": finish.isoformat(), "kind": one}
            for begin, finish, one in zip(edges, edges[1:], (kind, "break", kind), strict=False)
        ],
        terms=group_session.terms,
        chain_head="0" * 64,
        as_of=end,
        is_final=True,
        computed_at=end,
    )


def measure(program: Program, admin: User, *, at: datetime, runs: int = RUNS) -> Figures:
    """Gather the board and its whole page some times."""
    import time_machine
    from django.test import Client
    from django.urls import reverse

    from sessions.selectors.weekly.board_shapes import BoardFilters
    from sessions.services.desk import view_week_board
    from telehealth.enrollment.models import Enrollment

    filters = BoardFilters(program_id=program.pk)
    client, path = Client(), reverse("sessions:week_board")

    def board() -> None:
        view_week_board(actor=admin, filters=filters, at=at)

    def page() -> None:
        assert client.get(path, secure=True).status_code == 200

    with time_machine.travel(at, tick=False):
        client.force_login(admin)
        queries, page_queries = _queries(board), _queries(page)
        board_ms, board_cpu_ms = _times(board, runs)
        page_ms, page_cpu_ms = _times(page, runs)
    return Figures(
        patients=Enrollment.objects.filter(program=program).count(),
        queries=queries,
        board_ms=board_ms,
        board_cpu_ms=board_cpu_ms,
        page_queries=page_queries,
        page_ms=page_ms,
        page_cpu_ms=page_cpu_ms,
    )


def _queries(ask: Callable[[], None]) -> int:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    ask()
    with CaptureQueriesContext(connection) as seen:
        ask()
    return len(seen)


def _times(ask: Callable[[], None], runs: int) -> tuple[list[float], float]:
    """Give the milliseconds of each run by the wall clock, and the median of what the processor spent."""
    for _ in range(WARM_UP):
        ask()
    wall, busy = [], []
    for _ in range(runs):
        begin, begin_busy = perf_counter(), process_time()
        ask()
        wall.append((perf_counter() - begin) * 1000)
        busy.append((process_time() - begin_busy) * 1000)
    return wall, statistics.median(busy)


def _percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def report(found: Sequence[Figures]) -> list[str]:
    """Write the figures as the lines of a table; the ratio is that of the medians to the first size."""
    lines = [
        "| patients | queries | board p50 | p95 | CPU | queries of the page | page p50 | p95 | CPU | ratio |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    first = statistics.median(found[0].board_ms)
    for one in found:
        board, page = one.board_ms, one.page_ms
        lines.append(
            f"| {one.patients} | {one.queries} | {statistics.median(board):.0f} ms | "
            f"{_percentile(board, 0.95):.0f} ms | {one.board_cpu_ms:.0f} ms | {one.page_queries} | "
            f"{statistics.median(page):.0f} ms | {_percentile(page, 0.95):.0f} ms | "
            f"{one.page_cpu_ms:.0f} ms | {statistics.median(board) / first:.1f} |"
        )
    return lines


def main(sizes: Sequence[int], runs: int) -> None:
    """Measure each size in a program of its own."""
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    from telehealth.accounts.roles import Role
    from telehealth.enrollment.services import publish_default_agreements
    from telehealth.programs.services import add_membership, create_program
    from tests import cast as stage

    founded = AT - timedelta(weeks=WEEKS_BEFORE + 2)
    root = stage.account(Role.SYSTEM_ADMIN, "root")
    found = []
    for size in sizes:
        program = create_program(
            actor=root, name=f"Load {size}", time_zone="America/New_York", callback_phone="1", at=founded
        )
        admin = stage.account(Role.PROGRAM_ADMIN, f"admin{size}")
        therapist = stage.account(Role.THERAPIST, f"therapist{size}")
        for one in (admin, therapist):
            add_membership(actor=root if one is admin else admin, program=program, user=one, at=founded)
        publish_default_agreements(actor=admin, program=program, at=founded)
        fill(program, admin, therapist, patients=size, at=AT)
        found.append(measure(program, admin, at=AT, runs=runs))
    sys.stdout.write("\n".join(report(found)) + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("patients", nargs="*", type=int, default=[50, 500])
    parser.add_argument("--runs", type=int, default=RUNS)
    options = parser.parse_args()
    wanted = options.patients or [50, 500]
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DATA_DIR"] = folder
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "telehealth.settings")
        import django

        django.setup()
        from django.test.utils import setup_test_environment

        # Allows the host name of the test client; the lines of the log are left out of the figures.
        setup_test_environment()
        logging.disable(logging.WARNING)
        main(wanted, options.runs)
