"""Short words for rooms and relays in tests: who joins, what the relay writes, how time goes on."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from sessions import events
from sessions.models import GroupSession, Participation
from sessions.services import room
from sessions.services.recording.facts import IngestResult, ingest_facts
from telehealth.accounts.models import User
from telehealth.programs.models import CreditTerms
from tests import cast as stage
from tests.cast import Cast


@contextmanager
def kept_for_module(blocker: Any, **build: Any) -> Iterator[Cast]:
    """Build the cast once for a module, in a transaction around those of its tests; the rows vanish with it.

    `blocker` is pytest-django's. Not for modules whose tests need real commits.
    """
    with blocker.unblock(), transaction.atomic():
        yield stage.build(**build)
        transaction.set_rollback(True)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a relay's journal."""

    seq: int
    kind: str
    room: str
    participant: str
    connection: str
    at: datetime
    data: dict[str, Any]


@dataclass
class Relay:
    """A relay's journal of one boot, and the ingester that reads it from where the ledger stands."""

    boot: str = "boot-1"
    lines: list[Line] = field(default_factory=list)

    def write(
        self,
        kind: str,
        group_session: GroupSession,
        person: User,
        connection: UUID,
        at: datetime,
        **data: Any,
    ) -> Line:
        """Append a line."""
        line = Line(
            len(self.lines) + 1, kind, str(group_session.pk), str(person.pk), str(connection), at, data
        )
        self.lines.append(line)
        return line

    def first_packet(self, group_session: GroupSession, person: User, connection: UUID, at: datetime) -> Line:
        """Witness the first packet of a connection."""
        return self.write(
            "first_packet", group_session, person, connection, at, last_packet_at=at.isoformat()
        )

    def beat(
        self,
        group_session: GroupSession,
        person: User,
        connection: UUID,
        at: datetime,
        *,
        camera: bool = True,
    ) -> Line:
        """Witness that packets flow."""
        counters = {"packets": len(self.lines), "bytes": 100}
        tracks = {"microphone": counters, **({"camera": counters} if camera else {})}
        return self.write(
            "beat", group_session, person, connection, at, last_packet_at=at.isoformat(), tracks=tracks
        )

    def silent(
        self, group_session: GroupSession, person: User, connection: UUID, last: datetime, at: datetime
    ) -> Line:
        """Witness a silence, noticed at `at`."""
        return self.write(
            "silent", group_session, person, connection, at, last_packet_at=last.isoformat(), track=None
        )

    def resumed(self, group_session: GroupSession, person: User, connection: UUID, at: datetime) -> Line:
        """Witness the first packet after a silence."""
        return self.write("resumed", group_session, person, connection, at, track=None)

    def closed(
        self,
        group_session: GroupSession,
        person: User,
        connection: UUID,
        last: datetime,
        at: datetime,
        reason: str = "left",
    ) -> Line:
        """Witness the end of a connection."""
        return self.write(
            "closed",
            group_session,
            person,
            connection,
            at,
            last_packet_at=last.isoformat(),
            reason=reason,
            inferred=reason == "boot_ended",
        )

    def present(
        self,
        group_session: GroupSession,
        person: User,
        connection: UUID,
        start: datetime,
        end: datetime,
        *,
        reason: str = "left",
        camera: bool = True,
    ) -> None:
        """Witness unbroken presence, a beat every minute, and its end."""
        self.first_packet(group_session, person, connection, start)
        at = start + timedelta(seconds=5)
        while at < end:
            self.beat(group_session, person, connection, at, camera=camera)
            at += timedelta(seconds=60)
        self.closed(group_session, person, connection, end, end, reason)

    def deliver(
        self,
        at: datetime,
        *,
        as_of: datetime | None = None,
        is_last: bool = False,
        lines: Sequence[Line] | None = None,
    ) -> IngestResult:
        """Let the ledger read the journal, or just some lines of it."""
        return ingest_facts(
            boot=self.boot,
            facts=self.lines if lines is None else lines,
            as_of=as_of or at,
            at=at,
            is_last=is_last,
        )


def join(
    cast: Cast,
    person: User,
    at: datetime,
    *,
    group_session: GroupSession | None = None,
    take_over: bool = False,
    connection: UUID | None = None,
    resume: room.Resume | None = None,
) -> room.Entry:
    """Come into the session's room with microphone and camera on."""
    connection = connection or uuid.uuid4()
    return room.enter_room(
        actor=person,
        group_session_id=(group_session or cast.group_session).pk,
        connection=connection,
        secret_hash=f"hash-of-{connection}",
        microphone=True,
        camera=True,
        take_over=take_over,
        at=at,
        resume=resume,
    )


def resume_of(entry: room.Entry) -> room.Resume:
    """Give what a browser that got this entry can show later."""
    return room.Resume(entry.connection, f"hash-of-{entry.connection}")


def place_of(cast: Cast, person: User, group_session: GroupSession | None = None) -> Participation:
    """Read where a person stands now."""
    return Participation.objects.get(group_session=group_session or cast.group_session, user=person)


def fresh(group_session: GroupSession) -> GroupSession:
    """Read a session anew."""
    return GroupSession.objects.get(pk=group_session.pk)


def open_with(cast: Cast, *patients: User, at: datetime) -> dict[User, room.Entry]:
    """Bring the therapist in, start the session and admit some patients, all at one instant."""
    entries = {cast.therapist: join(cast, cast.therapist, at)}
    room.open_session(actor=cast.therapist, group_session_id=cast.group_session.pk, at=at)
    for patient in patients:
        entries[patient] = join(cast, patient, at)
        room.admit(
            actor=cast.therapist, group_session_id=cast.group_session.pk, participant=patient.pk, at=at
        )
    return entries


@contextmanager
def heard(signal: events.CommittedSignal) -> Iterator[list[dict[str, Any]]]:
    """Collect the payloads of a signal."""
    payloads: list[dict[str, Any]] = []

    def listen(**payload: Any) -> None:
        payloads.append({key: value for key, value in payload.items() if key not in ("signal", "sender")})

    signal.connect(listen, weak=False)
    try:
        yield payloads
    finally:
        signal.disconnect(listen)


def freeze_terms(group_session: GroupSession, **parameters: Any) -> None:
    """Give a session credit terms of its own, as if they had been in force when it was planned."""
    newest = CreditTerms.objects.filter(program=group_session.program).order_by("-version")[0]
    group_session.terms = CreditTerms.objects.create(
        program=group_session.program,
        version=newest.version + 1,
        effective_on=newest.effective_on,
        name="Test terms",
        parameters=parameters,
        created_by=None,
        created_at=newest.created_at,
    )
    group_session.save(update_fields=["terms"])
