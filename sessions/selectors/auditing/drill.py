"""From a patient's strip down to the single facts that decided it, with the state of their chain."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sessions.models import AttendanceRecord, GroupSession, Participation, PresenceEvent, RosterEntry
from sessions.rules.presence.fact_words import details_in_words, fact_in_words
from sessions.rules.presence.facts import Fact, FactKind
from sessions.selectors.homes.cards import SessionCard, session_card
from sessions.selectors.homes.strips import Strip, StripPiece, incidents_of, strip_of_record
from sessions.selectors.ledger.facts import is_cut_off, web_boot
from sessions.selectors.scope import get_session_for
from telehealth.accounts.models import User
from telehealth.accounts.roles import Role
from telehealth.core import hashchain
from telehealth.core.errors import NotFound

SHORT = 8
SESSION_KINDS = frozenset({FactKind.OPENED, FactKind.BREAK_STARTED, FactKind.BREAK_ENDED, FactKind.ENDED})
"""What decides about everybody in the session, whoever pressed the button."""
SMALLEST_FOLD = 3
"""Fewer routine beats in a row are shown one by one: folding them would save no line."""


@dataclass(frozen=True, slots=True)
class FactRow:
    """One fact as the page shows it. `number` is its place in the session's chain, from 1."""

    number: int
    at: datetime
    recorded_at: datetime
    kind: str
    words: str
    details: str
    is_of_session: bool
    is_routine: bool
    boot: str
    seq: int
    connection: str
    prev_hash: str
    row_hash: str

    @property
    def source(self) -> str:
        """Say which side witnessed it."""
        return "this server" if self.boot.startswith("web-") else "relay"

    @property
    def connection_short(self) -> str:
        """Give the beginning of the connection's id."""
        return self.connection[:SHORT]

    @property
    def hash_short(self) -> str:
        """Give the beginning of its hash."""
        return self.row_hash[:SHORT]


@dataclass(frozen=True, slots=True)
class FactLine:
    """One line of the page: a fact, or a run of routine beats of one connection folded into one."""

    facts: tuple[FactRow, ...]

    @property
    def is_folded(self) -> bool:
        """Say whether it stands for several."""
        return len(self.facts) > 1

    @property
    def first(self) -> FactRow:
        """Give the fact, or the first one of the run."""
        return self.facts[0]

    @property
    def last(self) -> FactRow:
        """Give the fact, or the last one of the run."""
        return self.facts[-1]


@dataclass(frozen=True, slots=True)
class FactSection:
    """The facts of one stretch of the strip; `piece` is None before, after and without one."""

    piece: StripPiece | None
    title: str
    lines: tuple[FactLine, ...]

    @property
    def count(self) -> int:
        """Count the facts."""
        return sum(len(line.facts) for line in self.lines)


@dataclass(frozen=True, slots=True)
class ChainState:
    """What a walk over the session's whole chain found just now."""

    facts: int
    broken_at: int | None
    is_cut_off: bool
    head: str

    @property
    def holds(self) -> bool:
        """Say whether nothing was changed, taken out or cut off."""
        return self.broken_at is None and not self.is_cut_off


@dataclass(frozen=True, slots=True)
class FactsPage:
    """The facts about one person in one session. `patient_id` is None of a clinician."""

    card: SessionCard
    participant: UUID
    patient_id: UUID | None
    name: str
    record_number: str
    strip: Strip | None
    sections: tuple[FactSection, ...]
    own_facts: int
    routine_facts: int
    chain: ChainState

    def fold_beginning_at(self, number: int) -> FactLine | None:
        """Find the folded run that begins at a place in the chain."""
        lines = (line for section in self.sections for line in section.lines)
        return next((line for line in lines if line.is_folded and line.first.number == number), None)

    @property
    def zone_words(self) -> str:
        """Give the program's zone as people say it."""
        return self.card.program_zone.rsplit("/", 1)[-1].replace("_", " ")


def facts_page(user: User, pk: UUID, participant: UUID, at: datetime) -> FactsPage:
    """Gather what was observed of one person in a session; reads and verifies the session's whole chain."""
    group_session = get_session_for(user, pk, at)
    if user.role_enum is Role.PATIENT:
        raise NotFound
    zone = group_session.program.zone
    patient, person = _person(group_session, participant)
    rows, chain = _walk(group_session, participant, zone)
    strip = None if patient is None else _strip(group_session, patient, participant)
    shown = sorted(rows, key=lambda row: (row.at, row.number))
    return FactsPage(
        card=session_card(group_session, at),
        participant=participant,
        patient_id=patient,
        name=person.full_name,
        record_number="" if patient is None else person.patient.record_number,
        strip=strip,
        sections=tuple(_sections(shown, strip)),
        own_facts=sum(not row.is_of_session for row in rows),
        routine_facts=sum(row.is_routine for row in rows),
        chain=chain,
    )


