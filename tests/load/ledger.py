"""How fast a year of attendance is computed anew: `python -m tests.load.ledger` prints figures.

Everything happens in a database of its own that is thrown away: by default 100 patients and 250 sessions of
12, three hours and a quarter each, with a beat of everybody every five seconds. `--sessions 20` is a quick
look. The same sessions are then computed from all facts, and both results compared.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import platform
import sqlite3
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, process_time
from typing import TYPE_CHECKING, Any
from uuid import UUID

if TYPE_CHECKING:
    from tests.load.year import Size


@dataclass(frozen=True, slots=True)
class Line:
    """One journal line; what the ingester asks of it."""

    seq: int
    kind: str
    room: str
    participant: str
    connection: str
    at: Any
    data: dict[str, Any]


def say(text: str) -> None:
    """Print a line now."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main(arguments: Sequence[str]) -> None:
    """Build, measure, compare and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--patients", type=int, default=100)
    parser.add_argument("--sessions", type=int, default=250)
    parser.add_argument("--group", type=int, default=12)
    parser.add_argument("--minutes", type=int, default=195)
    parser.add_argument("--baseline", type=int, help="compute only so many sessions from all facts")
    parser.add_argument(
        "--data-dir", type=Path, help="build there and keep it; another run takes what is there"
    )
    parser.add_argument("--verify", action="store_true", help="verify the whole ledger at the end")
    options = parser.parse_args(arguments)
    kept = options.data_dir and contextlib.nullcontext(str(options.data_dir.resolve()))
    with kept or tempfile.TemporaryDirectory(prefix="iop-year-") as folder:
        os.environ["DATA_DIR"] = folder
        os.environ.pop("DATABASE_URL", None)
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "telehealth.settings")
        import django

        django.setup()
        logging.disable(logging.WARNING)
        measure(options, Path(folder))


def measure(options: argparse.Namespace, folder: Path) -> None:
    """Do it all; Django is set up."""
    from django.core.management import call_command

    from sessions.models import AttendanceRecord, GroupSession, PresenceEvent
    from tests.load.year import Size

    say(f"machine: {platform.processor() or platform.machine()}, {os.cpu_count()} cores, load {load()}")
    say(f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}")
    call_command("migrate", verbosity=0)
    if not GroupSession.objects.exists():
        fill(Size(options.patients, options.sessions, options.group, options.minutes))
    pks = list(
        GroupSession.objects.filter(fact_seq__gt=0).order_by("scheduled_start").values_list("pk", flat=True)
    )
    facts = PresenceEvent.objects.filter(group_session__in=pks)
    megabytes = sum(path.stat().st_size for path in folder.iterdir()) / 1e6
    needed = facts.filter(is_routine=False).count()
    say(f"sessions: {len(pks)}   facts: {facts.count()}   of these not routine: {needed}")
    say(f"database: {megabytes:.0f} MB")
    first, _ = timed(pks)
    again, quick = timed(pks)
    say(f"recompute from stored facts, first time: {first}   again: {again}")
    each = 1000 * again.busy / len(pks)
    say(f"records: {AttendanceRecord.objects.count()}   per session: {each:.1f} ms of CPU")
    some = pks[: options.baseline] if options.baseline else pks
    slow, whole = timed(some, every=True)
    say(f"{len(some)} of them from all facts: {slow}")
    say(f"ratio: {slow.busy / len(some) / (again.busy / len(pks)):.1f} in CPU")
    differing = sum(whole[pk] != quick[pk] for pk in some)
    say(f"sessions that differ between the two: {differing} of {len(some)}")
    if options.verify:
        call_command("verify_ledger")
    ingest(pks[-1])
    say(f"load at the end: {load()}")
    if differing:
        sys.exit(1)


def fill(size: Size) -> None:
    """Build the year into an empty database."""
    from django.db import connection

    from tests.load.year import build

    begun, busy, built, facts = perf_counter(), process_time(), 0, 0
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA synchronous=OFF")
    for _, count in build(size):
        built, facts = built + 1, facts + count
        if built % 50 == 0:
            say(f"  built {built} sessions, {facts} facts, {perf_counter() - begun:.0f} s")
    connection.close()  # the next connection is as durable as the product's
    say(f"built: {Took(perf_counter() - begun, process_time() - busy)}")


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds on the clock, and of them on the processor: the machine may have other work."""

    seconds: float
    busy: float

    def __str__(self) -> str:
        return f"{self.seconds:.2f} s ({self.busy:.2f} s of CPU)"


def timed(pks: Sequence[UUID], *, every: bool = False) -> tuple[Took, dict[UUID, list[tuple[Any, ...]]]]:
    """Compute sessions anew; give what it took and what each came to."""
    from sessions.selectors.ledger.computed import COMPUTED
    from sessions.services.recording.attendance import recompute
    from telehealth.core import clock

    found = {}
    begun, busy = perf_counter(), process_time()
    for pk in pks:
        found[pk] = recompute(pk, at=clock.now(), every=every)
    took = Took(perf_counter() - begun, process_time() - busy)
    return took, {
        pk: [tuple(getattr(row, name) for name in ("patient_id", *COMPUTED)) for row in rows]
        for pk, rows in found.items()
    }


def ingest(pk: UUID) -> None:
    """Bring one session's journal in again, under another boot and room, as after a long outage."""
    from realtime.wire.relay import MAX_FACTS_PER_PAGE
    from sessions.models import GroupSession
    from sessions.selectors.ledger.facts import facts_of
    from sessions.services.recording.facts import ingest_facts

    room = GroupSession.objects.get(pk=pk)
    journal = [fact for fact in facts_of([pk], every=True)[pk] if fact.kind.is_of_relay]
    room.pk, room.fact_seq = None, 0
    room.save(force_insert=True)
    lines = [
        Line(
            fact.seq,
            fact.kind.value,
            str(room.pk),
            str(fact.participant),
            str(fact.connection),
            fact.at,
            dict(fact.data),
        )
        for fact in journal
    ]
    begun, busy = perf_counter(), process_time()
    for start in range(0, len(lines), MAX_FACTS_PER_PAGE):
        page = lines[start : start + MAX_FACTS_PER_PAGE]
        ingest_facts(boot=f"again-{room.pk}", facts=page, as_of=page[-1].at, at=page[-1].at)
    took = Took(perf_counter() - begun, process_time() - busy)
    each = 1e6 * took.busy / len(lines)
    say(f"ingest of one session's journal: {len(lines)} facts in {took}, {each:.0f} us of CPU each")


def load() -> str:
    """Give the machine's load averages."""
    return " ".join(f"{each:.2f}" for each in os.getloadavg())


if __name__ == "__main__":
    main(sys.argv[1:])
