"""Rows that many tests with real commits begin with: written once, and brought back into emptied tables."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from django.db import connection, transaction

# A schema that no test and no emptying of tables looks into.
_SCHEMA = "kept_rows"


def keep() -> Callable[[], None]:
    """Remember every row there is; what is returned brings them back, keys and all."""
    connection.ensure_connection()
    return _keep_file() if connection.vendor == "sqlite" else _keep_tables()


def _keep_file() -> Callable[[], None]:
    copy = sqlite3.connect(":memory:")
    connection.connection.backup(copy)

    def bring_back() -> None:
        connection.ensure_connection()
        copy.backup(connection.connection)

    return bring_back


def _keep_tables() -> Callable[[], None]:
    # Those that are emptied after a test, and no others.
    names = [connection.ops.quote_name(name) for name in connection.introspection.django_table_names(True)]
    copies = ""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP SCHEMA IF EXISTS {_SCHEMA} CASCADE; CREATE SCHEMA {_SCHEMA}")
        for name in names:
            cursor.execute(f"CREATE TABLE {_SCHEMA}.{name} AS TABLE {name}")
            if cursor.rowcount:
                copies += f"INSERT INTO {name} SELECT * FROM {_SCHEMA}.{name};"  # noqa: S608

    def bring_back() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            # Rows refer to each other in both directions, and what has been decided is not decided again.
            cursor.execute(f"SET LOCAL session_replication_role = replica; {copies}")

    return bring_back
