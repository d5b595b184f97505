"""One change of a room: lock, edit rows, and at the end write, number, audit and announce what differs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from sessions import events
from sessions.models import (
    GroupSession,
    MediaState,
    Participation,
    ParticipationState,
    RoomRole,
    SessionState,
)
from sessions.rules.presence.facts import FactKind, Json
from sessions.selectors.room import Block, participant_block, session_block
from sessions.services.recording.ledger import record_web_fact
from sessions.terms import session_terms
from telehealth.accounts.models import User
from telehealth.audit import services as audit
from telehealth.audit.actions import AuditAction
from telehealth.core.errors import NotFound
from telehealth.core.locking import lock

MEDIA_GRACE = timedelta(seconds=60)
"""How long a facilitator may sit in an open room before the first packet and still count as there."""

_PERSON_FIELDS = (
    "role",
    "state",
    "state_since",
    "lobby_at",
    "admitted_at",
    "departed_at",
    "connection",
    "connection_secret_hash",
    "media_state",
    "microphone_on",
    "camera_on",
    "muted_by_staff",
    "stopped_at_seq",
    "screen_on",
    "camera_stopped_by_staff",
    "side_room",
)
_SESSION_FIELDS = (
    "title",
    "facilitator_id",
    "scheduled_start",
    "scheduled_end",
    "planned_breaks",
    "terms_id",
    "track_terms_id",
    "state",
    "opened_at",
    "ended_at",
    "on_break_since",
    "auto_end_at",
    "is_room_locked",
    "cancel_reason",
    "room_seq",
    "fact_seq",
    "is_attendance_due",
)


@dataclass(slots=True)
class RoomEdit:
    """A room whose row is held; edit `group_session` and `people`, then `flush`.

    Use `edit_room` where one room changes.
    """

    group_session: GroupSession
    at: datetime
    people: dict[UUID, Participation]
    _session_rows: tuple[object, ...] = ()
    _session_block: Block = field(default_factory=dict)
    _rows: dict[UUID, tuple[object, ...]] = field(default_factory=dict)
    _blocks: dict[UUID, Block] = field(default_factory=dict)
    _audits: list[tuple[AuditAction, User | None, Mapping[str, object]]] = field(default_factory=list)

    @classmethod
    def take(cls, group_session_id: UUID, *, at: datetime) -> RoomEdit:
        """Lock a session and read its people; inside a transaction."""
        group_session = lock(
            GroupSession.objects.select_related("terms", "track_terms", "program"), group_session_id
        )
        people = {
            person.user_id: person for person in Participation.objects.filter(group_session=group_session)
        }
        return cls(
            group_session,
            at,
            people,
            _values(group_session, _SESSION_FIELDS),
            session_block(group_session, people.values()),
            {pk: _values(person, _PERSON_FIELDS) for pk, person in people.items()},
            {pk: participant_block(person) for pk, person in people.items()},
        )

    def person(self, participant: UUID) -> Participation:
        """Give somebody who has been in this room, in whatever state."""
        found = self.people.get(participant)
        if found is None:
            raise NotFound("participant_not_found", "This person is not in this room.")
        return found

    def newcomer(self, user: User, role: RoomRole, state: ParticipationState) -> Participation:
        """Give the person's place, making one in `state` if there was none."""
        if user.pk not in self.people:
            self.people[user.pk] = Participation(
                group_session=self.group_session, user=user, role=role, state=state, state_since=self.at
            )
        return self.people[user.pk]

    def holder(self, participant: UUID, connection: UUID) -> Participation | None:
        """Give the person if the connection still holds the seat; reports of superseded ones meet nobody."""
        found = self.people.get(participant)
        return found if found is not None and found.connection == connection else None

    def move(
        self, person: Participation, state: ParticipationState, *, since: datetime | None = None
    ) -> None:
        """Put the person into a state; being in it already keeps the time since when."""
        if person.state != state:
            person.state = state
            person.state_since = since or self.at

    def vacate(
        self, person: Participation, state: ParticipationState, *, seen_at: datetime | None = None
    ) -> UUID | None:
        """Take the seat and its connection away and give the connection back for whoever has to close it."""
        connection = person.connection
        if person.state == ParticipationState.IN_ROOM:
            person.departed_at = seen_at or self.at
        person.connection = None
        person.connection_secret_hash = ""
        person.media_state = MediaState.NONE
        person.microphone_on = person.camera_on = person.screen_on = False
        person.muted_by_staff = person.camera_stopped_by_staff = False
        self.move(person, state)
        return connection

    def note_stop(self, person: Participation) -> None:
        """Remember by which event others turn something of the person off: older words cannot undo it."""
        person.stopped_at_seq = self.group_session.room_seq + 1

    def place(self, person: Participation, side_room: UUID | None) -> None:
        """Put the person into a side room, or back into the group.

        A screen was shared with those who saw it, not with whom it would meet next; and what a patient goes
        on saying was meant for one. They turn their microphone on again themselves.
        """
        person.side_room = side_room
        person.screen_on = False
        self.note_stop(person)
        if side_room is None and person.role == RoomRole.PATIENT and person.microphone_on:
            person.microphone_on, person.muted_by_staff = False, True

    def fact(
        self,
        kind: FactKind,
        participant: UUID | None,
        data: Mapping[str, Json] | None = None,
        *,
        at: datetime | None = None,
    ) -> None:
        """Write a fact of the web side."""
        record_web_fact(
            self.group_session,
            kind=kind,
            at=at or self.at,
            participant=participant,
            data=data,
            recorded_at=self.at,
        )
        self.group_session.is_attendance_due = True

    def audit(self, action: AuditAction, actor: User | None, **data: object) -> None:
        """Note an action for the audit trail; ids and closed words only."""
        self._audits.append((action, actor, data))

    def seated_patients(self) -> int:
        """Count the patients who hold a seat."""
        return sum(person.role == RoomRole.PATIENT and person.is_seated for person in self.people.values())

    def flush(self) -> None:
        """Write what changed, number it, audit it and announce it after the commit."""
        self.watch_facilitators()
        self._settle_side_rooms()
        changes = self._changes()
        self.group_session.room_seq += len(changes)
        self._write()
        for action, actor, data in self._audits:
            audit.record(action, actor=actor, subject=self.group_session, at=self.at, data=data)
        if changes:
            events.room_changed.send_on_commit(
                group_session_id=self.group_session.pk, seq=self.group_session.room_seq, changes=changes
            )

    def _changes(self) -> list[Block]:
        changes: list[Block] = []
        for pk in sorted(self.people, key=str):
            block = participant_block(self.people[pk])
            if block != self._blocks.get(pk):
                changes.append({"kind": "participant", **block})
        block = session_block(self.group_session, self.people.values())
        if block != self._session_block:
            changes.append({"kind": "session", **block})
        return changes

    def _write(self) -> None:
        for pk, person in self.people.items():
            before, now = self._rows.get(pk), _values(person, _PERSON_FIELDS)
            if before is None:
                person.save(force_insert=True)
            elif before != now:
                person.save(update_fields=_changed(_PERSON_FIELDS, before, now))
        now = _values(self.group_session, _SESSION_FIELDS)
        if now != self._session_rows:
            self.group_session.save(update_fields=_changed(_SESSION_FIELDS, self._session_rows, now))

    def watch_facilitators(self) -> None:
        """Set the time at which an open room without a facilitator ends, counted from the last departure."""
        group_session = self.group_session
        facilitators = [person for person in self.people.values() if person.role == RoomRole.FACILITATOR]
        if group_session.state != SessionState.OPEN or any(self._is_there(person) for person in facilitators):
            group_session.auto_end_at = None
        elif group_session.auto_end_at is None and group_session.opened_at is not None:
            departures = [person.departed_at for person in facilitators if person.departed_at is not None]
            last = max([group_session.opened_at, *departures])
            group_session.auto_end_at = last + timedelta(minutes=session_terms(group_session).auto_end_min)

    def _settle_side_rooms(self) -> None:
        """Bring people back whose facilitator is no longer there; who left a moment ago keeps their place."""
        for person in self.people.values():
            if person.side_room is None:
                continue
            holder = self.people.get(person.side_room)
            is_held = holder is not None and holder.is_seated and holder.side_room == holder.user_id
            if is_held and (person.is_seated or person.state == ParticipationState.LEFT):
                continue
            self.place(person, None)
            if person.is_seated:
                self.audit(
                    AuditAction.PARTICIPANT_MOVED, None, participant=str(person.user_id), side_room=None
                )

    def _is_there(self, person: Participation) -> bool:
        if person.state == ParticipationState.IN_ROOM:
            return person.media_state == MediaState.LIVE or self.at - person.state_since < MEDIA_GRACE
        return person.state == ParticipationState.RECONNECTING


@contextmanager
def edit_room(group_session_id: UUID, *, at: datetime) -> Iterator[RoomEdit]:
    """Change one room in one transaction; an exception changes nothing."""
    with transaction.atomic():
        edit = RoomEdit.take(group_session_id, at=at)
        yield edit
        edit.flush()


def _values(row: GroupSession | Participation, names: tuple[str, ...]) -> tuple[object, ...]:
    return tuple(getattr(row, name) for name in names)


def _changed(names: tuple[str, ...], before: tuple[object, ...], now: tuple[object, ...]) -> list[str]:
    return [name.removesuffix("_id") for name, old, new in zip(names, before, now, strict=True) if old != new]
