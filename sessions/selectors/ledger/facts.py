"""What the ledger holds of a session, whether its chain is whole, and up to when it is complete."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import itemgetter
from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery

from sessions.models import AttendanceRecord, FactCursor, GroupSession, PresenceEvent
from sessions.rules.presence.facts import Fact, FactKind
from sessions.rules.presence.routine import needs_every_fact
from telehealth.core import hashchain

RELAY_PATIENCE = timedelta(hours=1)
"""How long an ended session is shown as unfinished because a relay has not handed over its journal."""


def web_boot(group_session_id: UUID) -> str:
    """Name the journal of what the web side decides about one session."""
    return f"web-{group_session_id}"


def chain_head(group_session_id: UUID) -> str:
    """Give the hash of a session's last fact."""
    last = (
        PresenceEvent.objects.filter(group_session=group_session_id)
        .order_by("-id")
        .values_list("row_hash")
        .first()
    )
    return last[0] if last else hashchain.GENESIS


def facts_of(group_session_ids: Iterable[UUID], *, every: bool = False) -> dict[UUID, list[Fact]]:
    """Read the facts of some sessions that presence needs, in the order they came in; two queries.

    Routine beats are left out, but for the newest one of each connection: they are most of a ledger and
    change nothing. `every` reads all of them, for verification.
    """
    pks = list(group_session_ids)
    rows = PresenceEvent.objects.filter(group_session__in=pks)
    if every:
        return _by_session(pks, rows)
    needed = rows.filter(is_routine=False)
    found = _by_session(pks, needed, rows.filter(pk__in=_newest_routine(needed)))
    for pk, facts in found.items():
        if needs_every_fact(facts):
            found |= facts_of([pk], every=True)
    return found


def known_of(group_session_id: UUID, connections: Collection[UUID]) -> list[Fact]:
    """Read what the ledger knows of some connections of one session; two queries.

    Give it to `RoutineReader`.
    """
    needed = PresenceEvent.objects.filter(
        group_session=group_session_id, is_routine=False, connection__in=connections
    )
    newest = PresenceEvent.objects.filter(pk__in=_newest_routine(needed))
    return _by_session([group_session_id], needed, newest)[group_session_id]


def _newest_routine(needed: QuerySet[PresenceEvent]) -> QuerySet[PresenceEvent, int | None]:
    """Find each connection's newest routine beat, which has a beat that is not routine before it."""
    newest = PresenceEvent.objects.filter(
        is_routine=True, connection=OuterRef("connection"), source_boot=OuterRef("source_boot")
    ).order_by("-seq")
    return needed.filter(kind=FactKind.BEAT).values_list(Subquery(newest.values("pk")[:1]), flat=True)


def _by_session(pks: Iterable[UUID], *parts: QuerySet[PresenceEvent]) -> dict[UUID, list[Fact]]:
    columns = (
        "id",
        "group_session_id",
        "source_boot",
        "seq",
        "kind",
        "at",
        "participant",
        "connection",
        "data",
    )
    rows = [row for part in parts for row in part.values_list(*columns).iterator()]
    rows.sort(key=itemgetter(0))
    found: dict[UUID, list[Fact]] = {pk: [] for pk in pks}
    for _, pk, boot, seq, kind, at, participant, connection, data in rows:
        found[pk].append(
            Fact(
                boot,
                seq,
                FactKind(kind),
                at,
                str(participant) if participant else None,
                str(connection) if connection else None,
                data,
            )
        )
    return found


def broken_fact(group_session_id: UUID) -> PresenceEvent | None:
    """Walk a session's chain and give the first fact that does not fit; reads them all."""
    head = hashchain.GENESIS
    for row in PresenceEvent.objects.filter(group_session=group_session_id).order_by("id").iterator():
        if hashchain.verify([row.link()], start=head) is not None:
            return row
        head = row.row_hash
    return None


