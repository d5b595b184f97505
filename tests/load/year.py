"""A program-year in bulk: sessions of a group with what a relay would have witnessed, beat by beat.

The same seed gives the same people, sessions and facts. Rows go straight into the tables, in the chains and
with the marks that the product's own writer would have given them.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from operator import itemgetter
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from sessions.models import FactCursor, GroupSession, PresenceEvent, RosterEntry, SessionState
from sessions.rules.presence.facts import FactKind
from sessions.selectors.ledger.facts import web_boot
from telehealth.accounts.models import User
from telehealth.accounts.roles import Role
from telehealth.core import hashchain
from telehealth.enrollment.models import Enrollment, EnrollmentState, Patient, WeeklyTarget
from telehealth.programs.models import CreditTerms, Program
from telehealth.programs.services import create_program

FIRST_MONDAY = date(2026, 1, 5)
BEAT = timedelta(seconds=5)
SILENCE = timedelta(seconds=10)
SECOND = timedelta(seconds=1)
COLUMNS = (
    "group_session_id",
    "source_boot",
    "seq",
    "kind",
    "at",
    "participant",
    "connection",
    "data",
    "recorded_at",
    "is_routine",
    "prev_hash",
    "row_hash",
)

Span = tuple[datetime, datetime]
# When, what, who, which connection (None: of the web side), the data as it is hashed, whether it is routine.
Line = tuple[datetime, FactKind, str, str | None, str, bool]


@dataclass(frozen=True, slots=True)
class Size:
    """How much to build."""

    patients: int = 100
    sessions: int = 250
    group: int = 12
    minutes: int = 195


@dataclass(frozen=True, slots=True)
class Visit:
    """How somebody came: first and last packet, and when nothing came in between."""

    person: str
    first: datetime
    last: datetime
    drops: tuple[Span, ...] = ()
    camera_off: tuple[Span, ...] = ()
    has_camera: bool = True


def build(size: Size, *, seed: int = 1) -> Iterator[tuple[GroupSession, int]]:
    """Build the people, then session after session; gives each with the number of its facts."""
    dice = random.Random(seed)
    founded = datetime.combine(FIRST_MONDAY, time(), tzinfo=UTC) - timedelta(days=30)
    system_admin, therapist = _accounts(dice, Role.SYSTEM_ADMIN, 1)[0], _accounts(dice, Role.THERAPIST, 1)[0]
    program = create_program(
        actor=system_admin,
        name="Year",
        time_zone="America/New_York",
        callback_phone="+1 212 555 0100",
        at=founded,
    )
    patients = _patients(dice, program, size.patients, founded.date())
    terms = CreditTerms.objects.get(program=program)
    for number in range(size.sessions):
        week, weekday = divmod(number, 5)
        first = number * size.group
        people = [patients[(first + place) % len(patients)] for place in range(size.group)]
        with transaction.atomic():
            group_session = _plan(program, terms, therapist, people, week, weekday, size, founded)
            lines = _lines(dice, group_session, therapist.pk, [one.user_id for one in people])
            write_lines(group_session, lines)
        yield group_session, len(lines)


def write_lines(group_session: GroupSession, lines: Sequence[Line]) -> None:
    """Append facts to a session's chain as the product's writer does, without its objects.

    The text that is hashed is spelled out here, which is quicker than sorting keys; `verify_ledger` says
    whether it is the right one.
    """
    room, web, relay = str(group_session.pk), web_boot(group_session.pk), f"relay-{group_session.pk}"
    head, room_hex = hashchain.GENESIS, group_session.pk.hex
    seqs = {web: 0, relay: 0}
    rows = []
    for at, kind, person, connection_id, data, is_routine in lines:
        boot = web if connection_id is None else relay
        seq = seqs[boot] = seqs[boot] + 1
        seen, recorded = at.isoformat(), (at + SECOND).isoformat()
        media = "null" if connection_id is None else f'"{connection_id}"'
        text = (
            f'{{"at":"{seen}","connection":{media},"data":{data},"group_session":"{room}","kind":"{kind.value}",'
            f'"participant":"{person}","recorded_at":"{recorded}","seq":{seq},"source_boot":"{boot}"}}'
        )
        row_hash = hashlib.sha256(f"{head}\n{text}".encode()).hexdigest()
        people = (person.replace("-", ""), None if connection_id is None else connection_id.replace("-", ""))
        # SQLite keeps times without their zone, which is always UTC.
        times = (_naive(seen), _naive(recorded))
        rows.append(
            (room_hex, boot, seq, kind.value, times[0], *people, data, times[1], is_routine, head, row_hash)
        )
        head = row_hash
    table, marks = PresenceEvent._meta.db_table, ", ".join(["%s"] * len(COLUMNS))
    with connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO {table} ({', '.join(COLUMNS)}) VALUES ({marks})", rows)  # noqa: S608
    FactCursor.objects.create(source_boot=relay, seq=seqs[relay], as_of=lines[-1][0], is_closed=True)


def _naive(iso: str) -> str:
    return iso[:-6].replace("T", " ")


def _uuid(dice: random.Random) -> UUID:
    return UUID(int=dice.getrandbits(128), version=4)


def _accounts(dice: random.Random, role: Role, count: int) -> list[User]:
    return User.objects.bulk_create(
        User(
            pk=_uuid(dice),
            email=f"{role.value}{number}@example.org",
            role=role.value,
            given_name=f"{role.value.capitalize()}{number}",
            family_name="Example",
            password="!",
        )
        for number in range(count)
    )


def _patients(dice: random.Random, program: Program, count: int, admitted_on: date) -> list[Patient]:
    people = Patient.objects.bulk_create(
        Patient(pk=_uuid(dice), user=user, record_number=f"Y-{number}")
        for number, user in enumerate(_accounts(dice, Role.PATIENT, count))
    )
    episodes = Enrollment.objects.bulk_create(
        Enrollment(patient=one, program=program, state=EnrollmentState.ACTIVE, admitted_on=admitted_on)
        for one in people
    )
    WeeklyTarget.objects.bulk_create(
        WeeklyTarget(enrollment=one, effective_on=admitted_on, minutes=540) for one in episodes
    )
    return people


def _plan(
    program: Program,
    terms: CreditTerms,
    therapist: User,
    people: Sequence[Patient],
    week: int,
    weekday: int,
    size: Size,
    founded: datetime,
) -> GroupSession:
    day = FIRST_MONDAY + timedelta(weeks=week, days=weekday)
    start = datetime.combine(day, time(9), tzinfo=program.zone).astimezone(UTC)
    end = start + timedelta(minutes=size.minutes)
    pause = start + (end - start) / 2
    group_session = GroupSession.objects.create(
        program=program,
        title="Group",
        service_type="group_therapy",
        facilitator=therapist,
        scheduled_start=start,
        scheduled_end=end,
        planned_breaks=[[pause.isoformat(), (pause + timedelta(minutes=15)).isoformat()]],
        terms=terms,
        state=SessionState.ENDED,
        opened_at=start,
        ended_at=end,
        fact_seq=3 + 2 * len(people),
        is_attendance_due=True,
    )
    RosterEntry.objects.bulk_create(
        RosterEntry(group_session=group_session, patient=one, added_by=therapist, added_at=founded)
        for one in people
    )
    return group_session


def _lines(
    dice: random.Random, group_session: GroupSession, therapist: UUID, people: Sequence[UUID]
) -> list[Line]:
    """Give a session's facts in the order in which they would have come in."""
    start, end = group_session.scheduled_start, group_session.scheduled_end
    visits = [Visit(str(therapist), start - timedelta(minutes=2), end)]
    visits += [visit for person in people if (visit := _visit(dice, str(person), start, end)) is not None]

    def web(at: datetime, kind: FactKind, person: UUID, **data: str) -> Line:
        return at, kind, str(person), None, _text(data), False

    lines = [
        web(start, FactKind.OPENED, therapist),
        web(end, FactKind.ENDED, therapist, reason="facilitator"),
        web(visits[0].first, FactKind.ADMITTED, therapist, role="facilitator"),
    ]
    for person in people:
        # Everybody is let in; some never send a packet.
        lines.append(web(start - SECOND, FactKind.LOBBY_ENTERED, person))
        lines.append(web(start, FactKind.ADMITTED, person, role="patient"))
    for visit in visits:
        lines += _witnessed(visit, str(_uuid(dice)), end)
    lines.sort(key=itemgetter(0))
    return lines


