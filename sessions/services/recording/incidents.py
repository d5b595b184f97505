"""Keep the incidents of a session as the facts tell them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sessions.models import GroupSession, Incident
from sessions.rules.presence.incidents import Incident as Found
from telehealth.audit import services as audit
from telehealth.audit.actions import AuditAction


def store_incidents(group_session: GroupSession, found: Iterable[Found], *, at: datetime) -> list[Incident]:
    """Bring a session's incidents to what was found now; the caller holds its row.

    One that goes on or is known better keeps its row; a new one is audited, once. Facts that came late may
    also show that one was none.
    """
    stored = list(Incident.objects.filter(group_session=group_session).order_by("began_at"))
    kept = []
    for one in found:
        known = next((row for row in stored if row.kind == one.kind and _touch(row, one)), None)
        if known is None:
            kept.append(_record(group_session, one, at=at))
            continue
        stored.remove(known)
        values = (one.began_at, one.ended_at, len(one.participants))
        if (known.began_at, known.ended_at, known.participants) != values:
            known.began_at, known.ended_at, known.participants = values
            known.save(update_fields=["began_at", "ended_at", "participants"])
        kept.append(known)
    if stored:
        Incident.objects.filter(pk__in=[row.pk for row in stored]).delete()
    return kept


def _record(group_session: GroupSession, one: Found, *, at: datetime) -> Incident:
    row = Incident.objects.create(
        group_session=group_session,
        kind=one.kind.value,
        began_at=one.began_at,
        ended_at=one.ended_at,
        participants=len(one.participants),
        recorded_at=at,
    )
    audit.record(
        AuditAction.INCIDENT_RECORDED,
        actor=None,
        subject=group_session,
        at=at,
        data={
            "incident": str(row.pk),
            "kind": one.kind.value,
            "began_at": one.began_at.isoformat(),
            "participants": sorted(one.participants),
        },
    )
    return row


def _touch(row: Incident, one: Found) -> bool:
    return row.began_at <= one.ended_at and one.began_at <= row.ended_at
