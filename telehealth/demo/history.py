"""Let a past session of the demo happen: the therapist, the patients, their networks.

Everything goes through the services that a live session uses, with times of the past; what a relay would have
witnessed comes in as journal lines of an invented boot.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from sessions.models import GroupSession, RosterEntry
from sessions.services.attendance import recompute
from sessions.services.facts import ingest_facts
from sessions.services.room import admit_all, end_session, enter_room, leave, open_session
from telehealth.accounts.models import User

Span = tuple[datetime, datetime]

BEAT = timedelta(minutes=10)  # a live relay beats every five seconds; the credit does not depend on it
SILENCE = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Visit:
    """How one person came to one session."""

    comes_at: datetime
    leaves_at: datetime
    drops: tuple[Span, ...] = ()
    camera_off: tuple[Span, ...] = ()
    has_camera: bool = True


@dataclass(frozen=True, slots=True)
class Line:
    """One journal line; what `ingest_facts` asks of it."""

    seq: int
    kind: str
    room: str
    participant: str
    connection: str
    at: datetime
    data: dict[str, Any] = field(default_factory=dict)  # Any: JSON


def hold(group_session: GroupSession, *, facilitator: User, ordinal: int) -> None:
    """Hold a session that lies in the past; `ordinal` seeds who was late, dropped out or stayed away."""
    start, end = group_session.scheduled_start, group_session.scheduled_end
    chance = random.Random(f"demo-{ordinal}")  # noqa: S311 - repeatable, nothing secret
    arrives = start - timedelta(minutes=2)
    visits: dict[UUID, Visit] = {facilitator.pk: Visit(arrives, end)}
    _enter(facilitator, group_session, arrives)
    people = [
        entry.patient.user
        for entry in RosterEntry.objects.current()
        .filter(group_session=group_session)
        .select_related("patient__user")
        .order_by("patient__record_number")
    ]
    for person in people:
        visit = _visit(chance, start, end)
        if visit is not None:
            visits[person.pk] = visit
    early = [person for person in people if person.pk in visits and visits[person.pk].comes_at <= start]
    for person in early:
        _enter(person, group_session, start - timedelta(minutes=chance.randint(1, 8)))
    open_session(actor=facilitator, group_session_id=group_session.pk, at=start)
    admit_all(actor=facilitator, group_session_id=group_session.pk, at=start)
    for person in people:
        if person.pk in visits and person not in early:
            _enter(person, group_session, visits[person.pk].comes_at - timedelta(seconds=20))
            admit_all(actor=facilitator, group_session_id=group_session.pk, at=visits[person.pk].comes_at)
    for person in people:
        if person.pk in visits and visits[person.pk].leaves_at < end:
            leave(
                actor=person,
                group_session_id=group_session.pk,
                connection=_connection(group_session, person.pk),
                at=visits[person.pk].leaves_at,
            )
    end_session(actor=facilitator, group_session_id=group_session.pk, at=end)
    boot = f"demo-{group_session.pk.hex}"
    lines = sorted(
        (each for person, visit in visits.items() for each in _witnessed(group_session, person, visit, end)),
        key=lambda each: each[0],
    )
    journal = [
        Line(seq, kind, str(group_session.pk), str(person), str(_connection(group_session, person)), at, data)
        for seq, (at, person, kind, data) in enumerate(lines, start=1)
    ]
    seen = end + timedelta(seconds=1)
    ingest_facts(boot=boot, facts=journal, as_of=seen, at=seen, is_last=True)
    recompute(group_session.pk, at=seen)


def _enter(person: User, group_session: GroupSession, at: datetime) -> None:
    enter_room(
        actor=person,
        group_session_id=group_session.pk,
        connection=_connection(group_session, person.pk),
        secret_hash="",
        microphone=True,
        camera=True,
        take_over=False,
        at=at,
    )


def _connection(group_session: GroupSession, person: UUID) -> UUID:
    return uuid5(group_session.pk, str(person))


def _visit(chance: random.Random, start: datetime, end: datetime) -> Visit | None:
    """Draw how a patient came: most as planned, some with the troubles the credit has rules for."""
    luck = chance.random()
    middle = start + (end - start) * chance.uniform(0.2, 0.7)
    if luck < 0.05:
        return None
    if luck < 0.13:
        return Visit(start + timedelta(minutes=chance.randint(6, 25), seconds=chance.randint(0, 59)), end)
    if luck < 0.21:
        return Visit(start, end, drops=((middle, middle + timedelta(seconds=chance.randint(20, 110))),))
    if luck < 0.28:
        late = start + timedelta(minutes=12, seconds=20)
        drops = (
            (middle, middle + timedelta(seconds=90)),
            (middle + timedelta(minutes=40), middle + timedelta(minutes=47, seconds=10)),
        )
        return Visit(late, end - timedelta(minutes=6), drops=drops if drops[1][1] < end else drops[:1])
    if luck < 0.34:
        return Visit(start, end - timedelta(minutes=chance.randint(15, 70)))
    if luck < 0.40:
        return Visit(start, end, camera_off=((middle, middle + timedelta(minutes=chance.randint(6, 20))),))
    if luck < 0.44:
        return Visit(start, end, has_camera=False)
    return Visit(start, end)


def _witnessed(
    group_session: GroupSession, person: UUID, visit: Visit, end: datetime
) -> Iterator[tuple[datetime, UUID, str, dict[str, Any]]]:
    """Give what a relay would have written about one visit."""
    first, last = visit.comes_at, visit.leaves_at
    yield first, person, "first_packet", {"last_packet_at": first.isoformat()}
    at = first
    while at < last:
        if not any(gone <= at < back for gone, back in visit.drops):
            yield at, person, "beat", {"last_packet_at": at.isoformat(), "tracks": _tracks(visit, at - first)}
        at += BEAT
    for track, spans in ((None, visit.drops), ("camera", visit.camera_off)):
        for gone, back in spans:
            if gone < back <= last:
                yield (
                    gone + SILENCE,
                    person,
                    "silent",
                    {"last_packet_at": gone.isoformat(), "track": track},
                )
                yield back, person, "resumed", {"track": track}
    reason = "ended" if last == end else "left"
    yield last, person, "closed", {"last_packet_at": last.isoformat(), "reason": reason, "inferred": False}


def _tracks(visit: Visit, since: timedelta) -> dict[str, dict[str, int]]:
    seconds = int(since.total_seconds()) + 1
    tracks = {"microphone": {"packets": 50 * seconds, "bytes": 4500 * seconds}}
    if visit.has_camera:
        tracks["camera"] = {"packets": 75 * seconds, "bytes": 78000 * seconds}
    return tracks
