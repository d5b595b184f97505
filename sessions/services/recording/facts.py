"""Bring relay facts into the ledger, exactly once, and let them move the seats they speak of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Protocol
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from sessions.models import FactCursor, GroupSession, MediaState, ParticipationState
from sessions.rules.presence.facts import CloseReason, Fact, FactError, FactKind, check
from sessions.services.recording.ledger import append_facts
from sessions.services.room.seats import lose_sight, release_seat
from sessions.services.room_edit import RoomEdit
from telehealth.core.errors import DomainError
from telehealth.core.locking import lock


class JournalLine(Protocol):
    """One line of a relay's journal, in whatever type the wire reads it."""

    @property
    def seq(self) -> int: ...
    @property
    def kind(self) -> str: ...
    @property
    def room(self) -> str: ...
    @property
    def participant(self) -> str: ...
    @property
    def connection(self) -> str: ...
    @property
    def at(self) -> datetime: ...
    @property
    def data(self) -> Mapping[str, Any]: ...  # Any: JSON


class FactGap(DomainError):
    """A journal page does not join on to what was ingested.

    `missing_seq` is the first number that is not there.
    """

    def __init__(self, boot: str, missing_seq: int) -> None:
        super().__init__("fact_gap", f"The journal of relay boot {boot} lacks fact {missing_seq}.")
        self.boot = boot
        self.missing_seq = missing_seq


@dataclass(frozen=True, slots=True)
class IngestResult:
    """What one page came to. `seq` is the cursor afterwards, which the relay may be told.

    `is_of_ended`: some of it speaks of a session that is over, whose minutes may be final now.
    """

    seq: int
    inserted: int
    duplicates: int
    unknown_rooms: int
    unreadable: int
    group_session_ids: tuple[UUID, ...]
    is_of_ended: bool = False


def cursor_of(boot: str) -> int:
    """Say up to which fact a boot's journal is in."""
    return FactCursor.objects.filter(pk=boot).values_list("seq", flat=True).first() or 0


def ingest_facts(
    *, boot: str, facts: Sequence[JournalLine], as_of: datetime, at: datetime, is_last: bool = False
) -> IngestResult:
    """Insert one page of a journal and move the boot's cursor, in one transaction.

    Facts that are in already are passed over; a hole raises `FactGap` and writes nothing. Lines of rooms or
    with ids that are not ours are counted and passed, so that one bad line never stops the rest. `as_of` is
    the instant up to which the page completes the journal; `is_last` says that the boot is over and this is
    its end.
    """
    with transaction.atomic():
        FactCursor.objects.get_or_create(pk=boot, defaults={"as_of": as_of})
        cursor = lock(FactCursor, boot)
        fresh = _fresh(boot, facts, cursor.seq)
        page = _sort_out(boot, fresh)
        # Always in the same order, so that two ingesters cannot hold each other's rooms.
        ended = [_append(pk, page.by_room[pk], at=at) for pk in sorted(page.by_room)]
        cursor.seq = fresh[-1].seq if fresh else cursor.seq
        cursor.as_of = max(cursor.as_of, as_of)
        cursor.is_closed = cursor.is_closed or is_last
        cursor.save(update_fields=["seq", "as_of", "is_closed"])
        return IngestResult(
            seq=cursor.seq,
            inserted=sum(len(rows) for rows in page.by_room.values()),
            duplicates=len(facts) - len(fresh),
            unknown_rooms=page.unknown_rooms,
            unreadable=page.unreadable,
            group_session_ids=tuple(sorted(page.by_room)),
            is_of_ended=any(ended),
        )


def expect_boots(boots: Sequence[str], *, at: datetime) -> None:
    """Know of journals before they are read, so that no session is final while one of them is unread.

    A boot that was never heard of began after the last word of any other, and is known up to there.
    """
    known = set(FactCursor.objects.filter(pk__in=boots).values_list("pk", flat=True))
    last = None if known.issuperset(boots) else FactCursor.objects.aggregate(last=Max("as_of"))["last"]
    if last is not None:
        new = [FactCursor(source_boot=boot, as_of=min(at, last)) for boot in boots if boot not in known]
        FactCursor.objects.bulk_create(new, ignore_conflicts=True)


def _fresh(boot: str, facts: Sequence[JournalLine], done: int) -> list[JournalLine]:
    """Give the facts after `done` in order, each once, without a hole."""
    by_seq = {fact.seq: fact for fact in facts if fact.seq > done}
    for expected in range(done + 1, done + 1 + len(by_seq)):
        if expected not in by_seq:
            raise FactGap(boot, expected)
    return [by_seq[seq] for seq in sorted(by_seq)]


@dataclass(slots=True)
class _Page:
    """The facts of a page by room, and how many lines could not be placed."""

    by_room: dict[UUID, list[Fact]]
    unknown_rooms: int = 0
    unreadable: int = 0


def _sort_out(boot: str, lines: Iterable[JournalLine]) -> _Page:
    page = _Page(defaultdict(list))
    for line in lines:
        room, fact = _uuid(line.room), _read(boot, line)
        if fact is None:
            page.unreadable += 1
        elif room is None:
            page.unknown_rooms += 1
        else:
            page.by_room[room].append(fact)
    known = GroupSession.objects.filter(pk__in=list(page.by_room)).values_list("pk", flat=True)
    for room in page.by_room.keys() - set(known):
        page.unknown_rooms += len(page.by_room.pop(room))
    return page


def _read(boot: str, line: JournalLine) -> Fact | None:
    participant, connection = _uuid(line.participant), _uuid(line.connection)
    if participant is None or connection is None:
        return None
    try:
        fact = Fact(
            boot, line.seq, FactKind(line.kind), line.at, str(participant), str(connection), dict(line.data)
        )
        check(fact)
    except (FactError, ValueError):
        return None
    return fact if fact.kind.is_of_relay else None


@lru_cache(maxsize=4096)  # a page names the same few people again and again
def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _append(group_session_id: UUID, facts: Sequence[Fact], *, at: datetime) -> bool:
    """Append a page's facts of one session and let them move its seats; say whether it is over."""
    edit = RoomEdit.take(group_session_id, at=at)
    append_facts(edit.group_session, facts, at=at)
    edit.group_session.is_attendance_due = True
    is_over = edit.group_session.state_enum.is_final
    if not is_over:
        for fact in facts:
            _move_seat(edit, fact)
    edit.flush()
    return is_over


def _move_seat(edit: RoomEdit, fact: Fact) -> None:
    """Let one fact speak of the seat its connection holds, if it still does.

    A lost camera is not a lost person.
    """
    if fact.participant is None or fact.connection is None or fact.is_of_camera:
        return
    person = edit.holder(UUID(fact.participant), UUID(fact.connection))
    if person is None:
        return
    if fact.kind in (FactKind.FIRST_PACKET, FactKind.RESUMED):
        person.media_state = MediaState.LIVE
        if person.state == ParticipationState.RECONNECTING:
            edit.move(person, ParticipationState.IN_ROOM)
    elif fact.close_reason is CloseReason.LEFT:
        release_seat(edit, person, reason="left")
    elif fact.kind in (FactKind.SILENT, FactKind.CLOSED):
        person.media_state = MediaState.LOST
        if person.state == ParticipationState.IN_ROOM:
            lose_sight(edit, person, seen_at=fact.last_packet_at or fact.at)
