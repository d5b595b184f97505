"""The audit trail: append-only events in one hash chain."""

from __future__ import annotations

from datetime import UTC
from typing import ClassVar

from django.conf import settings
from django.db import models

from telehealth.core.hashchain import GENESIS, Link

from .actions import AuditAction


class AuditEvent(models.Model):
    """One thing that happened: who, what, to what, when. Ids only; the database refuses UPDATE and DELETE."""

    seq = models.PositiveBigIntegerField(unique=True)
    at = models.DateTimeField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    action = models.CharField(max_length=60, choices=AuditAction.choices)
    subject_type = models.CharField(max_length=60, blank=True)
    subject_id = models.CharField(max_length=64, blank=True)
    data = models.JSONField(default=dict)
    request_id = models.CharField(max_length=32, blank=True)
    prev_hash = models.CharField(max_length=64)
    row_hash = models.CharField(max_length=64)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["subject_type", "subject_id"], name="audit_event_by_subject"),
            models.Index(fields=["actor", "at"], name="audit_event_by_actor"),
        ]

    def __str__(self) -> str:
        return f"{self.seq} {self.action}"

    def payload(self) -> dict[str, object]:
        """Give the content the hash covers."""
        return {
            "seq": self.seq,
            "at": self.at.astimezone(UTC).isoformat(),
            "actor": str(self.actor_id) if self.actor_id else None,
            "action": str(self.action),
            "subject_type": self.subject_type,
            "subject_id": self.subject_id,
            "data": self.data,
            "request_id": self.request_id,
        }

    def link(self) -> Link:
        """Give the row as a link of the chain."""
        return Link(payload=self.payload(), prev_hash=self.prev_hash, row_hash=self.row_hash)


class AuditHead(models.Model):
    """The end of the chain: one row, locked while the next event is written."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    seq = models.PositiveBigIntegerField(default=0)
    row_hash = models.CharField(max_length=64, default=GENESIS)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(id=1), name="audit_head_is_one_row")
        ]

    def __str__(self) -> str:
        return str(self.seq)
