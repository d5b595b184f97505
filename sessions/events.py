"""Signals of the session domain, sent after commit: the only outlet of this app.

Payloads are ids, states, instants and counters; never a name, an address or a note.

`room_changed(group_session_id, seq, changes)`: the wire's changes without names; `seq` numbers the last one,
the first one has `seq - len(changes) + 1`.
`connection_superseded(group_session_id, participant, connection)`: another device took the place.
`connection_released(group_session_id, participant, connection, reason)`: given up; `left` or `timeout`.
`participant_removed(group_session_id, participant, connection)`: put out by staff; `connection` may be None.
`session_ended(group_session_id, reason)`: `facilitator`, `auto_end` or `cancelled`.
`attendance_changed(group_session_id)`: the session's attendance records were computed anew.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db import transaction
from django.dispatch import Signal


class CommittedSignal(Signal):
    """A signal that speaks only of what is in the database."""

    def send_on_commit(self, **payload: Any) -> None:  # Any: each signal has the payload its table row names
        """Send once the surrounding transaction has committed.

        A failing receiver does not undo the others.
        """
        transaction.on_commit(partial(self.send_robust, sender=None, **payload))


room_changed = CommittedSignal()
connection_superseded = CommittedSignal()
connection_released = CommittedSignal()
participant_removed = CommittedSignal()
session_ended = CommittedSignal()
attendance_changed = CommittedSignal()
