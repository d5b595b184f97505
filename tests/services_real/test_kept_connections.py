"""A connection to the database that was kept is used again, and replaced once the server has ended it."""

from __future__ import annotations

import select

import pytest
from django.db import connection, connections


def ask() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 42")
        return int(cursor.fetchone()[0])


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_a_kept_connection_is_replaced_once_the_server_has_ended_it() -> None:
    if connection.vendor != "postgresql":
        return  # a file has nobody who could end it
    connection.close()
    connection.connect()
    connection.health_check_enabled = True
    kept = connection.connection
    connection.health_check_done = False  # as at the next page
    assert ask() == 42
    assert connection.connection is kept
    another = connections.create_connection("default")
    with another.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [kept.info.backend_pid])
    another.close()
    assert select.select([kept.fileno()], [], [], 10)[0], "the server said nothing"
    connection.health_check_done = False
    assert ask() == 42
    assert connection.connection is not kept
