"""Write and verify the audit trail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import models, transaction

from telehealth.core import hashchain, logs
from telehealth.core.errors import NotFound
from telehealth.core.locking import lock

from .actions import AuditAction
from .models import AuditEvent, AuditHead

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser


def record(
    action: AuditAction,
    *,
    actor: AbstractBaseUser | None,
    subject: models.Model | None,
    at: datetime,
    data: Mapping[str, object] | None = None,
) -> AuditEvent:
    """Append one event; inside the caller's transaction if there is one, last in it.

    `data` holds ids, numbers and closed words only. The head's lock is kept until the transaction ends.
    """
    # No savepoint: who goes on without the event it could not write must not commit either.
    with transaction.atomic(savepoint=False):
        head = _lock_head()
        event = AuditEvent(
            seq=head.seq + 1,
            at=at,
            actor_id=actor.pk if actor is not None else None,
            action=AuditAction(action),
            subject_type=subject._meta.label_lower if subject is not None else "",
            subject_id=str(subject.pk) if subject is not None else "",
            data=dict(data or {}),
            request_id=logs.request_id.get(),
            prev_hash=head.row_hash,
        )
        event.row_hash = hashchain.row_hash(event.prev_hash, event.payload())
        event.save(force_insert=True)
        head.seq, head.row_hash = event.seq, event.row_hash
        head.save(update_fields=["seq", "row_hash"])
    return event


def _lock_head() -> AuditHead:
    """Hold the end of the chain, made by the first event there is."""
    try:
        return lock(AuditHead, 1)
    except NotFound:
        AuditHead.objects.get_or_create(pk=1)
        return lock(AuditHead, 1)


def has_recorded(
    action: AuditAction, *, actor: AbstractBaseUser, since: datetime, subject_id: str = ""
) -> bool:
    """Say whether an account did this after an instant; one query."""
    rows = AuditEvent.objects.filter(actor=actor.pk, at__gt=since, action=AuditAction(action))
    return rows.filter(subject_id=subject_id).exists()


@dataclass(frozen=True, slots=True)
class ChainReport:
    """What a walk over the whole chain found."""

    events: int
    broken_at_seq: int | None

    @property
    def holds(self) -> bool:
        """Say whether nothing was changed, taken out or cut off."""
        return self.broken_at_seq is None


def verify() -> ChainReport:
    """Walk the chain from its beginning to its recorded head. Reads every event."""
    head = AuditHead.objects.filter(pk=1).first() or AuditHead()
    expected, seq = hashchain.GENESIS, 0
    for event in AuditEvent.objects.order_by("seq").iterator():
        seq += 1
        if event.seq != seq or hashchain.verify([event.link()], start=expected) is not None:
            return ChainReport(events=seq, broken_at_seq=seq)
        expected = event.row_hash
    cut_off = head.seq != seq or head.row_hash != expected
    return ChainReport(events=seq, broken_at_seq=seq + 1 if cut_off else None)


def record_denial(
    *,
    actor: AbstractBaseUser | None,
    reason: str,
    at: datetime,
    where: str,
    ids: Mapping[str, str] | None = None,
) -> AuditEvent:
    """Append that somebody was refused: where (route or message), on which ids, for which reason."""
    return record(
        AuditAction.ACCESS_DENIED,
        actor=actor,
        subject=None,
        at=at,
        data={"reason": reason, "where": where, "ids": dict(ids or {})},
    )