def is_cut_off(group_session_id: UUID) -> bool:
    """Say whether facts are missing at the end of a session's chain.

    The session counts its own facts, and every attendance record names the last fact it was computed from.
    """
    facts = PresenceEvent.objects.filter(group_session=group_session_id)
    decided = GroupSession.objects.filter(pk=group_session_id).values_list("fact_seq", flat=True).first() or 0
    known = {hashchain.GENESIS, *facts.values_list("row_hash", flat=True)}
    named = AttendanceRecord.objects.filter(group_session=group_session_id).values_list(
        "chain_head", flat=True
    )
    return facts.filter(source_boot=web_boot(group_session_id)).count() != decided or not set(named) <= known


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a session that is over waits for before its minutes are final.

    `boots` are relay processes whose journals are not read up to its end, each with the instant up to which
    it is known. No boots: everything is in, and the computation comes next.
    """

    boots: tuple[tuple[str, datetime], ...]

    @property
    def known_to(self) -> datetime | None:
        """Give the instant up to which all journals have been read."""
        return min((known_to for _, known_to in self.boots), default=None)

    @property
    def words(self) -> str:
        """Say it to a person; the page adds `known_to` in the reader's zone."""
        match len(self.boots):
            case 0:
                return "All observations are in. The minutes are being computed."
            case 1:
                return "Waiting for one media relay to hand over what it observed."
            case many:
                return f"Waiting for {many} media relays to hand over what they observed."


def waiting_for(group_session: GroupSession, at: datetime) -> Waiting | None:
    """Say what keeps the minutes of a session that is over from being final; three queries.

    None where nothing does, and for sessions that are not over at `at`.
    """
    ended_at = group_session.ended_at
    if ended_at is None or ended_at > at or group_session.opened_at is None:
        return None
    boots = tuple((boot, known) for boot, known in _unread_boots(group_session) if known < ended_at)
    final = list(
        AttendanceRecord.objects.filter(group_session=group_session).values_list("is_final", flat=True)
    )
    is_settled = all(final) if final else not group_session.is_attendance_due
    return None if is_settled and not boots else Waiting(boots)


def facts_horizon(group_session: GroupSession, *, at: datetime) -> datetime:
    """Give the instant up to which all journals that speak of this session have been read, at most `at`."""
    return min([at, *(known_to for _, known_to in _unread_boots(group_session))])


def _unread_boots(group_session: GroupSession) -> list[tuple[str, datetime]]:
    """List the boots that can still tell something of a session, and up to when each is known.

    Two kinds can: those with a connection in it that was never closed, and those that were alive after it
    began (their newest connections may not be in yet). A boot that is over and fully read cannot.
    """
    cursors = list(FactCursor.objects.filter(is_closed=False).order_by("source_boot"))
    if not cursors:
        return []
    open_boots = _boots_with_open_connections(group_session)
    since = group_session.opened_at
    return [
        (cursor.pk, cursor.as_of)
        for cursor in cursors
        if cursor.pk in open_boots or (since is not None and cursor.as_of >= since)
    ]


def _boots_with_open_connections(group_session: GroupSession) -> set[str]:
    rows = PresenceEvent.objects.filter(
        group_session=group_session,
        is_routine=False,
        kind__in=[FactKind.FIRST_PACKET, FactKind.CLOSED],
    ).values_list("source_boot", "connection", "kind")
    opened = {(boot, connection) for boot, connection, kind in rows if kind == FactKind.FIRST_PACKET}
    closed = {(boot, connection) for boot, connection, kind in rows if kind == FactKind.CLOSED}
    return {boot for boot, _ in opened - closed}


def sessions_with_facts() -> list[UUID]:
    """List the sessions that have facts, or had some by their own count or by what was decided from them."""
    rows = PresenceEvent.objects.order_by().values_list("group_session_id", flat=True).distinct()
    counted = GroupSession.objects.filter(fact_seq__gt=0).values_list("pk", flat=True)
    decided = AttendanceRecord.objects.order_by().values_list("group_session_id", flat=True).distinct()
    return sorted({*rows, *counted, *decided})
