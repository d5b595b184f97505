"""Who is expected in a session."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from sessions.querysets import RosterQuerySet
from telehealth.enrollment.models import Patient

from .session import GroupSession


class RosterEntry(models.Model):
    """One patient on one session's roster; taken off by a date, never deleted."""

    group_session = models.ForeignKey(GroupSession, on_delete=models.PROTECT, related_name="roster")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="roster_entries")
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True)
    makes_up = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="made_up_by",
        help_text="The missed place that this one replaces; credit stays where it was earned",
    )

    objects = RosterQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["group_session", "patient"], name="iop_roster_patient_once")
        ]

    def __str__(self) -> str:
        return str(self.pk)
