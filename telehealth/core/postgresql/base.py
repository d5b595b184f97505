"""The database behind `DATABASE_URL`. Django loads `DatabaseWrapper` from here by the setting `ENGINE`."""

from __future__ import annotations

import select

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    """Look at a kept connection before it is used again, without asking the server.

    Django asks `SELECT 1` before the first query of each page and of each visit of a socket to its thread:
    one query of five, when everybody comes at nine. A server that ends a connection says so on it, so one
    with nothing to read is alive as far as anybody can tell; only of the others is the server asked.
    """

    def close_if_health_check_failed(self) -> None:
        """Let go of a connection that the server has ended."""
        if self.connection is None or not _is_quiet(self.connection.fileno()):
            super().close_if_health_check_failed()


def _is_quiet(socket: int) -> bool:
    poll = select.poll()
    poll.register(socket, select.POLLIN | select.POLLPRI)
    return not poll.poll(0)
