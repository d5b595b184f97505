"""Check that no stored fact was changed, taken out, put in or cut off afterwards."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from sessions.selectors.facts import broken_fact, is_cut_off, sessions_with_facts


class Command(BaseCommand):
    """Walk the hash chain of every session, or of one."""

    help = "Verify the hash chains of the presence ledger."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take a session's id, if only one is meant."""
        parser.add_argument("--session", type=UUID, help="id of one session; all of them if left out")

    def handle(self, *args: Any, **options: Any) -> None:
        """Say how many chains hold, or name the facts that do not fit."""
        wanted = options["session"]
        pks = sessions_with_facts() if wanted is None else [wanted]
        broken = 0
        for pk in pks:
            fact = broken_fact(pk)
            if fact is not None:
                self.stderr.write(f"session {pk}: fact {fact} does not fit")
            elif is_cut_off(pk):
                self.stderr.write(f"session {pk}: facts are missing at the end")
            else:
                continue
            broken += 1
        if broken:
            raise CommandError(f"{broken} of {len(pks)} chains are broken")
        self.stdout.write(f"{len(pks)} chains hold")
