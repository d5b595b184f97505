"""Check that nothing that proves attendance was changed, taken out, put in or cut off afterwards."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from sessions.selectors.ledger.facts import sessions_with_facts
from sessions.selectors.ledger.verification import Verified, verify_session
from telehealth.audit import services as audit
from telehealth.core import clock

PROGRESS_EVERY = 25


class Command(BaseCommand):
    """Walk every chain, check every signature and compute every final minute again from all facts."""

    help = (
        "Verify facts, audit trail, signatures and credited minutes; ends with an error at the first fault."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Take a session's id, if only one is meant."""
        parser.add_argument(
            "--session", type=UUID, help="id of one session; without it all of them and the audit trail"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Say what holds, or name what does not."""
        wanted: UUID | None = options["session"]
        pks = sessions_with_facts() if wanted is None else [wanted]
        faults: list[str] = []
        total = Verified()
        for number, pk in enumerate(pks, start=1):
            one = verify_session(pk, at=clock.now())
            total.facts += one.facts
            total.sign_offs += one.sign_offs
            total.records += one.records
            faults += self._named(f"session {pk}: {fault}" for fault in one.faults)
            if number % PROGRESS_EVERY == 0 and options["verbosity"] > 0:
                self.stdout.write(f"{number} of {len(pks)} sessions looked at")
        events = ""
        if wanted is None:
            trail = audit.verify()
            events = f", {trail.events} audit events"
            if not trail.holds:
                faults += self._named([f"audit trail: event {trail.broken_at_seq} does not fit"])
        if faults:
            raise CommandError(f"The ledger does not hold. The first of {len(faults)} faults: {faults[0]}")
        self.stdout.write(
            f"The ledger holds: {len(pks)} sessions, {total.facts} facts, {total.sign_offs} signatures, "
            f"{total.records} credited records{events}."
        )

    def _named(self, faults: Iterable[str]) -> list[str]:
        """Write each fault where errors go, and give them back."""
        lines = list(faults)
        for line in lines:
            self.stderr.write(line)
        return lines
