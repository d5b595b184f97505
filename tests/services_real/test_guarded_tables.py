"""What an auditor reads is append-only on either database."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction

from telehealth.core.append_only import guarded_tables

pytestmark = pytest.mark.django_db
# A table without its guard lets evidence be edited: taking one off this list is a decision, not a repair.
MUST_BE_GUARDED = {
    "audit_auditevent",
    "enrollment_consentdocument",
    "enrollment_consentrevocation",
    "enrollment_consentsignature",
    "enrollment_weeklytarget",
    "iop_presenceevent",
    "programs_creditterms",
}


def test_the_evidence_is_guarded() -> None:
    assert set(guarded_tables(connection)) >= MUST_BE_GUARDED


def test_every_guarded_table_has_a_guard_for_each_verb() -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT tbl_name, name FROM sqlite_master WHERE type = 'trigger'")
        else:
            cursor.execute(
                "SELECT c.relname, t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
                "WHERE NOT t.tgisinternal AND pg_table_is_visible(c.oid)"
            )
        found = set(cursor.fetchall())
    verbs = {"update", "delete"} | ({"truncate"} if connection.vendor == "postgresql" else set())
    wanted = {
        (table, f"{table}_{verb}_append_only") for table in guarded_tables(connection) for verb in verbs
    }
    assert wanted <= found


@pytest.mark.parametrize("table", sorted(MUST_BE_GUARDED))
def test_an_empty_update_is_refused_where_statements_are_guarded(table: str) -> None:
    if connection.vendor == "sqlite":
        # SQLite's triggers fire per row; tests/telehealth/core/test_append_only.py covers rows.
        assert table in guarded_tables(connection)
        return
    with (
        connection.cursor() as cursor,
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
    ):
        cursor.execute(f"DELETE FROM {connection.ops.quote_name(table)}")  # noqa: S608 - a constant
