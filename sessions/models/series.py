"""A weekly series by wall-clock rule, from which sessions are generated."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models

from telehealth.enrollment.models import Patient
from telehealth.programs.models import Program, Track

from .session import ServiceType


class SessionSeries(models.Model):
    """The rule: which weekdays, what local time in the program's zone, how long, which breaks."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="series")
    track = models.ForeignKey(Track, on_delete=models.PROTECT, null=True, blank=True, related_name="series")
    title = models.CharField(max_length=120)
    service_type = models.CharField(
        max_length=40, choices=ServiceType.choices, default=ServiceType.GROUP_THERAPY
    )
    facilitator = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    weekdays = models.JSONField(help_text="List of 0 (Monday) to 6 (Sunday)")
    starts_at = models.TimeField(help_text="Wall-clock start in the program's zone")
    duration_min = models.PositiveIntegerField()
    breaks = models.JSONField(
        default=list, help_text="Planned breaks: [[minutes after start, length in minutes]]"
    )
    starts_on = models.DateField()
    until_on = models.DateField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.pk)


class SeriesMember(models.Model):
    """A patient whom new sessions of a series list on their roster."""

    series = models.ForeignKey(SessionSeries, on_delete=models.PROTECT, related_name="members")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["series", "patient"], name="iop_series_member_once")
        ]

    def __str__(self) -> str:
        return str(self.pk)
