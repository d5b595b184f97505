"""Let a past session of the demo happen: the therapist, the patients, their networks.

Everything goes through the services that a live session uses, with times of the past; what a relay would have
witnessed comes in as journal lines of an invented boot.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from sessions.models import GroupSession, RosterEntry
from sessions.services.recording.attendance import recompute
from sessions.services.recording.facts import ingest_facts
from sessions.services.room import admit_all, end_session, enter_room, leave, open_session
from telehealth.accounts.models import User

from .plot import Turn

Span = tuple[datetime, datetime]

BEAT = timedelta(minutes=10)  # a live relay beats every five seconds; the credit does not depend on it
SILENCE = timedelta(seconds=10)
OUTAGE_AFTER, OUTAGE = timedelta(minutes=50), timedelta(minutes=2, seconds=40)
"""When a relay dies, if it does, and how long until everybody is back."""


@dataclass(frozen=True, slots=True)
class Visit:
    """How one person came to one session."""

    comes_at: datetime
    leaves_at: datetime
    drops: tuple[Span, ...] = ()
    camera_off: tuple[Span, ...] = ()
    has_camera: bool = True
    part: int = 1  # of the relay's boots
    is_cut: bool = False  # by the relay's death

    def until(self, died_at: datetime) -> Visit:
        """Give what the relay saw of it before it died."""
        return replace(
            self,
            leaves_at=min(self.leaves_at, died_at),
            is_cut=self.leaves_at > died_at,
            drops=tuple(span for span in self.drops if span[1] < died_at),
            camera_off=tuple(span for span in self.camera_off if span[1] < died_at),
        )

    def since(self, back_at: datetime) -> Visit:
        """Give what the next boot of the relay saw of it, on another connection."""
        return replace(
            self,
            comes_at=max(self.comes_at, back_at),
            drops=tuple(span for span in self.drops if span[0] > back_at),
            camera_off=tuple(span for span in self.camera_off if span[0] > back_at),
            part=2,
        )


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


def hold(group_session: GroupSession, *, facilitator: User, ordinal: int, turn: Turn) -> None:
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
        if visit is not None and person.pk not in turn.away:
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
    seen = end + timedelta(seconds=1)
    for boot, journal in _journals(group_session, visits, end, is_outage=turn.is_outage):
        ingest_facts(boot=boot, facts=journal, as_of=seen, at=seen, is_last=True)
    recompute(group_session.pk, at=seen)


def _journals(
    group_session: GroupSession, visits: Mapping[UUID, Visit], end: datetime, *, is_outage: bool
) -> Iterator[tuple[str, list[Line]]]:
    """Give the journals of the relay's boots: one, or two where the relay died and came back."""
    boot = f"demo-{group_session.pk.hex}"
    if not is_outage:
        yield boot, _journal(group_session, visits, end)
        return
    died_at = group_session.scheduled_start + OUTAGE_AFTER
    back_at = died_at + OUTAGE
    yield boot, _journal(group_session, {pk: one.until(died_at) for pk, one in visits.items()}, end)
    yield f"{boot}-2", _journal(group_session, {pk: one.since(back_at) for pk, one in visits.items()}, end)


def _journal(group_session: GroupSession, visits: Mapping[UUID, Visit], end: datetime) -> list[Line]:
    lines = sorted(
        (each for person, visit in visits.items() for each in _witnessed(person, visit, end)),
        key=lambda each: each[0],
    )
    return [
        Line(
            seq,
            kind,
            str(group_session.pk),
            str(person),
            str(_connection(group_session, person, visits[person].part)),
            at,
            data,
        )
        for seq, (at, person, kind, data) in enumerate(lines, start=1)
    ]


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


def _connection(group_session: GroupSession, person: UUID, part: int = 1) -> UUID:
    return uuid5(group_session.pk, str(person) if part == 1 else f"{person}-{part}")


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
    person: UUID, visit: Visit, end: datetime
) -> Iterator[tuple[datetime, UUID, str, dict[str, Any]]]:
    """Give what a relay would have written about one visit."""
    first, last = visit.comes_at, visit.leaves_at
    if first >= last:
        return
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
    reason = "boot_ended" if visit.is_cut else "ended" if last == end else "left"
    closed = {"last_packet_at": last.isoformat(), "reason": reason, "inferred": visit.is_cut}
    yield last, person, "closed", closed


def _tracks(visit: Visit, since: timedelta) -> dict[str, dict[str, int]]:
    seconds = int(since.total_seconds()) + 1
    tracks = {"microphone": {"packets": 50 * seconds, "bytes": 4500 * seconds}}
    if visit.has_camera:
        tracks["camera"] = {"packets": 75 * seconds, "bytes": 78000 * seconds}
    return tracks