def _person(group_session: GroupSession, participant: UUID) -> tuple[UUID | None, User]:
    """Find whom the facts speak of: a patient of the roster, or somebody who was in the room."""
    entry = (
        RosterEntry.objects.evidential()
        .filter(group_session=group_session, patient__user=participant)
        .select_related("patient__user")
        .first()
    )
    if entry is not None:
        return entry.patient_id, entry.patient.user
    place = (
        Participation.objects.filter(group_session=group_session, user=participant)
        .exclude(user__role=Role.PATIENT)
        .select_related("user")
        .first()
    )
    if place is None:
        raise NotFound("person_not_in_session", "This person was not in the session.")
    return None, place.user


def _strip(group_session: GroupSession, patient_id: UUID, participant: UUID) -> Strip | None:
    record = AttendanceRecord.objects.filter(group_session=group_session, patient=patient_id).first()
    if record is None:
        return None
    place = Participation.objects.filter(group_session=group_session, user=participant).first()
    return strip_of_record(
        record,
        zone=group_session.program.time_zone,
        lobby_at=None if place is None else place.lobby_at,
        incidents=incidents_of([group_session.pk])[group_session.pk],
    )


def _walk(group_session: GroupSession, participant: UUID, zone: ZoneInfo) -> tuple[list[FactRow], ChainState]:
    found: list[FactRow] = []
    head, broken_at, number = hashchain.GENESIS, None, 0
    for row in PresenceEvent.objects.filter(group_session=group_session).order_by("id").iterator():
        number += 1
        if broken_at is None and hashchain.verify([row.link()], start=head) is not None:
            broken_at = number
        head = row.row_hash
        if row.participant == participant or row.kind in SESSION_KINDS:
            found.append(_row(row, number, zone))
    cut_off = is_cut_off(group_session.pk)
    return found, ChainState(number, broken_at, cut_off, head if number else "")


def _row(row: PresenceEvent, number: int, zone: ZoneInfo) -> FactRow:
    fact = Fact(
        row.source_boot,
        row.seq,
        FactKind(row.kind),
        row.at,
        str(row.participant) if row.participant else None,
        str(row.connection) if row.connection else None,
        row.data,
    )
    return FactRow(
        number=number,
        at=row.at,
        recorded_at=row.recorded_at,
        kind=row.kind,
        words=fact_in_words(fact),
        details=details_in_words(fact, zone),
        is_of_session=row.kind in SESSION_KINDS,
        is_routine=row.is_routine,
        boot="web-" if row.source_boot == web_boot(row.group_session_id) else row.source_boot,
        seq=row.seq,
        connection=str(row.connection or ""),
        prev_hash=row.prev_hash,
        row_hash=row.row_hash,
    )


def _sections(rows: Sequence[FactRow], strip: Strip | None) -> Iterator[FactSection]:
    """Put each fact under the stretch of the strip in which it lies; each stretch begins with its start."""
    pieces = () if strip is None else strip.pieces
    if not pieces:
        if rows:
            yield FactSection(None, "All facts", tuple(_lines(rows)))
        return
    before = [row for row in rows if row.at < pieces[0].start]
    if before:
        yield FactSection(None, "Before the strip begins", tuple(_lines(before)))
    for piece in pieces:
        inside = [row for row in rows if piece.start <= row.at < piece.end]
        yield FactSection(piece, piece.words, tuple(_lines(inside)))
    after = [row for row in rows if row.at >= pieces[-1].end]
    if after:
        yield FactSection(None, "At the end and after it", tuple(_lines(after)))


def _lines(rows: Iterable[FactRow]) -> Iterator[FactLine]:
    run: list[FactRow] = []
    for row in rows:
        if run and (not row.is_routine or row.connection != run[0].connection):
            yield from _folded(run)
            run = []
        if row.is_routine:
            run.append(row)
        else:
            yield FactLine((row,))
    yield from _folded(run)


def _folded(run: Sequence[FactRow]) -> Iterator[FactLine]:
    if len(run) >= SMALLEST_FOLD:
        yield FactLine(tuple(run))
    else:
        yield from (FactLine((row,)) for row in run)
