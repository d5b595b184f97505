"""What all planning shares: nobody is in two sessions at one time, and breaks are spelled one way."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sessions.models import GroupSession, RosterEntry
from sessions.selectors.room import stamp
from telehealth.core.errors import Conflict

Span = tuple[datetime, datetime]


def refuse_overlap(
    *,
    start: datetime,
    end: datetime,
    facilitator_id: UUID | None,
    patient_ids: Collection[UUID],
    besides: GroupSession | None = None,
) -> None:
    """Raise `Conflict` if the facilitator or one of the patients is expected elsewhere in that time.

    Two queries.

    Without `facilitator_id` only the patients are asked about. Sessions of every program count: a person
    cannot be in two of them either.
    """
    others = GroupSession.objects.standing().overlapping(start, end)
    if besides is not None:
        others = others.exclude(pk=besides.pk)
    clash = (
        others.filter(facilitator=facilitator_id).select_related("program").first()
        if facilitator_id
        else None
    )
    if clash is not None:
        raise Conflict("facilitator_busy", f"The facilitator leads another session then{_when(clash)}.")
    busy = (
        RosterEntry.objects.current()
        .filter(patient__in=list(patient_ids), group_session__in=others)
        .select_related("group_session__program")
        .order_by("group_session__scheduled_start")
        .first()
    )
    if busy is not None:
        raise Conflict(
            "patient_busy", f"A patient on the roster has another session then{_when(busy.group_session)}."
        )


def stored_breaks(breaks: Sequence[Span]) -> list[list[str | None]]:
    """Spell planned breaks as the row keeps them."""
    return [[stamp(start), stamp(end)] for start, end in breaks]


def _when(group_session: GroupSession) -> str:
    local = group_session.scheduled_start.astimezone(group_session.program.zone)
    return f" (it starts on {local:%Y-%m-%d} at {local:%H:%M})"
