"""What went wrong on our side of the line while a session ran."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models

from .session import GroupSession


class IncidentKind(models.TextChoices):
    """What happened."""

    RELAY_DEATH = "relay_death", "The media relay stopped"
    MASS_DROP = "mass_drop", "Many people dropped at once"


class Incident(models.Model):
    """A stretch of a session in which our side failed, derived from the facts with the attendance.

    Its time leaves the ratio's denominator (`credit.md` 4.7); it never adds minutes by itself.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    group_session = models.ForeignKey(GroupSession, on_delete=models.PROTECT, related_name="incidents")
    kind = models.CharField(max_length=16, choices=IncidentKind.choices)
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(help_text="When most of those affected were back, or the session's end")
    participants = models.PositiveIntegerField(help_text="How many people it touched")
    recorded_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["group_session", "kind", "began_at"], name="iop_incident_once"),
            models.CheckConstraint(
                condition=models.Q(ended_at__gte=models.F("began_at")), name="iop_incident_ends_after_start"
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)
