"""The one path by which a relay's journals reach the ledger: read after the cursor, insert, acknowledge.

The cursor moves in the transaction that inserts: a crash anywhere repeats a page and never loses or doubles a
fact. Only what is in the database is acknowledged, and only then may the relay delete it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime

from channels.db import database_sync_to_async
from django.db import DatabaseError

from realtime.presence import PRESENCE_ERRORS, PresenceStore
from realtime.relay_link import LinkUp, Relay, RelayNews, RelayRefusedError, RelayUnavailableError
from realtime.wire import relay as control
from realtime.wire.facts import FactsPage, Journal, JournalFact
from sessions.services.recording import facts as ledger

logger = logging.getLogger(__name__)

EVERY_SECONDS = 1.0
# A beat comes every 5 s and silence is noticed after 10 s; later than that the lease lapses by itself.
MEDIA_LEASE_SECONDS = 15.0

LiveMedia = dict[str, str]


class Ingester:
    """Read one relay's journals for ever. `live` maps connections with media to their rooms.

    `settles` is called when facts of a session came in that is over: its minutes may be final now.
    """

    def __init__(
        self,
        *,
        relay: Relay,
        presence: PresenceStore,
        now: Callable[[], datetime],
        settles: Callable[[], None] = lambda: None,
        live: LiveMedia | None = None,
    ) -> None:
        self._relay = relay
        self._presence = presence
        self._now = now
        self._settles = settles
        self._wake = asyncio.Event()
        self.live: LiveMedia = {} if live is None else live
        self.is_behind = False

    async def run(self) -> None:
        """Drain the journals whenever the relay has something, and every second."""
        stop = self._relay.listen(self._hear)
        try:
            while True:
                await self.once()
                try:
                    async with asyncio.timeout(EVERY_SECONDS):
                        await self._wake.wait()
                except TimeoutError:
                    pass
                self._wake.clear()
        finally:
            stop()

    async def once(self) -> None:
        """Read everything there is; whatever fails is tried again the next time."""
        if self._relay.boot is None:
            return
        try:
            boots = await self._relay.call(control.FactsBoots(id=0))
            if isinstance(boots, control.BootsOk):
                names = [journal.boot for journal in boots.boots]
                await database_sync_to_async(ledger.expect_boots)(names, at=self._now())
                # Dead boots first: what closed there comes before what a new boot opened.
                for journal in sorted(boots.boots, key=lambda each: each.current):
                    await self._drain(journal)
            self.is_behind = False
        except (RelayUnavailableError, RelayRefusedError, DatabaseError, ledger.FactGap) as error:
            self.is_behind = True
            logger.warning("ingest.failed", extra={"cause": type(error).__name__})

    async def _drain(self, journal: Journal) -> None:
        after = await database_sync_to_async(ledger.cursor_of)(journal.boot)
        while True:
            page = await self._relay.call(control.FactsRead(id=0, boot=journal.boot, after=after))
            if not isinstance(page, FactsPage):
                return
            is_full = len(page.facts) >= control.MAX_FACTS_PER_PAGE
            result = await database_sync_to_async(ledger.ingest_facts)(
                boot=journal.boot,
                facts=page.facts,
                as_of=_as_of(page, is_full=is_full),
                at=self._now(),
                is_last=not journal.current and not is_full,
            )
            if result.unknown_rooms or result.unreadable:
                logger.warning(
                    "ingest.passed_over",
                    extra={"unknown_rooms": result.unknown_rooms, "unreadable": result.unreadable},
                )
            if result.is_of_ended:
                self._settles()
            await self._follow(page.facts)
            if page.facts or not journal.current:
                await self._relay.call(control.FactsAck(id=0, boot=journal.boot, upto=result.seq))
            if not is_full:
                return
            after = result.seq

    async def _follow(self, facts: list[JournalFact]) -> None:
        """Keep the leases where they can be kept: facts come first, and never wait for the presence store."""
        try:
            await self._see(facts)
        except PRESENCE_ERRORS as error:
            logger.warning("ingest.leases_not_renewed", extra={"cause": type(error).__name__})

    async def _see(self, facts: list[JournalFact]) -> None:
        """Let facts renew the media leases of the connections they speak of."""
        now = self._now()
        spoken = [fact for fact in facts if fact.data.get("track") is None]
        for fact in spoken:
            if fact.kind in ("silent", "closed"):
                self.live.pop(fact.connection, None)
            else:
                self.live[fact.connection] = fact.room
        for fact in spoken:
            if fact.kind in ("silent", "closed"):
                await self._presence.drop(fact.connection, "media")
            else:
                left = MEDIA_LEASE_SECONDS - (now - _last_packet(fact)).total_seconds()
                if left > 0:
                    await self._presence.renew(fact.connection, "media", left)

    def _hear(self, news: RelayNews) -> None:
        if isinstance(news, control.FactsEvent | LinkUp):
            self._wake.set()


def _as_of(page: FactsPage, *, is_full: bool) -> datetime:
    """Say up to when the journal is complete after this page; a full page may have a successor."""
    return min(fact.at for fact in page.facts) if is_full else page.as_of


def _last_packet(fact: JournalFact) -> datetime:
    stated = fact.data.get("last_packet_at")
    try:
        return datetime.fromisoformat(stated) if isinstance(stated, str) else fact.at
    except ValueError:
        return fact.at
