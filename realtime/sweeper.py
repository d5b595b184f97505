"""What has to happen because time passes: leases lapse, bridges end, rooms lose their last facilitator."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from channels.db import database_sync_to_async
from django.db import DatabaseError

from realtime.comparison import Comparison
from realtime.desk import RelayDesk
from realtime.ingest import LiveMedia
from realtime.presence import PRESENCE_ERRORS, PresenceStore, Seen
from sessions.selectors.room import HeldConnection, held_connections, locked_rooms
from sessions.services import room as services
from sessions.services.recording import attendance
from sessions.services.signing import signoff
from telehealth.core.errors import DomainError

logger = logging.getLogger(__name__)

EVERY_SECONDS = 1.0
# A week ends once: whether one has is asked this often, not every second.
LOCK_EVERY_SECONDS = 60.0
# After a start the leases of a process that died are gone, and after an outage those of a presence store that
# keeps nothing; browsers get this long to come back first.
GRACE_SECONDS = 30.0


class Sweeper:
    """Do the due work once a second. Rows are the truth: each step may run twice or late."""

    def __init__(
        self,
        *,
        presence: PresenceStore,
        desk: RelayDesk,
        live: LiveMedia,
        now: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
        grace_seconds: float = GRACE_SECONDS,
    ) -> None:
        self._presence = presence
        self._desk = desk
        self._comparison = Comparison(desk)
        self._live = live
        self._now = now
        self._monotonic = monotonic
        self._grace_seconds = grace_seconds
        self._trusts_leases_at = monotonic() + grace_seconds
        self._locks_at = monotonic()
        self._failing: dict[UUID, datetime] = {}
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """Sweep soon: something may be due that need not wait for its second."""
        self._wake.set()

    async def run(self) -> None:
        """Sweep until cancelled, every second or when woken; what fails is tried again a second later."""
        while True:
            try:
                await self.once()
            except (DatabaseError, DomainError) as error:
                logger.warning("sweep.failed", extra={"cause": type(error).__name__})
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(EVERY_SECONDS):
                    await self._wake.wait()
            self._wake.clear()

    async def once(self) -> None:
        """Do everything that is due now."""
        # Listed before the seats are read: whoever is listed had a seat by then, or has none any more.
        live = list(self._live)
        held = await database_sync_to_async(held_connections)()
        self._close_strays(live, held)
        self._comparison.look(held, await database_sync_to_async(locked_rooms)())
        seen = await self._trusted_leases(held)
        if seen is not None:
            await self._follow_leases(held, seen)
            await database_sync_to_async(services.sweep_lapsed)(at=self._now())
        await database_sync_to_async(_sweep)(self._now(), self._failing)
        if self._monotonic() >= self._locks_at:
            self._locks_at = self._monotonic() + LOCK_EVERY_SECONDS
            await database_sync_to_async(signoff.lock_closed_weeks)(self._now())

    async def _trusted_leases(self, held: list[HeldConnection]) -> dict[str, Seen] | None:
        """Say who has been seen, or nothing while that is not known: then nobody is given up as lost."""
        try:
            seen = await self._presence.seen(str(each.connection) for each in held)
        except PRESENCE_ERRORS as error:
            logger.warning("sweep.leases_unknown", extra={"cause": type(error).__name__})
            self._trusts_leases_at = self._monotonic() + self._grace_seconds
            return None
        return seen if self._monotonic() >= self._trusts_leases_at else None

    async def _follow_leases(self, held: list[HeldConnection], seen: dict[str, Seen]) -> None:
        for each in held:
            move = _due_move(each, seen[str(each.connection)])
            if move is not None:
                await database_sync_to_async(move)(
                    group_session_id=each.group_session_id,
                    participant=each.participant,
                    connection=each.connection,
                    at=self._now(),
                )

    def _close_strays(self, live: list[str], held: list[HeldConnection]) -> None:
        """Close media without a seat: what should have closed it got lost with its process."""
        seated = {str(each.connection) for each in held}
        for connection in set(live) - seated:
            self._live.pop(connection, None)
            self._desk.close(connection, "superseded")


def _due_move(held: HeldConnection, seen: Seen) -> Callable[..., bool] | None:
    if held.state == "WAITING":
        return None if seen.at_all else services.mark_left
    if held.state == "IN_ROOM":
        return None if seen.at_all else services.mark_reconnecting
    if held.state == "RECONNECTING" and seen.at_all and held.media_state != "LOST":
        return services.mark_back
    return None


def _sweep(at: datetime, failing: dict[UUID, datetime]) -> None:
    services.end_abandoned(at=at)
    attendance.recompute_due(at=at, failing=failing)
