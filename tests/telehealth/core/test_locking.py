"""lock() orders writers on either database."""

from __future__ import annotations

import threading
import uuid

import pytest
from django.db import close_old_connections, connection, transaction
from django.db.transaction import TransactionManagementError

from telehealth.accounts.models import User
from telehealth.accounts.roles import Role
from telehealth.core.errors import NotFound
from telehealth.core.locking import lock


def account() -> User:
    return User.objects.create_user("a@example.org", None, role=Role.PATIENT, given_name="0", family_name="B")


@pytest.mark.django_db
def test_a_missing_row_is_not_found() -> None:
    with transaction.atomic(), pytest.raises(NotFound):
        lock(User, uuid.uuid4())


@pytest.mark.django_db
def test_a_row_outside_the_given_rows_is_not_found() -> None:
    user = account()
    with transaction.atomic(), pytest.raises(NotFound):
        lock(User.objects.filter(role=Role.AUDITOR), user.pk)


@pytest.mark.django_db(transaction=True)
def test_it_needs_a_transaction() -> None:
    user = account()
    with pytest.raises(TransactionManagementError):
        lock(User, user.pk)


@pytest.mark.django_db(transaction=True)
def test_no_count_is_lost_between_writers() -> None:
    user = account()
    writers, rounds = 4, 5

    def count_up() -> None:
        for _ in range(rounds):
            with transaction.atomic():
                row = lock(User, user.pk)
                row.given_name = str(int(row.given_name) + 1)
                row.save(update_fields=["given_name"])
        close_old_connections()
        connection.close()

    threads = [threading.Thread(target=count_up) for _ in range(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    user.refresh_from_db()
    assert user.given_name == str(writers * rounds)
