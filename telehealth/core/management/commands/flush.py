"""Django's `flush`, which knows about append-only tables and refuses a database that is in use."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.core.management.commands.flush import Command as DjangoFlush
from django.db import connections

from telehealth.core.append_only import guarded_tables, suspended


class Command(DjangoFlush):
    """Empty every table of the demo's or of a test's database."""

    def handle(self, **options: Any) -> None:  # Django's signature
        """Lift the guards for as long as it takes."""
        if not (settings.TESTING or settings.DEMO_MODE):
            raise CommandError("flush deletes evidence; only a demo or a test may do that")
        connection = connections[options["database"]]
        with suspended(connection, guarded_tables(connection)):
            super().handle(**options)
