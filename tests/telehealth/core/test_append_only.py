"""The database itself refuses to change what an auditor reads."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import DatabaseError, connection, transaction

from telehealth import audit
from telehealth.audit.models import AuditEvent
from telehealth.core.append_only import guarded_tables, suspended

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TABLE = "audit_auditevent"


@pytest.fixture
def event(db: None) -> AuditEvent:
    return audit.record(audit.AuditAction.LOGGED_IN, actor=None, subject=None, at=AT)


def test_an_event_cannot_be_changed(event: AuditEvent) -> None:
    with pytest.raises(DatabaseError), transaction.atomic():
        AuditEvent.objects.filter(pk=event.pk).update(action="account.logged_out")
    event.refresh_from_db()
    assert event.action == "account.logged_in"


def test_an_event_cannot_be_deleted(event: AuditEvent) -> None:
    with pytest.raises(DatabaseError), transaction.atomic():
        event.delete()
    assert AuditEvent.objects.filter(pk=event.pk).exists()


def test_raw_statements_are_refused_too(event: AuditEvent) -> None:
    with connection.cursor() as cursor, pytest.raises(DatabaseError), transaction.atomic():
        cursor.execute(f"DELETE FROM {TABLE}")  # noqa: S608 - a constant
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor, pytest.raises(DatabaseError), transaction.atomic():
            cursor.execute(f"TRUNCATE {TABLE}")


def test_an_event_cannot_be_replaced(event: AuditEvent) -> None:
    # REPLACE is SQLite's; PostgreSQL's ON CONFLICT is an update.
    replace = (
        f"REPLACE INTO {TABLE} SELECT * FROM {TABLE}"  # noqa: S608 - a constant
        if connection.vendor == "sqlite"
        else f"INSERT INTO {TABLE} SELECT * FROM {TABLE} ON CONFLICT (id) DO UPDATE SET action = 'x'"  # noqa: S608
    )
    with (
        connection.cursor() as cursor,
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
    ):
        cursor.execute(replace)
    assert AuditEvent.objects.filter(pk=event.pk, action=event.action).exists()


def test_the_guard_can_be_lifted_for_retention_and_comes_back(event: AuditEvent) -> None:
    with suspended(connection, [TABLE]):
        AuditEvent.objects.all().delete()
    assert not AuditEvent.objects.exists()
    later = audit.record(audit.AuditAction.LOGGED_IN, actor=None, subject=None, at=AT)
    with pytest.raises(DatabaseError), transaction.atomic():
        later.delete()


def test_the_guard_comes_back_after_a_failure(event: AuditEvent) -> None:
    def fail() -> None:
        with suspended(connection, [TABLE]):
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert TABLE in guarded_tables(connection)


@pytest.mark.django_db(transaction=True)
def test_a_test_database_is_emptied_between_tests_all_the_same() -> None:
    audit.record(audit.AuditAction.LOGGED_IN, actor=None, subject=None, at=AT)
    call_command("flush", interactive=False, verbosity=0)
    assert not AuditEvent.objects.exists()
    assert TABLE in guarded_tables(connection)


@pytest.mark.django_db
def test_flush_is_refused_where_evidence_lives(settings) -> None:
    settings.TESTING = settings.DEMO_MODE = False
    try:
        with pytest.raises(CommandError, match="evidence"):
            call_command("flush", interactive=False, verbosity=0)
    finally:
        settings.TESTING = True
