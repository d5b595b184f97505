"""System checks of the session domain; ids are stable."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections

from telehealth.core.append_only import guarded_tables

LEDGER = "iop_presenceevent"


@register(Tags.database)
def ledger_is_guarded(
    app_configs: object = None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Ask that the database itself refuses changes to facts, wherever the table exists."""
    found: list[CheckMessage] = []
    for alias in databases or ():
        connection = connections[alias]
        tables = connection.introspection.table_names()
        if LEDGER in tables and LEDGER not in guarded_tables(connection):
            found.append(
                Error(
                    "The ledger of facts can be changed: its triggers are missing.",
                    hint="Restore a complete backup, or run the migrations on an empty database.",
                    id="iop.E001",
                )
            )
    return found
