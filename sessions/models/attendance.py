"""What was decided from the facts of a finished or running session."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models

from telehealth.enrollment.models import EnrollmentTerms, Patient
from telehealth.programs.models import CreditTerms

from .session import GroupSession


class AttendanceRecord(models.Model):
    """One patient's computed credit in one session, with what it was computed from."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    group_session = models.ForeignKey(
        GroupSession, on_delete=models.PROTECT, related_name="attendance_records"
    )
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="attendance_records")
    service_date = models.DateField()
    qualified_seconds = models.PositiveIntegerField()
    strict_seconds = models.PositiveIntegerField()
    credited_min = models.PositiveIntegerField()
    billable_min = models.PositiveIntegerField()
    hours_min = models.PositiveIntegerField()
    ratio = models.DecimalField(max_digits=5, decimal_places=4)
    status = models.CharField(max_length=24)
    flags = models.JSONField(default=list)
    units = models.JSONField(default=dict)
    timeline = models.JSONField(default=list)
    terms = models.ForeignKey(CreditTerms, on_delete=models.PROTECT, related_name="+")
    track_terms = models.ForeignKey(CreditTerms, on_delete=models.PROTECT, null=True, related_name="+")
    enrollment_terms = models.ForeignKey(
        EnrollmentTerms, on_delete=models.PROTECT, null=True, related_name="+"
    )
    adjusted_min = models.PositiveIntegerField(
        null=True, help_text="Credited minutes by the last correction in force; null where there is none"
    )
    adjusted_hours_min = models.PositiveIntegerField(
        null=True, help_text="What of `adjusted_min` counts toward the week; 0 for types that do not count"
    )
    chain_head = models.CharField(max_length=64, help_text="Hash of the session's last fact that was read")
    as_of = models.DateTimeField()
    is_final = models.BooleanField(default=False, help_text="The session is over and all its facts are in")
    computed_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["group_session", "patient"], name="iop_attendance_once")
        ]
        indexes: ClassVar = [models.Index(fields=["patient", "service_date"], name="iop_attendance_by_day")]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def decided_min(self) -> int:
        """Give the credited minutes that stand: computed, or else by the last correction."""
        return self.credited_min if self.adjusted_min is None else self.adjusted_min

    @property
    def decided_hours_min(self) -> int:
        """Give the minutes that stand toward the week."""
        return self.hours_min if self.adjusted_hours_min is None else self.adjusted_hours_min

    @property
    def decided_billable_min(self) -> int:
        """Give the billable minutes that stand: a correction may lower them, never raise them."""
        return min(self.billable_min, self.decided_min)