def _visit(dice: random.Random, person: str, start: datetime, end: datetime) -> Visit | None:
    """Draw how a patient came: most without trouble, some late, cut off, gone early, or not at all."""
    luck, length = dice.random(), end - start
    middle = start + length * dice.uniform(0.2, 0.7)
    came = start + SECOND * dice.randint(0, 8)
    if luck < 0.05:
        return None
    if luck < 0.15:
        return Visit(person, start + length * dice.uniform(0.03, 0.12), end)
    if luck < 0.35:
        drops = tuple(
            (at, at + SECOND * dice.randint(12, 300))
            for at in (middle + length * 0.1 * number for number in range(dice.randint(1, 3)))
        )
        return Visit(person, came, end, drops=tuple(drop for drop in drops if drop[1] < end))
    if luck < 0.42:
        return Visit(person, came, end - length * dice.uniform(0.05, 0.4))
    if luck < 0.50:
        return Visit(person, came, end, camera_off=((middle, middle + length * 0.1),))
    return Visit(person, came, end, has_camera=luck > 0.53)


def _witnessed(visit: Visit, connection_id: str, end: datetime) -> Iterator[Line]:
    """Give what a relay would have written about one visit; all beats but the first are routine."""

    def line(at: datetime, kind: FactKind, data: str, is_routine: bool = False) -> Line:
        return at, kind, visit.person, connection_id, data, is_routine

    yield line(visit.first, FactKind.FIRST_PACKET, _text({"last_packet_at": visit.first.isoformat()}))
    last = at = visit.first
    number = 0
    while at < visit.last:
        if not any(gone < at < back for gone, back in visit.drops):
            last = at
            yield line(at, FactKind.BEAT, _beat(visit, at, number), number > 0)
        number += 1
        at = visit.first + number * BEAT
    for track, spans in ((None, visit.drops), ("camera", visit.camera_off)):
        for gone, back in spans:
            silent = {"last_packet_at": gone.isoformat(), "track": track}
            yield line(gone + SILENCE, FactKind.SILENT, _text(silent))
            yield line(back, FactKind.RESUMED, _text({"track": track}))
    reason = "ended" if visit.last == end else "left"
    heard = max(last, visit.last - SECOND).isoformat()
    closed = {"last_packet_at": heard, "reason": reason, "inferred": False}
    yield line(visit.last, FactKind.CLOSED, _text(closed))


def _beat(visit: Visit, at: datetime, number: int) -> str:
    camera = f'"camera":{{"bytes":{390_000 * number},"packets":{375 * number}}},' if visit.has_camera else ""
    voice = f'"microphone":{{"bytes":{22_000 * number},"packets":{250 * number}}}'
    return f'{{"last_packet_at":"{at.isoformat()}","tracks":{{{camera}{voice}}}}}'


def _text(data: dict[str, Any]) -> str:
    return hashchain.canonical(data).decode()
