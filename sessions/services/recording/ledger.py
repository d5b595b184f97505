"""Write facts: append-only rows in one hash chain per session."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from sessions.models import GroupSession, PresenceEvent
from sessions.rules.presence.facts import Fact, FactKind, Json
from sessions.rules.presence.routine import RoutineReader
from sessions.selectors.ledger.facts import chain_head, known_of, web_boot
from telehealth.core import hashchain


def append_facts(group_session: GroupSession, facts: Iterable[Fact], *, at: datetime) -> list[PresenceEvent]:
    """Append facts to the chain of a session whose row the caller holds; at most three reads, one insert."""
    head = chain_head(group_session.pk)
    new = list(facts)
    reader = _reader(group_session.pk, new)
    rows = []
    for fact in new:
        row = PresenceEvent(
            group_session=group_session,
            source_boot=fact.source_boot,
            seq=fact.seq,
            kind=fact.kind.value,
            at=fact.at,
            participant=UUID(fact.participant) if fact.participant else None,
            connection=UUID(fact.connection) if fact.connection else None,
            data=dict(fact.data),
            recorded_at=at,
            is_routine=reader.is_routine(fact),
            prev_hash=head,
        )
        head = row.row_hash = hashchain.row_hash(head, row.payload())
        rows.append(row)
    return PresenceEvent.objects.bulk_create(rows)


def _reader(group_session_id: UUID, new: Iterable[Fact]) -> RoutineReader:
    """Read up on the connections whose beats are about to be judged."""
    connections = {UUID(fact.connection) for fact in new if fact.connection is not None}
    return RoutineReader(known_of(group_session_id, connections) if connections else ())


def record_web_fact(
    group_session: GroupSession,
    *,
    kind: FactKind,
    at: datetime,
    participant: UUID | None = None,
    data: Mapping[str, Json] | None = None,
    recorded_at: datetime | None = None,
) -> PresenceEvent:
    """Append one fact of the web side; the caller holds the session's row and saves `fact_seq` with it."""
    group_session.fact_seq += 1
    fact = Fact(
        web_boot(group_session.pk),
        group_session.fact_seq,
        kind,
        at,
        participant=str(participant) if participant else None,
        data=data or {},
    )
    return append_facts(group_session, [fact], at=recorded_at or at)[0]
