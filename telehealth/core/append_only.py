"""Tables whose rows the database itself refuses to change or delete."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import ClassVar

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation, OperationCategory
from django.db.migrations.state import ProjectState

_VERBS = ("UPDATE", "DELETE")
_SUFFIX = "append_only"


def _create(connection: BaseDatabaseWrapper, table: str) -> list[str]:
    """Give the statements that guard a table; dollar quoting and RAISE need no parameters."""
    quoted = connection.ops.quote_name(table)
    if connection.vendor == "sqlite":
        return [
            f"CREATE TRIGGER {table}_{verb.lower()}_{_SUFFIX} BEFORE {verb} ON {quoted} "
            f"BEGIN SELECT RAISE(ABORT, 'append-only: {table}'); END"
            for verb in _VERBS
        ]
    function = f"{table}_{_SUFFIX}"
    return [
        f"CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION 'append-only: {table}' USING ERRCODE = 'restrict_violation'; END $$",
        *(
            f"CREATE TRIGGER {table}_{verb.lower()}_{_SUFFIX} BEFORE {verb} ON {quoted} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {function}()"
            for verb in (*_VERBS, "TRUNCATE")
        ),
    ]


def _drop(connection: BaseDatabaseWrapper, table: str) -> list[str]:
    """Give the statements that take the guard away."""
    if connection.vendor == "sqlite":
        return [f"DROP TRIGGER IF EXISTS {table}_{verb.lower()}_{_SUFFIX}" for verb in _VERBS]
    quoted = connection.ops.quote_name(table)
    return [
        *(
            f"DROP TRIGGER IF EXISTS {table}_{verb.lower()}_{_SUFFIX} ON {quoted}"
            for verb in (*_VERBS, "TRUNCATE")
        ),
        f"DROP FUNCTION IF EXISTS {table}_{_SUFFIX}()",
    ]


class AppendOnly(Operation):
    """Migration operation: from here on the table takes new rows and nothing else.

    SQLite loses triggers when Django rebuilds a table, so a later migration that alters the table repeats
    this operation after it.
    """

    reversible = True
    category: ClassVar[OperationCategory] = OperationCategory.SQL

    def __init__(self, table: str) -> None:
        self.table = table

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Leave the models alone; the guard lives in the database only."""

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Put the guard in place, replacing an earlier one."""
        for statement in (
            *_drop(schema_editor.connection, self.table),
            *_create(schema_editor.connection, self.table),
        ):
            schema_editor.execute(statement, params=None)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Take the guard away."""
        for statement in _drop(schema_editor.connection, self.table):
            schema_editor.execute(statement, params=None)

    def describe(self) -> str:
        """Say what the operation does."""
        return f"Make {self.table} append-only"


def guarded_tables(connection: BaseDatabaseWrapper) -> list[str]:
    """List the tables that are append-only in this database now."""
    if connection.vendor == "sqlite":
        query = "SELECT DISTINCT tbl_name FROM sqlite_master WHERE type = 'trigger' AND name LIKE %s"
    else:
        query = (
            "SELECT DISTINCT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
            "WHERE NOT t.tgisinternal AND t.tgname LIKE %s AND pg_table_is_visible(c.oid)"
        )
    with connection.cursor() as cursor:
        cursor.execute(query, [f"%\\_{_SUFFIX}" if connection.vendor != "sqlite" else f"%_{_SUFFIX}"])
        return sorted(row[0] for row in cursor.fetchall())


@contextmanager
def suspended(connection: BaseDatabaseWrapper, tables: Iterable[str]) -> Iterator[None]:
    """Lift the guard of some tables for retention or for the reset of a test database, and put it back."""
    names = list(tables)
    _run(connection, [statement for table in names for statement in _drop(connection, table)])
    try:
        yield
    finally:
        _run(connection, [statement for table in names for statement in _create(connection, table)])


def _run(connection: BaseDatabaseWrapper, statements: Iterable[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
