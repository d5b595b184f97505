"""A patient and the dated facts of the episode of care."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models

from telehealth.programs.models import Program


class EnrollmentState(models.TextChoices):
    """Where an episode stands (the part of domain.md 7 that exists so far)."""

    PENDING = "PENDING", "Not yet admitted"
    ACTIVE = "ACTIVE", "Active"
    TAPER = "TAPER", "Taper"
    ON_HOLD = "ON_HOLD", "On hold"
    DISCHARGED = "DISCHARGED", "Discharged"

    @property
    def is_in_treatment(self) -> bool:
        """Say whether sessions may be joined in this state (domain.md 4.5)."""
        return self in (EnrollmentState.ACTIVE, EnrollmentState.TAPER)


class Patient(models.Model):
    """A person in treatment. The id is opaque and is the patient id of evidence files."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="patient")
    record_number = models.CharField(max_length=40, unique=True)

    def __str__(self) -> str:
        return str(self.pk)


class Enrollment(models.Model):
    """One episode of care of one patient in one program."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="enrollments")
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="enrollments")
    state = models.CharField(max_length=12, choices=EnrollmentState.choices, default=EnrollmentState.PENDING)
    admitted_on = models.DateField()
    discharged_on = models.DateField(null=True, blank=True)
    primary_therapist = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["patient", "program"],
                condition=~models.Q(state=EnrollmentState.DISCHARGED),
                name="enrollment_one_open_episode",
            )
        ]

    def __str__(self) -> str:
        return str(self.pk)


class WeeklyTarget(models.Model):
    """Minutes a week the plan prescribes from a date on; rows are added, never edited."""

    enrollment = models.ForeignKey(Enrollment, on_delete=models.PROTECT, related_name="targets")
    effective_on = models.DateField()
    minutes = models.PositiveIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["enrollment", "effective_on"], name="enrollment_target_once_a_day")
        ]

    def __str__(self) -> str:
        return str(self.pk)
