"""The audit trail: one chain, verified from its beginning to its head."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest
from django.db import connection, transaction

from telehealth import audit
from telehealth.accounts.models import User
from telehealth.accounts.roles import Role
from telehealth.audit.models import AuditEvent, AuditHead
from telehealth.core.append_only import suspended

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TABLE = "audit_auditevent"


def write(count: int) -> list[AuditEvent]:
    return [
        audit.record(audit.AuditAction.SESSION_OPENED, actor=None, subject=None, at=AT, data={"n": n})
        for n in range(count)
    ]


@pytest.mark.django_db
def test_events_follow_each_other_in_one_chain() -> None:
    first, second = write(2)
    assert (first.seq, second.seq) == (1, 2)
    assert second.prev_hash == first.row_hash
    assert audit.verify().holds


@pytest.mark.django_db
def test_an_event_says_who_what_to_what_and_when() -> None:
    user = User.objects.create_user("a@example.org", None, role=Role.AUDITOR, given_name="A", family_name="B")
    event = audit.record(audit.AuditAction.LOGGED_IN, actor=user, subject=user, at=AT)
    event.refresh_from_db()
    assert (event.actor, event.subject_type, event.subject_id, event.at) == (
        user,
        "accounts.user",
        str(user.pk),
        AT,
    )


@pytest.mark.django_db
def test_an_edit_is_found() -> None:
    events = write(4)
    with suspended(connection, [TABLE]):
        AuditEvent.objects.filter(pk=events[2].pk).update(data={"n": 99})
    report = audit.verify()
    assert (report.holds, report.broken_at_seq) == (False, 3)


@pytest.mark.django_db
def test_a_missing_event_is_found() -> None:
    events = write(4)
    with suspended(connection, [TABLE]):
        events[1].delete()
    assert audit.verify().broken_at_seq == 2


@pytest.mark.django_db
def test_a_chain_cut_off_at_its_end_is_found() -> None:
    events = write(4)
    with suspended(connection, [TABLE]):
        events[3].delete()
    assert audit.verify().broken_at_seq == 4


@pytest.mark.django_db
def test_an_action_outside_the_vocabulary_is_refused() -> None:
    with pytest.raises(ValueError, match="not a valid"):
        audit.record("session.invented", actor=None, subject=None, at=AT)


@pytest.mark.django_db
def test_an_event_of_a_transaction_that_fails_leaves_no_gap() -> None:
    write(1)

    def fail() -> None:
        with transaction.atomic():
            write(1)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    write(1)
    assert AuditHead.objects.get().seq == 2
    assert audit.verify().holds


@pytest.mark.django_db(transaction=True)
def test_writers_at_the_same_time_form_one_chain() -> None:
    def work() -> None:
        write(5)
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    report = audit.verify()
    assert (report.holds, report.events) == (True, 15)
